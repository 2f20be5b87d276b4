"""Upgrade a database one version at a time: take one step, or walk a whole lineage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from pytest_pmd_migrations.application.known_layouts import known_layout
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.connections.statement_record import StatementRecord, recording
from pytest_pmd_migrations.errors import StepFailedError, TemporaryFolderError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import (
    LimitedRun,
    StepLimits,
    Stopped,
    release,
)
from pytest_pmd_migrations.messages.wording import error_text, wrap_text
from pytest_pmd_migrations.processes.pytest_timeout import raise_if_struck
from pytest_pmd_migrations.schema import refuse_missing_names, stored_text
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.applied.current_version import current_version, version_after
from pytest_pmd_migrations.sources.protocol import (
    Source,
    location_of,
    versions_of,
)
from pytest_pmd_migrations.sources.run import upgrade
from pytest_pmd_migrations.still_clock.clock_and_dice import begin_step

if TYPE_CHECKING:
    from pytest_pmd_migrations.application.step_error import StepErrorText

__all__ = ["EMPTY", "take_step", "walk", "walk_images"]

EMPTY = Image(b"")
"""The database that does not exist yet: what a fresh one is built from."""


def walk(
    source: Source, start: Image, *, to: int | None = None, limits: StepLimits | None = None
) -> Iterator[Step]:
    """Yield the database as it is, then after each step up to version ``to`` (default latest).

    All steps run on one private connection, as they do for a user who opens an old file.
    Raises StepFailedError when the application's runner does not arrive at the next version,
    MissingNameError when it made what needs a function or collation that no other connection has,
    TemporaryFolderError where there is no room for a copy of the database.
    """
    with closing(start.connect()) as conn:
        version = current_version(source, conn)
        step = Step(version, None, start, conn, layout=known_layout(start, conn))
        yield step
        for target in _targets(source, version, to):
            record = take_step(source, conn, target, limits=limits)
            step = step.next(target, Image.of_connection(conn), conn, record)
            refuse_missing_names(step.text, step.after.preparation)
            yield step


def walk_images(
    source: Source, start: Image, *, to: int, limits: StepLimits
) -> Iterator[tuple[int, Image]]:
    """Yield the versions of such a walk with the database at each, for whoever needs no more.

    How their pages lie is not found out. Raises what :func:`walk` raises.
    """
    with closing(start.connect()) as conn:
        version = current_version(source, conn)
        yield version, start
        for target in _targets(source, version, to):
            take_step(source, conn, target, limits=limits)
            after = Image.of_connection(conn)
            refuse_missing_names(stored_text(conn), after.preparation)
            yield target, after


def _targets(source: Source, version: int, to: int | None) -> Iterator[int]:
    """Yield the versions that come after ``version``, up to the one ``to``."""
    for target in versions_of(source):
        if target > version and (to is None or target <= to):
            yield target


def take_step(
    source: Source, conn: sqlite3.Connection, to: int, *, limits: StepLimits | None = None
) -> StatementRecord:
    """Let the application's runner bring ``conn`` to version ``to``; return what it ran there.

    Whatever the application raises is its failure, an outcome of pytest's too, which would else
    skip a test; only KeyboardInterrupt goes through.
    Raises StepFailedError when the runner raises, stops elsewhere, meets one of ``limits``, closes
    the connection, leaves a transaction open (whose changes a user would lose at close), or a file
    SQLite cannot read.
    """
    names = _names(conn) if to == versions_of(source)[0] else frozenset()
    expected = version_after(source, conn, to)
    run = LimitedRun(conn, limits or StepLimits(), to)
    begin_step(to)
    try:
        with recording(conn) as record:
            upgrade(source, conn, to, during=run.on_copy)
    except (KeyboardInterrupt, TemporaryFolderError):
        raise
    except BaseException as error:
        # What tells an error is imported where there is one, here and below.
        from pytest_pmd_migrations.application.step_error import tell_step_error

        raise_if_struck(error, f"the step to {format_version(to)}")
        statements = (*record.all_texts(), *_virtual_tables(conn))
        told = tell_step_error(
            error,
            source,
            location_of(source, to),
            unversioned=names,
            statements=statements,
        )
        raise _step_error(error, told, run, source, to) from (None if run.stopped else error)
    if run.stopped:
        # The step caught what stopped it.
        raise _stopped_error(run.stopped, source, to)
    _refuse_open(conn, to)
    _refuse_elsewhere(source, conn, to, expected)
    return record


def _refuse_elsewhere(source: Source, conn: sqlite3.Connection, to: int, expected: int) -> None:
    """Raise StepFailedError where the step to ``to`` ended at another version than ``expected``."""
    number = format_version(to)
    try:
        arrived = current_version(source, conn)
    except sqlite3.Error as error:
        raise StepFailedError(
            f"the step to {number} left a database that SQLite cannot read: {error}", version=to
        ) from error
    if arrived != expected:
        from pytest_pmd_migrations.application.runner_advice import told_by_runner, why_unmoved

        raise StepFailedError(
            f"the step to {number} ended at version {format_version(arrived)}; expected the"
            f" application's runner to apply {location_of(source, to).path.name} and to stop there"
            f"{why_unmoved(source, arrived, to)}",
            version=to,
            lines=told_by_runner(source, conn),
        )


def _step_error(
    error: BaseException, told: StepErrorText, run: LimitedRun, source: Source, to: int
) -> StepFailedError:
    """Return what to raise for an error out of a step, which may be the limit that it met."""
    if run.stopped:
        release(error)
        return _stopped_error(run.remember(told.lines, told.line), source, to)
    from pytest_pmd_migrations.application.runner_advice import advise_on_arguments

    advice = advise_on_arguments(error, source)
    return StepFailedError(
        f"the step to {format_version(to)} raised {error_text(error)}",
        version=to,
        headline=told.headline,
        lines=(*told.lines, *(("", *advice) if advice else ())),
        line=told.line,
        missing=told.missing,
    )


def _stopped_error(stopped: Stopped, source: Source, to: int) -> StepFailedError:
    """Return the error of a step that met a limit: which, on which database, and where it was."""
    head = f"{location_of(source, to).path.name} {stopped.what}"
    return StepFailedError(
        f"the step to {format_version(to)}, upgraded from {stopped.database}, met a limit; {head}",
        version=to,
        headline=head,
        lines=(
            *wrap_text(f"Upgraded from {stopped.database}. {stopped.meaning}"),
            *(("", *stopped.lines) if stopped.lines else ()),
            "",
            *wrap_text(stopped.advice),
        ),
        line=stopped.line,
    )


def _refuse_open(conn: sqlite3.Connection, to: int) -> None:
    """Raise StepFailedError where the step closed the connection or left its transaction open."""
    number = format_version(to)
    try:
        left_open = conn.in_transaction
    except sqlite3.ProgrammingError as error:
        raise StepFailedError(
            f"the step to {number} closed the connection; expected it to stay open", version=to
        ) from error
    if left_open:
        conn.rollback()
        raise StepFailedError(
            f"the step to {number} left its transaction open; expected a commit", version=to
        )


def _virtual_tables(conn: sqlite3.Connection) -> tuple[str, ...]:
    """Return the SQL of the virtual tables; none of a database that cannot be read any more."""
    try:
        text = stored_text(conn)
    except sqlite3.Error:
        return ()
    return tuple(row[3] for row in text if isinstance(row[3], str) and " VIRTUAL " in row[3])


def _names(conn: sqlite3.Connection) -> frozenset[str]:
    """Return the names of what is in a database that the first migration will run on."""
    return frozenset(str(row[1]) for row in stored_text(conn))
