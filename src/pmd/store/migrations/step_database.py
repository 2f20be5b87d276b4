"""The `db` that a step's `up(db)` gets."""

from __future__ import annotations

import sqlite3

import sqlite_utils

from pmd.store.migrations.script import split_script

__all__ = ["StepDatabase"]


class StepDatabase(sqlite_utils.Database):
    """A database that runs a script in linear time, and remembers its last statement."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.statement: str | None = None
        super().__init__(
            connection, recursive_triggers=False, execute_plugins=False, tracer=self._remember
        )

    def executescript(self, sql: str) -> sqlite3.Cursor:
        """Run each statement of the script in the step's transaction, unlike sqlite3's own."""
        cursor = self.conn.cursor()
        for statement in split_script(sql):
            self.statement = statement
            cursor.execute(statement)
        return cursor

    def _remember(self, sql: str, _parameters: object) -> None:
        self.statement = sql
