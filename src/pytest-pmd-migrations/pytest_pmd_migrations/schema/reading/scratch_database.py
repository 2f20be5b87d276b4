"""Copy tables and views without their rows, so that SQLite can be asked about a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.catalog import Entry
from pytest_pmd_migrations.schema.reading.stand_ins import SqlError, execute, prepare
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["SchemaCopy"]


class SchemaCopy:
    """A database in memory that gets what a statement refers to, without rows and triggers.

    It is made when it is first needed. Functions and collations that only the application has are
    replaced by stand-ins.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._named = {fold(e.name): e for e in entries if e.type in ("table", "view")}
        self._conn: sqlite3.Connection | None = None
        self._created: set[str] = set()
        self._column_names: dict[str, Collection[str]] = {}

    def execute(self, sql: str) -> SqlError | None:
        """Execute a statement and return its error, None if there is none."""
        return execute(self._connection, sql)[0]

    def prepare(self, sql: str) -> SqlError | None:
        """Prepare a statement and return its error, None if there is none."""
        return prepare(self._connection, sql)[0]

    def create_referenced(self, tokens: Iterable[Token]) -> None:
        """Create the tables and views that a statement refers to."""
        for name in {fold(token.value) for token in tokens} - self._created:
            entry = self._named.get(name)
            if entry is None:
                continue
            self._created.add(name)
            self._column_names.clear()
            self.execute(entry.sql)
            for index in self._indexes.get(entry.name, ()):
                self.execute(index.sql)
            if entry.type == "view":
                self.create_referenced(tokenize(entry.sql))

    def columns(self, name: str) -> list[tuple[str, bool]] | None:
        """Return each column of a table or view that was created, and whether it can be set.

        None if SQLite cannot prepare it.
        """
        sql = f"PRAGMA main.table_xinfo({quote(name)})"
        if self.execute(sql) is not None:
            return None
        # A generated column cannot be set.
        return [(row[1], row[6] == 0) for row in self._connection.execute(sql).fetchall()]

    def column_names(self, name: str) -> Collection[str]:
        """Return the folded names of the columns of whatever has that name, hidden ones too.

        That is a table or view that was created, or one of SQLite's own, such as json_each.
        """
        if name not in self._column_names:
            sql = f"PRAGMA table_xinfo({quote(name)})"
            # A view that cannot be prepared, or a name that is not UTF-8, has none here.
            known = self.execute(sql) is None
            rows = self._connection.execute(sql).fetchall() if known else ()
            self._column_names[name] = {fold(str(row[1])) for row in rows}
        return self._column_names[name]

    def close(self) -> None:
        """Close the copy, if one was needed."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None
            self._created.clear()
            self._column_names.clear()

    @property
    def _connection(self) -> sqlite3.Connection:
        if self._conn is None:
            self._conn = sqlite3.connect(":memory:", isolation_level=None)
        return self._conn

    @cached_property
    def _indexes(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self._entries:
            if entry.type == "index":
                found.setdefault(entry.table, []).append(entry)
        return found
