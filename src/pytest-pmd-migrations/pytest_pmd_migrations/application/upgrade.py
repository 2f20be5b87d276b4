"""Upgrade a database one version at a time: take one step, or walk a whole lineage."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property

from pytest_pmd_migrations.application.connection_marks import Marks, connection_marks
from pytest_pmd_migrations.application.known_layouts import known_layout
from pytest_pmd_migrations.application.runner_advice import advise_on_arguments, why_unmoved
from pytest_pmd_migrations.application.step_error import StepErrorText, tell_step_error
from pytest_pmd_migrations.errors import StepFailedError, TemporaryFolderError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import (
    LimitedRun,
    StepLimits,
    Stopped,
    release,
)
from pytest_pmd_migrations.pages.database_parts import DatabaseParts, database_parts
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.pages.unchanged_rows import unchanged_rows
from pytest_pmd_migrations.schema import refuse_missing_names, stored_text
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects, text_of_objects
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.protocol import (
    Source,
    current_version,
    location_of,
    versions_of,
)
from pytest_pmd_migrations.sources.run import upgrade
from pytest_pmd_migrations.statement_record import StatementRecord, recording
from pytest_pmd_migrations.still_clock.clock_and_dice import begin_step
from pytest_pmd_migrations.struck_timeout import raise_if_struck
from pytest_pmd_migrations.wording import error_text, wrap_text

__all__ = ["EMPTY", "State", "Step", "take_step", "walk"]

State = tuple[bytes, Marks]
"""What a database says, as a digest, and what is on the connection to it."""

StoredText = tuple[tuple[object, ...], ...]
"""The rows of sqlite_schema, sorted."""

EMPTY = Image(b"")
"""The database that does not exist yet: what a fresh one is built from."""


@dataclass(frozen=True, eq=False)
class Step:
    """A database arriving at ``version``.

    ``before`` is the database one step earlier; None for the database the walk began with.
    ``conn`` shows the same as ``after`` and lives only until the walk goes on: read from it,
    never write to it and never close it. ``record`` holds the statements of the step.
    ``layout`` says where its tables lie, ``layout_before`` where they lay; None where that cannot
    be told.
    """

    version: int
    before: Image | None
    after: Image
    conn: sqlite3.Connection
    record: StatementRecord = field(default_factory=StatementRecord)
    layout: Layout | None = None
    layout_before: Layout | None = None

    @cached_property
    def text(self) -> StoredText:
        """The stored text of the schema, sorted: equal text means an equal schema.

        Read when it is first asked for, which must be before the walk goes on.
        """
        if self.layout is not None:
            return text_of_objects(self.conn, self.layout.objects)
        return stored_text(self.conn)

    @cached_property
    def changed_tables(self) -> frozenset[str] | None:
        """The names of the tables that do not hold what they held before the step.

        None where that cannot be told, and for the database the walk began with.
        """
        if self.layout is None or self.layout_before is None:
            return None
        return self.layout.changed_tables(self.layout_before)

    @property
    def unchanged_tables(self) -> frozenset[str]:
        """The names of the tables that surely hold what they held before the step."""
        if self.layout is None or self.changed_tables is None:
            return frozenset()
        return frozenset(self.layout.holdings) - self.changed_tables

    @cached_property
    def rows_unchanged(self) -> bool:
        """True only if the step changed the schema alone; False when in doubt."""
        if self.layout is None or self.layout_before is None:
            return False
        return unchanged_rows(self.layout_before, self.layout)

    @cached_property
    def state(self) -> State | None:
        """What the database says, and what is on the connection: all later steps look at these.

        Of two with an equal one, all steps make the same. None where it cannot be told. Read when
        it is first asked for, which must be before the walk goes on.
        """
        if self.parts is None or self.marks is None:
            return None
        return self.parts.digest, self.marks

    @cached_property
    def parts(self) -> DatabaseParts | None:
        """What the database says, table by table; None where it cannot be told."""
        return database_parts(self.layout) if self.layout is not None else None

    @cached_property
    def marks(self) -> Marks | None:
        """What is on the connection; None where it cannot be told. Read before the walk goes on."""
        return connection_marks(self.conn)

    @property
    def _same_text(self) -> bool:
        """Whether the step changed neither the schema nor what FTS5 keeps of it in rows."""
        changed = self.changed_tables
        return (
            changed is not None
            and self.layout is not None
            and self.layout_before is not None
            and self.layout.objects == self.layout_before.objects
            and not any(name.lower().endswith("_config") for name in changed)
        )

    def next(
        self, version: int, after: Image, conn: sqlite3.Connection, record: StatementRecord
    ) -> Step:
        """Return the step that comes after this one."""
        if self.layout is not None:
            layout = self.layout.next(after.stored, stored_objects(conn))
        else:
            layout = known_layout(after, conn)
        step = Step(version, self.after, after, conn, record, layout, self.layout)
        if step._same_text and "text" in vars(self):
            vars(step)["text"] = self.text
        return step


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
        for target in versions_of(source):
            if target <= version or (to is not None and target > to):
                continue
            record = take_step(source, conn, target, limits=limits)
            step = step.next(target, Image.of_connection(conn), conn, record)
            refuse_missing_names(step.text, step.after.preparation)
            yield step


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
    run = LimitedRun(conn, limits or StepLimits(), to)
    begin_step(to)
    try:
        with recording(conn) as record:
            upgrade(source, conn, to, during=run.on_file)
    except (KeyboardInterrupt, TemporaryFolderError):
        raise
    except BaseException as error:
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
    _refuse_elsewhere(source, conn, to)
    return record


def _refuse_elsewhere(source: Source, conn: sqlite3.Connection, to: int) -> None:
    """Raise StepFailedError where the step ended at another version than ``to``."""
    number = format_version(to)
    try:
        arrived = current_version(source, conn)
    except sqlite3.Error as error:
        raise StepFailedError(
            f"the step to {number} left a database that SQLite cannot read: {error}", version=to
        ) from error
    if arrived != to:
        raise StepFailedError(
            f"the step to {number} ended at version {format_version(arrived)}; expected the"
            f" application's runner to apply {location_of(source, to).path.name} and to stop there"
            f"{why_unmoved(source, arrived, to)}",
            version=to,
        )


def _step_error(
    error: BaseException, told: StepErrorText, run: LimitedRun, source: Source, to: int
) -> StepFailedError:
    """Return what to raise for an error out of a step, which may be the limit that it met."""
    if run.stopped:
        release(error)
        return _stopped_error(run.remember(told.lines, told.line), source, to)
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
