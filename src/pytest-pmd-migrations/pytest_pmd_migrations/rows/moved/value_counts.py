"""Count the values of columns, to leave out the columns that cannot have those of another one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row, Side

__all__ = ["ValueCounts"]


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
            row.values[column]
            for row in rows
            if not row.deleted and column not in row.changed and column not in row.emptied
        )
        for other in tuple(others):
            if wanted <= self._count(other):
                yield other

    def _count(self, column: str) -> Counter[Value]:
        if column not in self._counted:
            rows = self._side.rows(self._table)
            self._counted[column] = Counter(row.values[column] for row in rows)
        return self._counted[column]
