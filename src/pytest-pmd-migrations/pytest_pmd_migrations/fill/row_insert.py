"""Insert one row: refuse one that cannot be read, make it differ from those before it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.fill.candidate_values import Row, Value, unlike
from pytest_pmd_migrations.fill.requirements import Requirements
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["RowInsert"]

_TRIES = 6


class RowInsert:
    """Inserts rows into one table; what is random is drawn from ``chance``.

    A row is committed, so that a deferred foreign key is judged, unless the caller has a
    transaction open.
    """

    def __init__(
        self, conn: sqlite3.Connection, requirements: Requirements, chance: random.Random
    ) -> None:
        self._conn = conn
        self._requirements = requirements
        self._chance = chance
        self._table = quote(requirements.table)
        linked = {fold(name) for link in requirements.links for name in link.columns}
        distinct = [column.name for column in requirements.columns if column.distinct]
        self._distinct = [name for name in distinct if fold(name) not in linked]
        self._used: set[tuple[str, type[Value], Value]] = set()

    def refusal(self, row: Row) -> str:
        """Insert the row; return SQLite's reason where it does not take it.

        Values that a row before has are made others where the table takes them, as a later
        migration may make their column UNIQUE.
        """
        self._conn.execute("SAVEPOINT generated")
        try:
            self._put(row)
            if any(self._repeated(row)):
                row = self._put_another(row)
            # The end of the outermost savepoint commits.
            self._conn.execute("RELEASE generated")
        except sqlite3.DatabaseError as error:
            # A trigger that says RAISE(ROLLBACK) has ended the savepoint already.
            if self._conn.in_transaction:
                self._conn.execute("ROLLBACK TO generated")
                self._conn.execute("RELEASE generated")
            return str(error)
        self._used.update(self._values(row))
        return ""

    def never_null(self, names: Sequence[str]) -> list[str]:
        """Return those of the columns that are NULL in no row of the table."""
        if not names:
            return []
        terms = ", ".join(f"count(*) - count({quote(name)})" for name in names)
        counts = self._conn.execute(f"SELECT {terms} FROM {self._table}").fetchone()
        return [name for name, count in zip(names, counts, strict=True) if not count]

    def _put(self, row: Row) -> None:
        """Insert the row, and compute its columns; raises SQLite's error where one refuses."""
        names = ", ".join(map(quote, row))
        values = ", ".join("?" * len(row))
        what = f"({names}) VALUES ({values})" if row else " DEFAULT VALUES"
        self._conn.execute(f"INSERT INTO {self._table}{what}", tuple(row.values()))
        if self._requirements.computed:
            computed = ", ".join(map(quote, self._requirements.computed))
            self._conn.execute(f"SELECT {computed} FROM {self._table}").fetchall()

    def _put_another(self, row: Row) -> Row:
        """Insert a row instead that shares no value with those before, else the same one again."""
        for _ in range(_TRIES):
            other = row | {name: unlike(row[name], self._chance) for name in self._repeated(row)}
            if any(self._repeated(other)):
                continue
            self._conn.execute("ROLLBACK TO generated")
            try:
                self._put(other)
            except sqlite3.DatabaseError:
                if not self._conn.in_transaction:
                    raise
            else:
                return other
        self._conn.execute("ROLLBACK TO generated")
        self._put(row)
        return row

    def _repeated(self, row: Row) -> Iterator[str]:
        """Yield the columns in which the row has a value of a row before it."""
        yield from (
            name for name, kind, value in self._values(row) if (name, kind, value) in self._used
        )

    def _values(self, row: Row) -> Iterator[tuple[str, type[Value], Value]]:
        """Yield the values that no other row needs to share."""
        for name in self._distinct:
            value = row.get(name)
            if value is not None:
                yield name, type(value), value
