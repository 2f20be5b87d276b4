"""A connection for the length of one run: prepared for steps, and given back as it was."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import suppress
from dataclasses import dataclass

from pmd.store.migrations import autoincrement, foreign_keys
from pmd.store.migrations.callbacks import Authorizer
from pmd.store.migrations.connection_state import (
    Settings,
    expect_plain_rows,
    is_open,
    persist,
    plain_cursor,
    read_config,
    reset_statements,
    restore_config,
    roll_back,
)
from pmd.store.migrations.errors import UnusableConnectionError
from pmd.store.migrations.temporary_objects import TemporaryObjects, read_temporary_objects

__all__ = ["Content", "Session"]

_MARKER = "pmd_runner"

# As bytes: the name of a file need not be text.
_FILES = "SELECT name, CAST(file AS BLOB) FROM pragma_database_list"


@dataclass(frozen=True)
class Content:
    """What a step must not lose or add, as it stood when `version_of_data` and `changes` were so.

    These two say whether another connection, or this one, has written since
    (https://www.sqlite.org/pragma.html#pragma_data_version).
    """

    violations: foreign_keys.Violations
    marks: autoincrement.Marks | None
    version_of_data: int
    changes: int


class Session:
    """Takes a connection's settings over from the caller, and gives them back at the end.

    Between `open()` and `close()` rows are tuples, foreign keys are off, and the driver begins
    and ends nothing. `cursor` is for the runner's own statements. `authorizer` is the caller's.
    """

    def __init__(self, connection: sqlite3.Connection, *, authorizer: Authorizer | None) -> None:
        self.connection = connection
        self.authorizer = authorizer
        self.cursor = plain_cursor(connection)
        self.content: Content | None = None
        self.temporary: TemporaryObjects = frozenset()
        self._settings: Settings | None = None
        self._config: tuple[bool, ...] = ()
        self._file = ""
        self._file_is: tuple[int, int] | None = None
        self._schema = "temp"
        self._bumps = 0
        self._is_defensive = False
        self._holders = 0

    def open(self) -> None:
        """Prepare the connection. Raises UnusableConnectionError, or the driver's error."""
        self._settings = Settings.of(self.connection)
        expect_plain_rows(self.connection)
        self.connection.isolation_level = None
        (mode,) = self.cursor.execute("PRAGMA main.journal_mode").fetchone()
        if mode == "off":
            raise UnusableConnectionError(
                "the connection has PRAGMA journal_mode = OFF, under which nothing can be rolled"
                " back. Set another mode first."
            )
        # 1. Foreign keys off: inside a transaction the pragma is ignored, and with keys enforced
        #    dropping a rebuilt table would delete or cut off its children.
        self.cursor.execute("PRAGMA foreign_keys = OFF")
        self._config = read_config(self.connection)
        self.content = None
        files = dict(self.cursor.execute(_FILES).fetchall())
        self._file = os.fsdecode(files["main"] or b"")
        self._file_is = self._identify()
        # Not asked where nothing temporary was ever made, since asking opens a database for it.
        if "temp" in files:
            self.temporary = read_temporary_objects(self.cursor)
        self._schema = self._attach_marker()
        self._bumps = self._schema_version()
        self._is_defensive = False
        self.forget_statements()
        self._is_defensive = self._schema_version() != self._bumps

    def close(self) -> None:
        """Undo what is not committed, and set everything as it was.

        A closed connection has nothing left to put back: closing it rolled the step back.
        """
        if is_open(self.connection) and self._settings is not None:
            self._settings.restore_limits(self.connection)
            expect_plain_rows(self.connection)
            roll_back(self.connection)
            self._detach_marker()
            settings, self._settings = self._settings, None
            # 12. Foreign keys, and whatever else a step may have changed, as they were.
            persist(self.connection, lambda: settings.restore(self.connection))

    def claim(self) -> None:
        """Write something at once: a read-only database is found out before a step begins."""
        current = int(self.cursor.execute("PRAGMA main.user_version").fetchone()[0])
        self.cursor.execute(f"PRAGMA main.user_version = {current}")

    def forget_statements(self) -> None:
        """Make SQLite prepare every statement again: now, and should the step be rolled back.

        A statement prepared before its transaction was lost would commit by itself, unseen by
        the guard. A changed schema, of whichever database, makes SQLite forget them all when the
        transaction is rolled back.
        """
        if self._is_defensive:
            # The pragma is then ignored (https://www.sqlite.org/c3ref/c_dbconfig_defensive.html).
            self.cursor.execute(f"CREATE VIEW {self._schema}.{_MARKER} AS SELECT 1")
            self.cursor.execute(f"DROP VIEW {self._schema}.{_MARKER}")
            return
        self._bumps = (self._bumps + 1) % 2**31
        self.cursor.execute(f"PRAGMA {self._schema}.schema_version = {self._bumps}")

    def count_holders(self) -> None:
        """Remember how many objects refer to the connection, as every cursor and blob does."""
        self._holders = sys.getrefcount(self.connection)

    def end_statements(self) -> None:
        """End what the step left half-read or open, which only more holders can be.

        To be called from where `count_holders` was, whose own variables then count the same.
        """
        if sys.getrefcount(self.connection) > self._holders:
            reset_statements(self.connection)

    def restore_limits(self) -> None:
        """Let statements be as long as before the step."""
        if self._settings is not None:
            self._settings.restore_limits(self.connection)

    def restore_config(self) -> bool:
        """Put back what a step has set by `setconfig`, and return whether it has."""
        return restore_config(self.connection, self._config)

    def restore_pragmas(self, names: set[str]) -> None:
        """Put back the pragmas that a step has set."""
        if self._settings is not None:
            self._settings.restore_pragmas(self.connection, names)

    def lost_its_file(self) -> bool:
        """Return whether the database's file is no longer the one that was opened."""
        return self._file_is is not None and self._identify() != self._file_is

    @property
    def has_file(self) -> bool:
        """Whether the database outlives its connection."""
        return bool(self._file)

    def _schema_version(self) -> int:
        row = self.cursor.execute(f"PRAGMA {self._schema}.schema_version").fetchone()
        return int(row[0])

    def _attach_marker(self) -> str:
        """Attach an empty database in memory whose schema can be said to change at no cost.

        Where there is no room for one more, that of temporary objects is used: then each ALTER
        TABLE reads it again.
        """
        try:
            self.cursor.execute(f"ATTACH ':memory:' AS {_MARKER}")
        except self.connection.DatabaseError as error:
            return _MARKER if str(error).endswith("is already in use") else "temp"
        return _MARKER

    def _detach_marker(self) -> None:
        # A statement that the caller has left half-read keeps it; the next run takes it over.
        with suppress(self.connection.Error):
            if self._schema == _MARKER:
                self.cursor.execute(f"DETACH {_MARKER}")

    def _identify(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._file)  # noqa: PTH116  # the text that SQLite gave, unchanged
        except (OSError, ValueError):
            return None
        return status.st_dev, status.st_ino
