"""The guard of one step: a migration cannot end its own transaction, by any road.

It is an authorizer (https://www.sqlite.org/c3ref/set_authorizer.html), asked whenever a statement
is prepared. It is installed anew for each step, because only that makes SQLite prepare again what
the connection has cached. Savepoints are free: `db.atomic()` and `transform()` are made of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Authorizer", "Denial", "StepGuard"]

Authorizer: TypeAlias = Callable[[int, str | None, str | None, str | None, str | None], int]

_QUERIES = frozenset(
    {
        "foreign_key_check",
        "foreign_key_list",
        "index_info",
        "index_list",
        "index_xinfo",
        "integrity_check",
        "quick_check",
        "table_info",
        "table_list",
        "table_xinfo",
    }
)
"""Pragmas whose argument is a question."""

_ALWAYS_ALLOWED = frozenset(
    {sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_UPDATE}
)
"""What SQLite asks about most, and what no step is denied inside its transaction."""

_SETTINGS = frozenset({"defer_foreign_keys", "legacy_alter_table", "recursive_triggers"})
"""Settings a step may change; they are put back after it."""


@dataclass(frozen=True)
class Denial:
    """Something a step was not allowed to do, and what it should do instead."""

    what: str
    instead: str


class StepGuard:
    """Watches one connection during one step and remembers what it denied.

    `chained`, where given, is asked too; the connection's own authorizer cannot be read back, so
    whoever has set one hands it over.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, chained: Authorizer | None = None
    ) -> None:
        self._connection = connection
        self._chained = chained
        self._probed = True
        self.denials: list[Denial] = []

    def install(self) -> None:
        """Begin to watch."""
        self._connection.set_authorizer(self._authorize)

    def is_watching(self) -> bool:
        """Return whether the connection still asks this guard, and no other authorizer."""
        self._probed = False
        with suppress(self._connection.Error):
            self._connection.cursor().execute("SELECT 1")
        return self._probed

    def remove(self) -> None:
        """End watching; the chained authorizer is put back."""
        self._connection.set_authorizer(self._chained)

    def _authorize(
        self,
        action: int,
        one: str | None,
        two: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        if not self._probed:
            self._probed = True
            return sqlite3.SQLITE_OK
        if action in _ALWAYS_ALLOWED and self._connection.in_transaction and not self._chained:
            return sqlite3.SQLITE_OK
        denial = self._denied(action, one or "", two)
        if denial is not None:
            if denial not in self.denials:
                self.denials.append(denial)
            return sqlite3.SQLITE_DENY
        if self._chained is not None:
            return self._chained(action, one, two, database, trigger)
        return sqlite3.SQLITE_OK

    def _denied(self, action: int, one: str, two: str | None) -> Denial | None:
        if action == sqlite3.SQLITE_TRANSACTION:
            return Denial(
                one,
                "the runner begins and ends the transaction: leave the statement, commit() or"
                ' "with conn:" out, and use db.atomic() or SAVEPOINT for a part that may fail',
            )
        if not self._connection.in_transaction:
            # What rolled it back would let everything after it commit by itself.
            return Denial(
                "a statement after the transaction was rolled back",
                "let the error of the statement that rolled back (OR ROLLBACK, RAISE(ROLLBACK))"
                " leave up(db)",
            )
        if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
            word = "ATTACH" if action == sqlite3.SQLITE_ATTACH else "DETACH"
            return Denial(word, "a step changes one database: do it before or after the migrations")
        if action == sqlite3.SQLITE_PRAGMA and two is not None:
            name = one.lower()
            if name not in _QUERIES and name not in _SETTINGS:
                return Denial(
                    f"PRAGMA {one} = {two}",
                    "the runner sets and restores foreign_keys and user_version; set any other"
                    " on the connection, outside the migrations",
                )
        return None
