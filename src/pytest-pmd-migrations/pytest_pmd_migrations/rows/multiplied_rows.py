"""Find a table each of whose rows a step has made several of: a copy run twice, a join too wide.

Equal rows may be new ones that look alike, or come from another table. So the step is taken again
on other values: only what follows them is a copy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.digests import steady_columns
from pytest_pmd_migrations.rows.evidence import cut_line, show_row
from pytest_pmd_migrations.rows.matching.exact_rows import Value, exact_rows, select_rows
from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping
from pytest_pmd_migrations.rows.matching.sides import Side
from pytest_pmd_migrations.rows.moved.repeatable_step import RepeatableStep
from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.rows.suggested_declaration import excuse
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["find_multiplied_rows"]

_Values = tuple[Value, ...]
_FIRST = "1 LIMIT 3"


def find_multiplied_rows(
    step: RepeatableStep,
    table: RowTable,
    target: str,
    columns: ColumnMapping,
    volatile: Sequence[str],
) -> Iterator[RowFinding]:
    """Yield the finding that ``target`` has each row of ``table`` several times, where it has.

    Rows count as equal in all columns but those of ``volatile`` (globs on "table.column"), and but
    a key that is new or numbers the rows. By any other old key there is each row once.
    """
    name, new = fold(table.name), step.new.tables[target]
    before = step.old.count(name)
    if table.module or new.module or step.new.count(target) < 2 * before:
        return
    numbering = _numbering_key(step, table, new, columns)
    columns = {column: into for column, into in columns.items() if column not in numbering}
    if not {*map(fold, new.key)}.isdisjoint(columns.values()):
        return
    declared = {column for _, column, _ in step.old.declared.conditions(table)}
    steady = {fold(column) for column in steady_columns(new, volatile)}
    mapped = {c: into for c, into in columns.items() if c not in declared and into in steady}
    rows = _rows(step.old, table, mapped)
    # What is in a column that goes may say how many rows there are to be: a number of pieces.
    even = not {*map(fold, table.columns)} - numbering <= mapped.keys()
    times = _times(rows, _copies(step.new, new, mapped, volatile), even=even)
    if not mapped or times < 2 or not _follows(step, table, target, mapped, volatile, rows):
        return
    often = "twice" if times == 2 else f"{times} times"
    which = "its row" if before == 1 else f"each of its {before} rows"
    message = f"{table.name} has {which} {often}"
    shown = step.old.read(name, where=_FIRST)
    samples = tuple(cut_line(f"{often}: {show_row(table, row)}") for row in shown)
    allowed_by = excuse("COPIES", table.name, found=message)
    yield RowFinding(table.name, None, message, samples, allowed_by, kind="rows multiplied")


def _numbering_key(
    step: RepeatableStep, table: RowTable, new: RowTable, columns: ColumnMapping
) -> frozenset[str]:
    """Return the one column of an old key by which SQLite numbers the rows, as it does copies."""
    if not (table.rowid and new.rowid and len(table.key) == len(new.key) == 1):
        return frozenset()
    key = fold(table.key[0])
    if columns.get(key) != fold(new.key[0]):
        return frozenset()
    other = f"{quote(table.key[0])} IS NOT {table.rowid} LIMIT 1"
    return frozenset() if any(step.old.read(fold(table.name), where=other)) else frozenset({key})


def _follows(
    step: RepeatableStep,
    table: RowTable,
    target: str,
    mapped: ColumnMapping,
    volatile: Sequence[str],
    known: Collection[_Values],
) -> bool:
    """Return whether the step makes as many of rows that it never saw."""
    stored = [column for column in table.columns if fold(column) in mapped]
    for experiment in step.try_out(table, stored):
        new = experiment.new.tables.get(target)
        if new is None or not {*mapped.values()} <= {*map(fold, new.columns + new.generated)}:
            # It goes by the values which columns it makes.
            continue
        rows = _rows(experiment.old, table, mapped)
        unseen = Counter({row: count for row, count in rows.items() if row not in known})
        if _times(unseen, _copies(experiment.new, new, mapped, volatile)) > 1:
            return True
    return False


def _times(
    rows: Mapping[_Values, int], copies: Mapping[_Values, int], *, even: bool = False
) -> int:
    """Return how many there are of each row, at least, of those that are there; 0 without any.

    Where it is to be ``even``, 0 too where there are more of one than of another.
    """
    times = {copies[row] / count for row, count in rows.items() if row in copies}
    return 0 if even and len(times) > 1 else int(min(times, default=0))


def _rows(side: Side, table: RowTable, mapped: ColumnMapping) -> Counter[_Values]:
    """Return how often a table has each row, by the values of the columns that are looked for."""
    own = {fold(column): column for column in (*table.columns, *table.generated)}
    sql = select_rows(table._replace(rowid=""), [own[c] for c in mapped], schema=side.schema)
    return Counter(exact_rows(side.conn, sql))


def _copies(
    side: Side, table: RowTable, mapped: ColumnMapping, volatile: Sequence[str]
) -> dict[_Values, int]:
    """Return how many equal rows a table has for each row of before, at most."""
    steady = [column for column in steady_columns(table, volatile) if column not in table.key]
    places = {fold(column): place for place, column in enumerate(steady)}
    wanted = [places[into] for into in mapped.values()]
    found: dict[_Values, int] = {}
    sql = select_rows(table._replace(rowid=""), steady, schema=side.schema)
    for values, count in Counter(exact_rows(side.conn, sql)).items():
        row = tuple(values[place] for place in wanted)
        found[row] = max(count, found.get(row, 0))
    return found
