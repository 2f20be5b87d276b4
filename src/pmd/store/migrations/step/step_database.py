"""The database object that a step's `up(db)` is called with."""

from __future__ import annotations

import sqlite3

import sqlite_utils

from pmd.store.migrations.step.script import split_script

__all__ = ["StepDatabase"]


class _LastStatement:
    """The text of the last statement; no part of the database, which would then hold itself."""

    text: str | None = None

    def remember(self, sql: str, _parameters: object) -> None:
        self.text = sql


class StepDatabase(sqlite_utils.Database):
    """A database that runs a script in linear time, and remembers its last statement."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._last = _LastStatement()
        super().__init__(
            connection,
            recursive_triggers=False,
            execute_plugins=False,
            tracer=self._last.remember,
        )

    @property
    def statement(self) -> str | None:
        """The last SQL that ran through this object; None when none did."""
        return self._last.text

    def executescript(self, sql: str) -> sqlite3.Cursor:
        """Run each statement of the script in the step's transaction, unlike sqlite3's own."""
        cursor = self.conn.cursor()
        for statement in split_script(sql):
            self._last.text = statement
            cursor.execute(statement)
        return cursor
