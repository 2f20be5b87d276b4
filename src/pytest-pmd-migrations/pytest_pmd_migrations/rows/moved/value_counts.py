"""Count the values of columns, to leave out the columns that cannot have those of another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.values import TableColumn

__all__ = ["ValueCounts", "values_of_others"]

_IS_UNIQUE = """
    SELECT 1 FROM pragma_index_list(?, ?) AS l JOIN pragma_index_info(l.name, ?) AS i
    WHERE l."unique" AND NOT l.partial GROUP BY l.name HAVING count(*) = 1 AND max(i.name) = ?
"""


def values_of_others(
    old: Side, new: Side, table: RowTable, target: TableColumn, renamed: Mapping[str, str]
) -> Counter[Value]:
    """Return the values that other tables than ``table`` had in a column that is there now.

    They are there for themselves: a value that came to them is there once more. Not so where the
    column takes each value once, which is that of all tables then.
    """
    name, column = target
    found: Counter[Value] = Counter()
    if _takes_each_once(new, target):
        return found
    for was, other in old.tables.items():
        is_same = renamed.get(was, was) == name and was != fold(table.name)
        if is_same and column in other.names:
            kept = (row for row in old.rows(was) if not row.deleted)
            found.update(row.values[column] for row in kept if not _may_differ(row, column))
    return found


def _may_differ(row: Row, column: str) -> bool:
    """Return whether a declaration allows that a value is another one or gone."""
    return column in row.changed or column in row.emptied


def _takes_each_once(side: Side, target: TableColumn) -> bool:
    table = side.tables[target[0]]
    if tuple(map(fold, table.key)) == (target[1],):
        return True
    spelled = next((name for name in table.columns if fold(name) == target[1]), "")
    values = table.name, side.schema, side.schema, spelled
    return side.conn.execute(_IS_UNIQUE, values).fetchone() is not None


class ValueCounts:
    """How often each value is in the columns of one table, each column counted once."""

    def __init__(self, side: Side, table: str) -> None:
        self._side = side
        self._table = table
        self._counted: dict[str, Counter[Value]] = {}

    def that_may_hold(
        self, rows: Sequence[Row], column: str, others: Sequence[str]
    ) -> Iterator[str]:
        """Yield those of ``others`` that have the values of ``column`` often enough.

        Rows that may go, and values that may change, count for nothing.
        """
        if len(others) < 2:
            # To compare the one is no more work than to count it.
            yield from others
            return
        wanted = Counter(
            row.values[column] for row in rows if not row.deleted and not _may_differ(row, column)
        )
        for other in tuple(others):
            if wanted <= self._count(other):
                yield other

    def _count(self, column: str) -> Counter[Value]:
        if column not in self._counted:
            rows = self._side.rows(self._table)
            self._counted[column] = Counter(row.values[column] for row in rows)
        return self._counted[column]
