"""Ask of a step whether it works where one table has no row while others have: the check ``data``.

Prevents the accident of a step that takes a row of settings for granted: it fails, or its join
loses the rows of another table, for the user who never opened the settings. The generated rows of
a snapshot fill every table, and a fresh database fills none, so neither shows it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterator
from contextlib import closing
from dataclasses import replace
from sqlite3 import Connection

from pytest_pmd_migrations.application.generated_rows import generated_tables
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import StoredText
from pytest_pmd_migrations.application.upgrade import take_step
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
from pytest_pmd_migrations.rows.evidence import evidence_width, excuse
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.values import matches_any
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.applied.bookkeeping import bookkeeping_of
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.statement_record import StatementRecord

__all__ = ["find_needed_rows"]

_FAILS = "fails"


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
    the stored text of the schema of ``start``. A step that names one table is not asked: on a fresh
    database that one is empty too.
    """
    if start.variant or start not in history.store.lock_file.snapshots:
        return
    # The runner's own tables hold on a fresh database what they hold here.
    own = bookkeeping_of(history.application.source)
    named = frozenset(name for name in _tables_named(text, record) if not matches_any(name, own))
    if len(named) < 2:
        return
    image = history.store.image(start)
    named &= _filled_tables(image)
    if len(named) < 2:
        return
    # Few steps are asked, and other runs do without what fills and empties tables.
    from pytest_pmd_migrations.fill.emptied_table import without_rows

    limits = history.experiment_limits()
    for table in _never_filled(history, start, version, image):
        emptied = without_rows(image, table) if table in named else None
        if emptied is not None and _is_possible(history, start, image, emptied):
            found = _take(history, version, table, emptied, limits)
            told = {_thing(one) for one in known}
            yield from (_needing(table, start, one) for one in found if _thing(one) not in told)


def _filled_tables(image: Image) -> frozenset[str]:
    with closing(image.connect()) as conn:
        return frozenset(name for name, count in count_rows(conn).items() if count)


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


def _is_possible(history: History, start: SnapshotName, image: Image, emptied: Image) -> bool:
    """Return whether the database is as sound as it was, and still at its version."""
    with closing(image.connect()) as before, closing(emptied.connect()) as after:
        stray = find_strays(after).since(find_strays(before))
        return not stray and current_version(history.application.source, after) == start.version


def _take(
    history: History,
    version: int,
    table: str,
    before: Image,
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
    return RowFinding(
        table, found.column, message, samples, needs, kind=f"{found.kind} without {fold(table)}"
    )
