"""The table in which an application keeps the names of the migrations that it has applied."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import SettingError

__all__ = ["AppliedTable"]


@dataclass(frozen=True)
class AppliedTable:
    """A table ``name`` that has in ``column`` what was applied.

    It is the application's where one of its migrations makes it; else it is made with that column
    alone, as its text primary key.
    """

    name: str
    column: str

    @classmethod
    def parse(cls, text: str) -> AppliedTable:
        """Return the table that ``"_migrations.name"`` names.

        Raises SettingError for a text that names no table and column.
        """
        name, dot, column = text.partition(".")
        if not (name.strip() and dot and column.strip()):
            raise SettingError(
                f"migration_applied {text!r} names no column; expected a table and its column of"
                ' names, such as "_migrations.name"'
            )
        return cls(name, column)

    def read(self, conn: sqlite3.Connection) -> Sequence[str]:
        """Return what was applied, as far as the table is there."""
        if not self._is_there(conn):
            return []
        rows = query_rows(conn, f"SELECT {self._column} FROM {self._table}")
        return [str(name) for (name,) in rows]

    def add(self, conn: sqlite3.Connection, name: str) -> None:
        """Take note that a migration was applied; the table is made where there is none.

        A migration that takes the note itself is left to it.
        """
        if not self._is_there(conn):
            conn.execute(f"CREATE TABLE {self._table}({self._column} TEXT PRIMARY KEY)")
        if name not in self.read(conn):
            conn.execute(f"INSERT INTO {self._table}({self._column}) VALUES (?)", (name,))

    def remove(self, conn: sqlite3.Connection, name: str) -> None:
        """Forget that a migration was applied."""
        conn.execute(f"DELETE FROM {self._table} WHERE {self._column} = ?", (name,))

    def rename(self, conn: sqlite3.Connection, name: str, other: str) -> None:
        """Have ``other`` in the place of ``name``."""
        sql = f"UPDATE {self._table} SET {self._column} = ? WHERE {self._column} = ?"
        conn.execute(sql, (other, name))

    @property
    def _table(self) -> str:
        return quote(self.name)

    @property
    def _column(self) -> str:
        return quote(self.column)

    def _is_there(self, conn: sqlite3.Connection) -> bool:
        sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND lower(name) = lower(?)"
        return bool(query_rows(conn, sql, self.name))
