"""The database object that a module's `up(db)` is called with."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from typing import Any

import sqlite_utils

from pmd.store.migrations.step.script_database import FailedStatements, run_script

__all__ = ["StepDatabase"]


class StepDatabase(sqlite_utils.Database):
    """A database that runs a script in linear time, and remembers the statements that raised."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._failed = FailedStatements()
        super().__init__(connection, recursive_triggers=False, execute_plugins=False)

    @property
    def failed_statement(self) -> str | None:
        """The last SQL that raised when it was run through this object; None when none did."""
        return self._failed.last

    @property
    def denied_statement(self) -> str | None:
        """The first SQL that SQLite refused since the guard denied a part of it."""
        return self._failed.denied

    def execute(
        self,
        sql: str,
        parameters: Any = None,  # noqa: ANN401 - sqlite-utils' own
    ) -> sqlite3.Cursor:
        """Run one statement."""
        try:
            return super().execute(sql, parameters)
        except Exception as error:
            self._failed.remember(sql, error)
            raise

    def query(
        self,
        sql: str,
        params: Any = None,  # noqa: ANN401 - sqlite-utils' own
    ) -> Generator[dict[Any, Any], None, None]:
        """Run one statement and return its rows as dicts."""
        try:
            return super().query(sql, params)
        except Exception as error:
            self._failed.remember(sql, error)
            raise

    def executescript(self, sql: str) -> sqlite3.Cursor:
        """Run each statement of the script in the step's transaction, unlike sqlite3's own."""
        return run_script(self.conn, sql, self._failed)
