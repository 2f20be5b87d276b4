"""Ask of a step whether it works where one table has no row while others have: the check ``data``.

Prevents the accident of a step that takes a row of settings for granted: it fails, or its join
loses the rows of another table, for the user who never opened the settings. The generated rows of
a snapshot fill every table, and a fresh database fills none, so neither shows it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from sqlite3 import Connection
from typing import TYPE_CHECKING, NamedTuple

from pytest_pmd_migrations.application.generated_rows import generated_tables
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import StoredText
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.checks.tables_together import used_together
from pytest_pmd_migrations.connections.statement_record import StatementRecord
from pytest_pmd_migrations.errors import MigrationTestError, StepFailedError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.rows import (
    RowFinding,
    compare_rows,
    count_rows,
    find_strays,
    leave_out_excused,
)
from pytest_pmd_migrations.rows.evidence import evidence_width
from pytest_pmd_migrations.rows.suggested_declaration import excuse
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.name_globs import matches_any
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.applied.bookkeeping import bookkeeping_of
from pytest_pmd_migrations.sources.applied.current_version import current_version

if TYPE_CHECKING:
    from pytest_pmd_migrations.fill.emptied_table import Emptied

__all__ = ["find_needed_rows"]

_FAILS = "fails"
_ROWS = re.compile(r"\b(?:select|insert|replace|update|delete|values)\b")


def find_needed_rows(
    history: History,
    start: SnapshotName,
    version: int,
    record: StatementRecord,
    known: Collection[RowFinding],
    *,
    text: StoredText,
) -> Iterator[RowFinding]:
    """Yield what the step to ``version`` does wrong where one table of ``start`` has no row.

    Asked of each table whose rows were all generated and which the step's statements name;
    ``known`` are the findings where each table has rows, which are not repeated, and ``text`` is
    the stored text of the schema of ``start``. A step that names one table, or no rows, is not
    asked, nor is a table that a script uses with no other one: on a fresh database that one is
    empty too. Where rows go with those of another table, what goes wrong without the former alone
    is told of their table, and not of the other one.
    """
    if start.variant or start not in history.store.lock_file.snapshots:
        return
    named = _tables_used(history, version, record, text)
    if len(named) < 2:
        return
    image = history.store.image(start)
    named &= _filled_tables(image)
    if len(named) < 2:
        return
    told = {_thing(one) for one in known}
    asked = [name for name in _never_filled(history, start, version, image) if name in named]
    runs: dict[str, _EmptiedRun] = {}
    for table in asked:
        emptied = _emptied(history, start, image, table)
        if emptied is not None:
            limits = history.experiment_limits()
            found = _take(history, version, table, emptied.image, record, limits)
            new = tuple(one for one in found if _thing(one) not in told)
            runs[table] = _EmptiedRun(emptied.tables, new)
    yield from _needed_rows(start, runs)


def _needed_rows(start: SnapshotName, runs: Mapping[str, _EmptiedRun]) -> Iterator[RowFinding]:
    for table, run in runs.items():
        for one in run.found:
            if not _is_of_other_table(table, one, runs):
                yield _needing(table, start, one)


class _EmptiedRun(NamedTuple):
    """What a step did wrong that was taken without the rows of one table.

    ``emptied`` are the tables that cannot have rows where that one has none, that one among them.
    """

    emptied: frozenset[str]
    found: tuple[RowFinding, ...]


def _is_of_other_table(table: str, one: RowFinding, runs: Mapping[str, _EmptiedRun]) -> bool:
    """Return whether the very same happens already where only another table is empty.

    That one is empty wherever this one is. Of tables that are emptied with each other the first
    tells it.
    """
    order = [*runs]
    return any(
        any(_same(one, other_one) for other_one in run.found)
        and (table not in run.emptied or order.index(other) < order.index(table))
        for other, run in runs.items()
        if other != table and other in runs[table].emptied
    )


def _same(one: RowFinding, other: RowFinding) -> bool:
    """Return whether two findings tell of the same rows, or of the same error."""
    # A finding about an error names the table that was emptied, which makes no other error of it.
    is_error = one.kind == other.kind == _FAILS
    same_rows = (_thing(one), one.message) == (_thing(other), other.message)
    return one.samples == other.samples and (is_error or same_rows)


def _filled_tables(image: Image) -> frozenset[str]:
    with closing(image.connect()) as conn:
        return frozenset(name for name, count in count_rows(conn).items() if count)


def _tables_used(
    history: History, version: int, record: StatementRecord, text: StoredText
) -> frozenset[str]:
    """Return the tables of which a row may decide on a row of another one."""
    # The runner's own tables hold on a fresh database what they hold here.
    own = bookkeeping_of(history.application.source)
    named = frozenset(name for name in _tables_named(text, record) if not matches_any(name, own))
    if record.is_whole and not any(_is_about_rows(sql, named) for sql in record.all_texts()):
        return frozenset()
    if len(named) > 1 and _is_script(history, version, record, named):
        # Nothing but a statement takes a row of one table for the rows of another one.
        return named & used_together(record.all_texts(), text)
    return named


def _is_script(
    history: History, version: int, record: StatementRecord, tables: Collection[str]
) -> bool:
    """Return whether the step is a file of SQL, and nothing else names one of these tables."""
    try:
        if history.application.location(version).path.suffix != ".sql" or not record.is_whole:
            return False
        script = history.application.text(version).decode("utf-8-sig", "replace")
    except MigrationTestError:
        # The check frozen tells it.
        return False
    elsewhere = "\n".join(sql for sql in record.all_texts() if sql.strip() not in script).lower()
    return not any(_is_said(name, elsewhere) for name in tables)


def _tables_named(text: StoredText, record: StatementRecord) -> frozenset[str]:
    """Return the tables that a step's statements name, or may name.

    Views stand for what they read, and a table for what its triggers name. Where nothing is known
    of the statements, all tables are returned.
    """
    schema = [tuple(map(str, row)) for row in text if row[3] is not None]
    tables = frozenset(row[1] for row in schema if row[0] == "table")
    said = "\n".join(record.all_texts()).lower()
    if not said or not record.is_whole:
        return tables
    waiting = [row for row in schema if row[0] in ("view", "trigger")]
    reached = waiting
    while reached:
        reached = [row for row in waiting if _is_said(row[2], said)]
        waiting = [row for row in waiting if row not in reached]
        said += "".join(row[3].lower() for row in reached)
    return frozenset(name for name in tables if _is_said(name, said))


def _is_about_rows(sql: str, tables: Collection[str]) -> bool:
    """Return whether a statement may read or write rows of these tables, not the schema alone."""
    said = sql.lower()
    return bool(_ROWS.search(said)) and any(_is_said(name, said) for name in tables)


def _is_said(name: str, said: str) -> bool:
    """Return whether a name stands in a text in lower case, and not only as a part of another."""
    lower = name.lower()
    return lower in said and bool(re.search(rf"(?<!\w){re.escape(lower)}(?!\w)", said))


def _never_filled(
    history: History, start: SnapshotName, version: int, image: Image
) -> tuple[str, ...]:
    """Return the tables whose rows were generated, and into which no migration puts any.

    None where the step to ``version`` cannot be taken without any row: that is told of the step.
    """
    try:
        history.fresh.image(version)
        generated = generated_tables(history, start.version, image)
        with closing(history.fresh.image(start.version).connect()) as conn:
            inserted = count_rows(conn)
    except MigrationTestError:
        # Another cell tells it.
        return ()
    return tuple(table for table in generated if not inserted.get(table))


def _emptied(history: History, start: SnapshotName, image: Image, table: str) -> Emptied | None:
    """Return the database without the rows of a table.

    None where that is impossible, or leaves it less sound than it was or at another version.
    """
    # Few steps are asked, and other runs do without what fills and empties tables.
    from pytest_pmd_migrations.fill.emptied_table import without_rows

    emptied = without_rows(image, table)
    if emptied is None:
        return None
    with closing(image.connect()) as before, closing(emptied.image.connect()) as after:
        stray = find_strays(after).since(find_strays(before))
        same_version = current_version(history.application.source, after) == start.version
    return emptied if same_version and not stray else None


def _take(
    history: History,
    version: int,
    table: str,
    before: Image,
    record: StatementRecord,
    limits: StepLimits,
) -> Iterator[RowFinding]:
    """Yield what is found where the step to ``version`` is taken without the rows of ``table``."""
    source = history.application.source

    def take(conn: Connection) -> None:
        take_step(source, conn, version, limits=limits)

    with closing(before.connect()) as conn:
        try:
            take(conn)
        except StepFailedError as error:
            said = textwrap.wrap(error.headline or str(error), evidence_width())
            message = f"fails {_without(table)}"
            yield RowFinding(table, None, message, (*said, *error.lines), kind=_FAILS)
            return
        after = Image.of_connection(conn)
    declarations = replace(history.application.declarations(version), verify=None)
    report = compare_rows(
        before,
        after,
        declarations=declarations,
        rerun=take,
        ignore=history.rules.ignore_patterns,
        volatile=history.volatile,
        statements=record.all_texts(),
        limits=limits,
    )
    left, _ = leave_out_excused(report.findings, declarations)
    yield from left


def _without(table: str) -> str:
    return f"where {table} has no row"


def _thing(finding: RowFinding) -> tuple[str, str, str]:
    return finding.kind, fold(finding.table), fold(finding.column or "")


def _needing(table: str, start: SnapshotName, found: RowFinding) -> RowFinding:
    """Return the finding as one on a step that needs rows in ``table``."""
    failed = found.kind == _FAILS
    message = found.message if failed else f"{found.message} {_without(table)}"
    origin = (
        f"tried on {start} without the rows of {table}, which were generated: a fresh database has"
        " none there. Make the step cope with that."
    )
    samples = (*found.samples, *textwrap.wrap(origin, evidence_width()))
    needs = excuse("NEEDS_ROWS", table, found=message)
    kind = found.kind if failed else f"{found.kind}: {fold(found.table)}"
    return RowFinding(
        table, found.column, message, samples, needs, kind=f"{kind} without {fold(table)}"
    )
