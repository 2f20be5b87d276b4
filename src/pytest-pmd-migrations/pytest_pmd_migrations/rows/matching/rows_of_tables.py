"""Match the rows of each table of a step with those of the table that it became, in SQL first."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_pmd_migrations.rows.matching.allowed_changes import SettledRows, settle_rows
from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping, MatchedRows, match_rows
from pytest_pmd_migrations.rows.matching.sides import Side
from pytest_pmd_migrations.rows.matching.unequal_rows import differing_rows
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["RowsOfTables"]


class RowsOfTables:
    """Matches the rows of one table after the other; of tables that became one, each row once.

    With ``count`` the rows that differ are counted.
    """

    def __init__(self, old: Side, new: Side, *, count: bool) -> None:
        self._old, self._new = old, new
        self._count = count
        self._taken: dict[str, set[int]] = {}

    def match(
        self, table: RowTable, target: str, columns: ColumnMapping, renamed: Mapping[str, str]
    ) -> MatchedRows:
        """Return what became of the rows of ``table`` in ``target``.

        ``renamed`` has the new names of all tables.
        """
        new = self._new.tables[target]
        if list(renamed.values()).count(target) < 2:
            settled = settle_rows(self._old, self._new, table, target, columns, count=self._count)
            if settled is not None:
                return self._match_unsettled(table, target, columns, settled)
            rows, others = differing_rows(self._old, self._new, table, target, columns)
            return match_rows(table, rows, new, others, columns)
        # A row of one table does not become the same row as that of another.
        taken = self._taken.setdefault(target, set())
        free = [row for row in self._new.rows(target) if id(row) not in taken]
        matched = match_rows(table, self._old.rows(fold(table.name)), new, free, columns)
        taken.update(map(id, matched.found))
        return matched

    def _match_unsettled(
        self, table: RowTable, target: str, columns: ColumnMapping, settled: SettledRows
    ) -> MatchedRows:
        new = self._new.tables[target]
        rows, others = (
            side.read(fold(one.name), where=f"{one.rowid} NOT IN ({settled.rowids})")
            for side, one in ((self._old, table), (self._new, new))
        )
        matched = match_rows(table, rows, new, others, columns)
        matched.allowed |= settled.changed
        matched.emptied |= settled.emptied
        matched.differing += settled.differing
        return matched
