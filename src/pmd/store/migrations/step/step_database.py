"""The database object that a step's `up(db)` is called with."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from typing import Any

import sqlite_utils

from pmd.store.migrations.step.script import split_script

__all__ = ["StepDatabase", "statement_of"]

_ATTRIBUTE = "_statement_of_a_step"
_DENIED = ("not authorized", "prohibited")


class _FailedStatements:
    """The texts of statements that raised; no part of the database, which would then hold itself.

    The errors themselves hold the frames, and with them the database: each is given its text.
    """

    last: str | None = None
    denied: str | None = None

    def remember(self, sql: str, error: Exception) -> None:
        self.last = sql
        setattr(error, _ATTRIBUTE, sql)
        if self.denied is None and any(word in str(error) for word in _DENIED):
            self.denied = sql


class StepDatabase(sqlite_utils.Database):
    """A database that runs a script in linear time, and remembers the statements that raised."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._failed = _FailedStatements()
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
        cursor = self.conn.cursor()
        for statement in split_script(sql):
            try:
                cursor.execute(statement)
            except Exception as error:
                self._failed.remember(statement, error)
                raise
        return cursor


def statement_of(error: BaseException) -> str | None:
    """Return the statement that raised `error`, or an error that it was raised from."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        statement = getattr(current, "__dict__", {}).get(_ATTRIBUTE)
        if isinstance(statement, str):
            return statement
        seen.add(id(current))
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)
    return None
