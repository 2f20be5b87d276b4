"""The database object that a script's step runs on, and which of its statements raised."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from pmd.store.migrations.step.script import split_script

__all__ = ["FailedStatements", "ScriptDatabase", "run_script", "statement_of"]

_ATTRIBUTE = "_statement_of_a_step"
_DENIED = ("not authorized", "prohibited")


class FailedStatements:
    """The texts of statements that raised; no part of the database, which would then hold itself.

    The errors themselves hold the frames, and with them the database: each is given its text.
    """

    last: str | None = None
    denied: str | None = None

    def remember(self, sql: str, error: Exception) -> None:
        """Keep the text of a statement for what is said about its error."""
        self.last = sql
        setattr(error, _ATTRIBUTE, sql)
        if self.denied is None and any(word in str(error) for word in _DENIED):
            self.denied = sql


class ScriptDatabase:
    """Runs a script on ``conn``: all that an SQL file needs of what a module's `up(db)` gets."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.conn = connection
        self._failed = FailedStatements()

    @property
    def failed_statement(self) -> str | None:
        """The last SQL that raised when it was run through this object; None when none did."""
        return self._failed.last

    @property
    def denied_statement(self) -> str | None:
        """The first SQL that SQLite refused since the guard denied a part of it."""
        return self._failed.denied

    def executescript(self, sql: str) -> sqlite3.Cursor:
        """Run each statement of the script in the step's transaction, unlike sqlite3's own.

        None runs once that is lost, past an error that a function of the application's swallowed:
        one that SQLite has prepared before would commit by itself, unseen by the guard.
        """
        return run_script(self.conn, sql, self._failed, goes_on=lambda: self.conn.in_transaction)


def run_script(
    conn: sqlite3.Connection,
    sql: str,
    failed: FailedStatements,
    *,
    goes_on: Callable[[], bool] = lambda: True,
) -> sqlite3.Cursor:
    """Run each statement of a script in turn as long as it ``goes_on``.

    The one that raises is remembered.
    """
    cursor = conn.cursor()
    for statement in split_script(sql):
        if not goes_on():
            break
        try:
            cursor.execute(statement)
        except Exception as error:
            failed.remember(statement, error)
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
