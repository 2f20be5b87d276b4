"""Guard one step, so that a migration cannot end its own transaction in any way.

The guard is an authorizer (https://www.sqlite.org/c3ref/set_authorizer.html), which SQLite asks
whenever it prepares a statement. Savepoints are allowed: `db.atomic()` and `transform()` use them.
"""

from __future__ import annotations

import sqlite3
from abc import abstractmethod
from typing import NamedTuple

from pmd.store.migrations.callbacks import Authorizer
from pmd.store.migrations.step.installed_authorizer import InstalledAuthorizer
from pmd.store.migrations.step.written_tables import Question

__all__ = ["QUERY_PRAGMAS", "READ_ACTIONS", "Denial", "Guard", "RewriteGuard", "StepGuard"]

QUERY_PRAGMAS = frozenset(
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

READ_ACTIONS = frozenset(
    {sqlite3.SQLITE_READ, sqlite3.SQLITE_SELECT, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
"""The actions that SQLite asks about most; they change nothing, also outside a transaction."""

_ALLOWED, _UPDATE = sqlite3.SQLITE_OK, sqlite3.SQLITE_UPDATE

_SETTINGS = frozenset({"defer_foreign_keys", "legacy_alter_table", "recursive_triggers"})
"""Settings a step may change; they are put back after it."""

_TRANSACTION = (
    "the runner begins and ends the transaction: leave the statement, commit() or"
    ' "with conn:" out, and use db.atomic() or SAVEPOINT for a part that may fail'
)
_FORMAT = frozenset(
    {"auto_vacuum", "incremental_vacuum", "journal_mode", "page_size", "wal_checkpoint"}
)
"""Pragmas about how a file is written, none of them about what is in it."""

_INSTEAD = {
    "foreign_keys": (
        "the runner has switched foreign keys off before the step and checks them after it:"
        " leave the line out"
    ),
    "user_version": "the runner stamps the version together with the step: leave the line out",
    **dict.fromkeys(
        _FORMAT, "it is no part of a transaction: give it a step of its own with ATOMIC = False"
    ),
}
_OUTSIDE = "set it on the connection, outside the migrations"


class Denial(NamedTuple):
    """Something a step was not allowed to do, and what it should do instead."""

    what: str
    instead: str


class Guard(InstalledAuthorizer):
    """Watches one connection during one step, and remembers what it denied.

    A guard is made and installed for each step, because only that makes SQLite prepare again what
    the connection has cached. `keeps_transaction` says whether the step must end in the transaction
    it began in. `questions` are those of a step in a transaction that are not about reading.
    `settings` are the names of those the step may have changed; `made_temporary` and
    `made_sequences` say whether it may have created temporary objects, or `sqlite_sequence`.
    """

    keeps_transaction: bool

    def __init__(
        self, connection: sqlite3.Connection, *, chained: Authorizer | None = None
    ) -> None:
        super().__init__(connection, chained=chained)
        self._is_over = False
        self.denials: list[Denial] = []
        self.settings: set[str] = set()
        self.made_temporary = False
        self.made_sequences = False
        self.questions: set[Question] = set()

    def end_step(self) -> None:
        """Let the runner's own statements pass.

        The next one that SQLite has not seen shows by `was_asked` whether the connection still
        asks this guard, and no other authorizer.
        """
        self._is_over = True
        self.was_asked = False

    def is_watching(self, cursor: sqlite3.Cursor) -> bool:
        """Return whether the connection still asks this guard, after the step."""
        self.end_step()
        return self.is_still_asked(cursor)

    def _authorizer(self) -> Authorizer:
        # SQLite asks a dozen times about reading where it asks once about writing: a function of
        # few names answers that soonest.
        reading, allowed, judge, chained = READ_ACTIONS, _ALLOWED, self._judge, self._chained
        if chained is None:
            return lambda action, one, two, database, _: (
                allowed if action in reading else judge(action, one, two, database)
            )

        def authorize(
            action: int, one: str | None, two: str | None, database: str | None, trigger: str | None
        ) -> int:
            own = allowed if action in reading else judge(action, one, two, database)
            return own if own != allowed else chained(action, one, two, database, trigger)

        return authorize

    def _judge(self, action: int, one: str | None, two: str | None, database: str | None) -> int:
        """Return what is answered about an action that does more than read."""
        if not self._is_over:
            denial = self._denied(action, one or "", two, database)
            if denial is not None:
                if denial not in self.denials:
                    self.denials.append(denial)
                return sqlite3.SQLITE_DENY
        self.was_asked = True
        return _ALLOWED

    @abstractmethod
    def _denied(
        self, action: int, one: str, two: str | None, database: str | None
    ) -> Denial | None:
        """Return why an action is denied, None where it is free."""


class StepGuard(Guard):
    """Keeps a step in the transaction that the runner began."""

    keeps_transaction = True

    def _denied(
        self, action: int, one: str, two: str | None, database: str | None
    ) -> Denial | None:
        if action == sqlite3.SQLITE_TRANSACTION:
            return Denial(one, _TRANSACTION)
        if not self._connection.in_transaction:
            # After a rollback, every later statement would commit by itself.
            return Denial(
                "a statement after the transaction was rolled back",
                "let the error of the statement that rolled back (OR ROLLBACK, RAISE(ROLLBACK))"
                " leave up(db)",
            )
        self.questions.add((action, one, two, database))
        if action == _UPDATE:
            return None
        if action in (sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH):
            word = "ATTACH" if action == sqlite3.SQLITE_ATTACH else "DETACH"
            return Denial(word, "a step changes one database: do it before or after the migrations")
        if action == sqlite3.SQLITE_PRAGMA and two is not None:
            return self._denied_pragma(one, two)
        if database == "temp":
            self.made_temporary = True
        elif action == sqlite3.SQLITE_CREATE_TABLE and one == "sqlite_sequence":
            self.made_sequences = True
        return None

    def _denied_pragma(self, one: str, two: str) -> Denial | None:
        name = one.lower()
        if name in QUERY_PRAGMAS:
            return None
        if name in _SETTINGS:
            self.settings.add(name)
            return None
        return Denial(f"PRAGMA {one} = {two}", _INSTEAD.get(name, _OUTSIDE))


class RewriteGuard(Guard):
    """Keeps a step outside a transaction from changing what is in the database.

    It may write the file anew (VACUUM) and change how it is written.
    """

    keeps_transaction = False
    _in_vacuum = False

    def _denied(
        self, action: int, one: str, two: str | None, database: str | None
    ) -> Denial | None:
        if action == sqlite3.SQLITE_ATTACH and not one:
            # VACUUM attaches a nameless database, begins, and copies everything into it.
            self._in_vacuum = True
            return None
        if action == sqlite3.SQLITE_TRANSACTION and one == "BEGIN" and self._in_vacuum:
            self._in_vacuum = False
            return None
        if database is not None and database.startswith("vacuum_"):
            return None
        if action == sqlite3.SQLITE_PRAGMA:
            return self._denied_pragma(one, two)
        return Denial(
            f"a statement that changes {one or 'the schema'}",
            "a step with ATOMIC = False only rewrites the file, since what it changed could not"
            " be undone: move the statement to a step without ATOMIC",
        )

    def _denied_pragma(self, one: str, two: str | None) -> Denial | None:
        name = one.lower()
        if two is None or name in QUERY_PRAGMAS:
            return None
        if name == "journal_mode" and two.lower() in ("off", "memory"):
            return Denial(
                f"PRAGMA {one} = {two}", "with it later steps could not be undone: use another mode"
            )
        if name in _FORMAT:
            return None
        return Denial(f"PRAGMA {one} = {two}", _INSTEAD.get(name, _OUTSIDE))
