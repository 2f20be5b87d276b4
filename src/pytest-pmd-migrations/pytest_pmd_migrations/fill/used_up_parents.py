"""Insert a row whose foreign key is unique where each row of the parent has its child already."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.requirements import Link, Requirements
from pytest_pmd_migrations.fill.row_search import RowSearch
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["RowInserter"]

_UNIQUE = re.compile(r"UNIQUE constraint failed: (?P<columns>.+)", re.DOTALL)


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
            reason = self._search(requirements, number)
            used_up = [one for one in _used_up(requirements, reason) if one not in above]
            # Of parents the last one stays without a child: the second gives one to the first.
            for parent in used_up * 2:
                if reason and parent in self._tables:
                    self._add_parent(self._tables[parent], above)
                    reason = self._search(requirements, number)
        except sqlite3.DatabaseError as error:
            return str(error)
        return reason

    def _add_parent(self, parent: RowTable, children: frozenset[str]) -> None:
        counting = f"SELECT count(*) FROM {quote(parent.name)}"
        (count,) = self._conn.execute(counting).fetchone()
        if not self._insert(parent, count, children):
            self.parents[parent.name] = self.parents.get(parent.name, 0) + 1

    def _search(self, requirements: Requirements, number: int) -> str:
        return RowSearch(self._conn, requirements, seed=self._seed).insert(number)


def _used_up(requirements: Requirements, reason: str) -> Iterator[str]:
    """Yield the parents, in small letters, that a row was refused for: each has its one child."""
    failed = _UNIQUE.search(reason)
    if failed is None:
        return
    named = [name.rpartition(".")[2] for name in failed["columns"].split(", ")]
    yield from (fold(link.parent) for link in requirements.links if _is_among(link, named))


def _is_among(link: Link, names: list[str]) -> bool:
    return {*map(fold, link.columns)} <= {*map(fold, names)}
