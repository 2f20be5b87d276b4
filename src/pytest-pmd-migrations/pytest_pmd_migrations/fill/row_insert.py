"""Insert one row, and make it differ from those before it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Collection, Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.candidate_values import Row, unlike
from pytest_pmd_migrations.fill.requirements import Requirements
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["RowInsert"]

_TRIES = 16


class RowInsert:
    """Inserts rows into one table; what is random is drawn from ``chance``.

    A row is committed, so that a deferred foreign key is judged, unless the caller has a
    transaction open.
    """

    def __init__(
        self, conn: sqlite3.Connection, requirements: Requirements, chance: random.Random
    ) -> None:
        self._conn = conn
        self._chance = chance
        self._table = quote(requirements.table)
        linked = {fold(name) for link in requirements.links for name in link.columns}
        distinct = [column.name for column in requirements.columns if column.distinct]
        self._distinct = [name for name in distinct if fold(name) not in linked]
        self._inserts: dict[tuple[str, ...], str] = {}

    def refusal(self, row: Row, kept: Collection[str] = ()) -> str:
        """Insert the row; return SQLite's reason where it does not take it.

        Values that a row before has are made others where the table takes them, as a later
        migration may make their column UNIQUE; but for the columns ``kept``.
        """
        self._conn.execute("SAVEPOINT generated")
        try:
            self._put(row)
            self._make_distinct(row, kept)
            # The end of the outermost savepoint commits.
            self._conn.execute("RELEASE generated")
        except sqlite3.DatabaseError as error:
            # A trigger that says RAISE(ROLLBACK) has ended the savepoint already.
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK TO generated")
                self._conn.execute("RELEASE generated")
            return str(error)
        return ""

    def never_null(self, names: Sequence[str]) -> list[str]:
        """Return those of the columns that are NULL in no row of the table."""
        if not names:
            return []
        terms = ", ".join(f"count(*) - count({quote(name)})" for name in names)
        counts = self._conn.execute(f"SELECT {terms} FROM {self._table}").fetchone()
        return [name for name, count in zip(names, counts, strict=True) if not count]

    def _put(self, row: Row) -> None:
        """Insert the row, which computes its columns as well; raises SQLite's error."""
        columns = tuple(row)
        if columns not in self._inserts:
            names = ", ".join(map(quote, row))
            values = ", ".join("?" * len(row))
            what = f"({names}) VALUES ({values})" if row else " DEFAULT VALUES"
            self._inserts[columns] = f"INSERT INTO {self._table}{what}"
        self._conn.execute(self._inserts[columns], tuple(row.values()))

    def _make_distinct(self, row: Row, kept: Collection[str]) -> None:
        """Put other values in the place of those of the row that is there which others have."""
        for name in self._repeated(row, [name for name in self._distinct if name not in kept]):
            for _ in range(_TRIES):
                self._conn.execute("ROLLBACK TO generated")
                other = row | {name: unlike(row[name], self._chance)}
                if self._takes(other) and not self._repeated(other, [name]):
                    row = other
                    break
            else:
                # Its rules leave it few values: later rows need not try.
                self._distinct.remove(name)
                self._conn.execute("ROLLBACK TO generated")
                self._put(row)

    def _takes(self, row: Row) -> bool:
        """Insert the row if the table takes it."""
        try:
            self._put(row)
        except sqlite3.DatabaseError:
            if not self._conn.in_transaction:
                raise
            return False
        return True

    def _repeated(self, row: Row, names: Sequence[str]) -> list[str]:
        """Return those of the columns in which another row has the value of this one, as stored."""
        given = [name for name in names if row.get(name) is not None]
        if not given:
            return []
        terms = ", ".join(f"sum({quote(name)} = ?)" for name in given)
        values = tuple(row[name] for name in given)
        counts = self._conn.execute(f"SELECT {terms} FROM {self._table}", values).fetchone()
        return [name for name, count in zip(given, counts, strict=True) if (count or 0) > 1]
