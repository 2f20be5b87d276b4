"""A connection for the length of one run: prepared for steps, and given back as it was."""

from __future__ import annotations

import os
import sqlite3

from pmd.store.migrations.callbacks import Authorizer
from pmd.store.migrations.connection.database_file import DatabaseFile
from pmd.store.migrations.connection.driver import is_open, plain_cursor
from pmd.store.migrations.connection.open_handles import OpenHandles
from pmd.store.migrations.connection.settings import (
    Settings,
    expect_plain_rows,
    read_config,
    restore_config,
)
from pmd.store.migrations.connection.statement_cache import StatementCache
from pmd.store.migrations.connection.temporary_objects import (
    TemporaryObjects,
    read_temporary_objects,
)
from pmd.store.migrations.connection.undo import persist, roll_back
from pmd.store.migrations.errors import MigrationError, UnusableConnectionError

__all__ = ["PreparedConnection"]


class PreparedConnection:
    """A connection whose settings are taken over from the caller, and given back at the end.

    Between `take_over()` and `give_back()` rows are tuples, and the driver begins and ends
    nothing. `cursor` is for the runner's own statements. `authorizer` is the caller's.
    """

    _settings: Settings
    _handles: OpenHandles

    def __init__(self, connection: sqlite3.Connection, *, authorizer: Authorizer | None) -> None:
        self.connection = connection
        self.authorizer = authorizer
        self.cursor = plain_cursor(connection)
        self.statements = StatementCache(self.cursor)
        self.temporary: TemporaryObjects = frozenset()
        self.file = DatabaseFile(b"")
        self._is_taken_over = False
        self._config: tuple[bool, ...] = ()
        self._may_differ: tuple[str, ...] = ()

    @property
    def enforces_keys(self) -> bool:
        """Whether the caller has foreign keys switched on."""
        return bool(self._settings.pragmas["foreign_keys"])

    def take_over(self) -> None:
        """Remember the caller's settings, and set what the runner needs.

        Raises UnusableConnectionError, or the driver's error.
        """
        self._settings = Settings.of(self.connection)
        self._is_taken_over = True
        self.trust_pragmas()
        expect_plain_rows(self.connection)
        self.connection.isolation_level = None
        (mode,) = self.cursor.execute("PRAGMA main.journal_mode").fetchone()
        if mode == "off":
            raise UnusableConnectionError(
                "the connection has PRAGMA journal_mode = OFF, under which nothing can be rolled"
                " back. Set another mode first."
            )

    def read_state(self) -> None:
        """Read what no step may change. Raises the driver's error."""
        self._config = read_config(self.connection)
        self._handles = OpenHandles(self.connection)
        files = self._read_files()
        self.file = DatabaseFile(files["main"] or b"")
        # Not asked where nothing temporary was ever made, since asking opens a database for it.
        if "temp" in files:
            self.temporary = read_temporary_objects(self.cursor)
        self.statements.take_note(files)

    def _read_files(self) -> dict[str, bytes]:
        """Return the file of each attached database, as bytes: its name need not be text."""
        self.connection.text_factory = bytes
        try:
            rows = self.cursor.execute("PRAGMA database_list").fetchall()
        finally:
            self.connection.text_factory = str
        return {os.fsdecode(name): file for _, name, file in rows}

    def lend(self) -> None:
        """Set everything as the caller had it, for a call between two steps.

        The empty database stays attached. To be followed by `check_returned()` and then
        `take_back()` or `take_over()`, or by `give_back()`. Raises the driver's error.
        """
        if self.enforces_keys:
            self.cursor.execute("PRAGMA foreign_keys = ON")
        self._settings.restore_attributes(self.connection)
        self.doubt_pragmas()

    def take_back(self) -> bool:
        """Set what the runner needs, after a call that only read; return whether that will do.

        If not, `take_over()` is needed: past every statement, the call has set something.
        """
        if read_config(self.connection) != self._config:
            return False
        self._settings = self._settings.with_attributes_of(self.connection)
        self._handles = OpenHandles(self.connection)
        expect_plain_rows(self.connection)
        self.connection.isolation_level = None
        if self.enforces_keys:
            self.cursor.execute("PRAGMA foreign_keys = OFF")
        self.trust_pragmas()
        return True

    def doubt_pragmas(self) -> None:
        """Read every pragma before it is given back: somebody else has the connection now."""
        self._may_differ = tuple(self._settings.pragmas)

    def trust_pragmas(self) -> None:
        """Rely on it that every pragma is as the caller or the runner had set it."""
        self._may_differ = ("foreign_keys",) * self.enforces_keys

    def check_returned(self, version: int) -> None:
        """Raise UnusableConnectionError unless a run can go on with the connection it lent.

        `version` is the one that the database was at.
        """
        left = f"after_step, called at version {version}, left the connection"
        if not is_open(self.connection):
            raise UnusableConnectionError(
                f"{left} closed; expected it open. The database stays at that version. Leave the"
                " connection open, and close it after the run."
            )
        if self.connection.in_transaction:
            raise UnusableConnectionError(
                f"{left} in a transaction, which is rolled back. The database stays at that"
                " version. Commit in after_step, or only read."
            )

    def give_back(self) -> None:
        """Undo what is not committed, and set everything as it was.

        A closed connection has nothing left to put back: closing it rolled the step back.
        """
        if is_open(self.connection) and self._is_taken_over:
            settings = self._settings
            settings.restore_limits(self.connection)
            expect_plain_rows(self.connection)
            roll_back(self.connection)
            self.statements.detach()
            self._is_taken_over = False
            persist(self.connection, lambda: settings.restore(self.connection, self._may_differ))

    def begin_step(self, version: int) -> bool:
        """Begin the transaction of the step to `version`, and return whether it is still to take.

        No transaction is open when it is not. Raises the driver's error, or MigrationError when
        the database is at a version before the one it had.
        """
        self.begin()
        return self.is_to_take(version)

    def begin(self) -> None:
        """Begin a transaction, with the write lock. Raises the driver's error."""
        self.cursor.execute("BEGIN IMMEDIATE")

    def is_to_take(self, version: int) -> bool:
        """Return whether the step to `version` is still to take; else end the transaction.

        Raises as `begin_step` does.
        """
        current = int(self.cursor.execute("PRAGMA user_version").fetchone()[0])
        if current == version - 1:
            return True
        self.cursor.execute("ROLLBACK")
        if current >= version:
            return False
        raise MigrationError(
            f"the database went back to version {current} while it was being brought to"
            f" {version}: another program sets PRAGMA user_version. Stop it, and try again."
        )

    def check_writable(self, version: int) -> None:
        """Write the ``version`` that there is: a read-only database is found out before a step."""
        self.cursor.execute(f"PRAGMA main.user_version = {version}")

    def end_handles(self, *, more_references: bool) -> None:
        """End what the step left half-read or open; the caller's own stays as it is.

        `more_references` says whether more objects refer to the connection than before the step.
        """
        self._handles.end_others(more_references=more_references)

    def restore_limits(self) -> None:
        """Let statements be as long, and so on, as before the step."""
        self._settings.restore_limits(self.connection)

    def restore_config(self) -> bool:
        """Put back what a step has set by `setconfig`, and return whether it has."""
        return restore_config(self.connection, self._config)

    def restore_pragmas(self, names: set[str]) -> None:
        """Put back the pragmas that a step has set."""
        self._settings.restore_pragmas(self.connection, names)
