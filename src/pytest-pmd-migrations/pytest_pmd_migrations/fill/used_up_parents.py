"""Insert a row whose foreign key is unique where each row of the parent has its child already."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.requirements import Requirements
from pytest_pmd_migrations.fill.row_search import RowSearch
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["RowInserter"]

_UNIQUE = "UNIQUE constraint failed"


class RowInserter:
    """Inserts generated rows into tables that have some, with another parent where that is needed.

    ``parents`` are how many rows each parent got by that.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        tables: Mapping[str, RowTable],
        read: Callable[[RowTable], Requirements],
        *,
        seed: int,
    ) -> None:
        self._conn = conn
        self._tables = tables
        self._read = read
        self._seed = str(seed)
        self.parents: dict[str, int] = {}

    def insert(self, table: RowTable, number: int) -> str:
        """Insert row ``number``; return the last reason where none is taken."""
        return self._insert(table, number, frozenset())

    def _insert(self, table: RowTable, number: int, children: frozenset[str]) -> str:
        """Insert a row; no parent is given to a table whose child waits for it."""
        above = children | {fold(table.name)}
        try:
            requirements = self._read(table)
            search = self._search(requirements)
            reason = search.insert(number)
            refused = {*map(fold, search.culprits(reason))} if _UNIQUE in reason else set()
            keys = [key for key in requirements.links if refused.issuperset(map(fold, key.columns))]
            used_up = [name for key in keys if (name := fold(key.parent)) not in above]
            # Of parents the last one stays without a child: the second gives one to the first.
            for parent in used_up * 2:
                if reason and parent in self._tables:
                    self._add_parent(self._tables[parent], above)
                    reason = self._search(requirements).insert(number)
        except sqlite3.DatabaseError as error:
            return str(error)
        return reason

    def _add_parent(self, parent: RowTable, children: frozenset[str]) -> None:
        counting = f"SELECT count(*) FROM {quote(parent.name)}"
        (count,) = self._conn.execute(counting).fetchone()
        if not self._insert(parent, count, children):
            self.parents[parent.name] = self.parents.get(parent.name, 0) + 1

    def _search(self, requirements: Requirements) -> RowSearch:
        return RowSearch(self._conn, requirements, seed=self._seed)
