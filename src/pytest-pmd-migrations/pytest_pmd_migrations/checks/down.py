"""The check ``down``: a migration that is taken back must leave the database as it was.

Prevents the accident of a way back that nobody ever went: it fails, or takes rows with it, on the
day on which a release has to be withdrawn. Asked where ``migration_down`` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from sqlite3 import Connection
from typing import NamedTuple

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.checks.by_lineage import Lines, told_by_lineage
from pytest_pmd_migrations.checks.databases_before import DatabaseBefore, databases_before
from pytest_pmd_migrations.checks.model import Check, Finding, LineageRecord, Note, Row, Verdict
from pytest_pmd_migrations.errors import (
    IrreversibleError,
    StepFailedError,
    TemporaryFolderError,
)
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import LimitedRun
from pytest_pmd_migrations.messages.wording import error_text, headline, wrap_text
from pytest_pmd_migrations.rows import RowsReport, compare_rows, digest_tables
from pytest_pmd_migrations.schema import SchemaDiff, read_schema
from pytest_pmd_migrations.snapshots.names import FRESH
from pytest_pmd_migrations.sources.abilities import can_downgrade
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.sources.run import downgrade
from pytest_pmd_migrations.still_clock.clock_and_dice import begin_step

__all__ = ["DOWN"]

_BACK = ("taken back", "fresh")
_AGAIN = ("second time", "first time")


class _WayBack(NamedTuple):
    """One way up, back and up again: what is wrong with it in lines, and why there is no way."""

    wrong: Lines = ()
    irreversible: str = ""


def _judge(history: History, row: Row, lineages: Sequence[LineageRecord[None]]) -> Verdict:
    wrong: list[tuple[str, Lines]] = []
    reasons: list[str] = []
    for start in databases_before(history, row.version, lineages):
        found = _go(history, row.version, start)
        if found.irreversible:
            reasons.append(found.irreversible)
        elif found.wrong:
            wrong.append((start.name, found.wrong))
    if wrong:
        return Verdict((_finding(history, row, wrong),))
    if reasons:
        return Verdict(unasked=Note(row, f"irreversible: {reasons[0]}"))
    return Verdict()


def _go(history: History, version: int, start: DatabaseBefore) -> _WayBack:
    """Take a migration, take it back, and take it again; return what is wrong."""
    application, limits = history.application, history.step_limits(FRESH)
    source = application.source
    with closing(start.image.connect()) as conn:
        take_step(source, conn, version, limits=limits)
        up = Image.of_connection(conn)
        try:
            failed = _take_back(history, conn, version)
        except IrreversibleError as error:
            return _WayBack(irreversible=" ".join(str(error).split()) or "it says so")
        if failed:
            return _WayBack(failed)
        report = _compare(history, start, conn, version)
        wrong = (*_other_schema(history, conn, version), *_lost_rows(report))
        if wrong:
            return _WayBack(wrong)
        try:
            take_step(source, conn, version, limits=limits)
        except StepFailedError as error:
            return _WayBack(wrap_text(f"up again: {error}", indent="  "))
        # Rows that were lost as declared are lost the second time too.
        same_rows = not report.used
        return _WayBack(tuple(_other_second_time(history, conn, up, same_rows=same_rows)))


def _take_back(history: History, conn: Connection, version: int) -> Lines:
    """Let the runner take a migration back; return how that failed."""
    source, before = history.application.source, history.application.before(version)
    limited = LimitedRun(conn, history.step_limits(FRESH), ("down", version))
    begin_step(version)
    try:
        downgrade(source, conn, version, during=limited.on_copy)
    except (KeyboardInterrupt, TemporaryFolderError, IrreversibleError):
        raise
    except BaseException as error:
        if limited.stopped is None:
            return wrap_text(f"down raised {error_text(error)}", indent="  ")
    if limited.stopped is not None:
        return wrap_text(f"down {limited.stopped.what}. {limited.stopped.advice}", indent="  ")
    if conn.in_transaction:
        conn.rollback()
        return wrap_text("down left its transaction open; expected a commit", indent="  ")
    at = current_version(source, conn)
    if at != before:
        title = history.application.title
        reached = title(at) if at else "the beginning"
        expected = title(before) if before else "the beginning"
        return wrap_text(f"down ended at {reached}; expected {expected}", indent="  ")
    return ()


def _other_schema(history: History, conn: Connection, version: int) -> Iterator[str]:
    difference = history.difference(read_schema(conn), history.application.before(version))
    yield from (f"  {line}" for line in _told(difference, _BACK))


def _compare(history: History, start: DatabaseBefore, conn: Connection, version: int) -> RowsReport:
    """Return what became of the rows that were there before the migration."""
    source, limits = history.application.source, history.experiment_limits()

    def up_and_back(changed: Connection) -> None:
        take_step(source, changed, version, limits=limits)
        downgrade(source, changed, version)

    return compare_rows(
        start.image,
        Image.of_connection(conn),
        declarations=history.application.declarations(version),
        rerun=up_and_back,
        ignore=history.rules.ignore_patterns,
        volatile=history.volatile,
        limits=limits,
    )


def _lost_rows(report: RowsReport) -> Iterator[str]:
    for found in report.findings:
        yield f"  {found.message}"
        yield from (f"    {line}" for line in found.evidence)


def _other_second_time(
    history: History, conn: Connection, up: Image, *, same_rows: bool
) -> Iterator[str]:
    """Yield what the migration makes otherwise when it is taken again."""
    with closing(up.connect()) as first:
        difference = history.rules.difference(read_schema(conn), read_schema(first))
        yield from (f"  up again: {line}" for line in _told(difference, _AGAIN))
        volatile, ignore = history.volatile, history.rules.ignore_patterns
        then, now = (
            digest_tables(shown, volatile=volatile, ignore=ignore) for shown in (first, conn)
        )
    for table in sorted(then.keys() & now.keys()) if same_rows else ():
        if then[table] != now[table]:
            yield f"  up again: other rows in table {table} than the first time"


def _told(difference: SchemaDiff, labels: tuple[str, str]) -> Iterator[str]:
    if difference:
        # What tells a difference is imported where there is one.
        from pytest_pmd_migrations.schema.showing.lines import diff_lines

        yield from diff_lines(difference, labels=labels)


def _finding(history: History, row: Row, wrong: Sequence[tuple[str, Lines]]) -> Finding:
    name = history.application.step_name(row.version)
    lines: list[str] = list(
        wrap_text(
            "Taken up and back, a database must have the schema of a fresh one of the version"
            " before, and all rows that it had; taken up again, it must be what it was."
        )
    )
    lines.extend(told_by_lineage(wrong, indent="  "))
    lines.extend(("", *wrap_text("Mend its way down, or let it say that there is none.")))
    head = headline(f"{name} cannot be taken back")
    return Finding(head, tuple(lines), row.version, without_rows=(head,))


DOWN = Check(
    "down",
    "migration",
    None,
    _judge,
    applies=lambda history: history.rules.down and can_downgrade(history.application.source),
    reads=frozenset(("DELETES", "CHANGES", "MOVES")),
)
