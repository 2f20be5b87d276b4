"""Bring a database to the version that the code expects, one step at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from pmd.store.migrations.callbacks import AfterStep, Authorizer, Backup, Progress
from pmd.store.migrations.connection.driver import LEGACY_TRANSACTION_CONTROL, plain_cursor
from pmd.store.migrations.database_errors import database_error, main_file
from pmd.store.migrations.errors import (
    DatabaseTooNewError,
    InvalidVersionError,
    MigrationError,
    UnusableConnectionError,
)
from pmd.store.migrations.migration_files.discovery import (
    HIGHEST_VERSION,
    check_migrations,
    own_migrations,
)
from pmd.store.migrations.migration_files.migration import Migration

__all__ = ["AfterStep", "MigrationRunner", "Progress"]


class MigrationRunner:
    """Applies versioned migrations to the database of one connection.

    `conn` is an open `sqlite3.Connection`, opened by whomever; `migrations` are those of the
    application (`load_migrations`), None for pmd's own. The database's version stands in
    `PRAGMA user_version`. `authorizer` is the function that the caller has set on the connection
    by `set_authorizer`, if any: SQLite keeps one only, so it is chained during a step and put
    back after it. `backup()` keeps a copy of the database, through another connection; it is
    called under the write lock before a step that has ATOMIC = False, and needed only where there
    is one to take on a file.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        migrations: Sequence[Migration] | None = None,
        *,
        authorizer: Authorizer | None = None,
        backup: Backup | None = None,
    ) -> None:
        self.conn = conn
        self._authorizer = authorizer
        self._backup = backup
        self._migrations: Sequence[Migration] = (
            own_migrations() if migrations is None else check_migrations(migrations)
        )

    def get_current_version(self) -> int:
        """Return the version the database is at: 0 for one that is new, or unversioned.

        Raises NotADatabaseError or DatabaseLockedError when it cannot be read.
        """
        try:
            row = plain_cursor(self.conn).execute("PRAGMA user_version").fetchone()
            return int(row[0])
        except self.conn.ProgrammingError as error:
            raise UnusableConnectionError(
                f"the connection cannot be used: {str(error).rstrip('.')}."
                " Give an open one, in its own thread."
            ) from error
        except self.conn.Error as error:
            raise database_error(self.conn, error) from error

    def get_latest_version(self) -> int:
        """Return the highest version there is a migration for; 0 when there are none."""
        return self._migrations[-1].version if self._migrations else 0

    def get_pending_migrations(self) -> list[Migration]:
        """Return the migrations that the database has not had, in order.

        Raises DatabaseTooNewError when it is at a version the code does not know.
        """
        current = self._checked_current()
        return [migration for migration in self._migrations if migration.version > current]

    def set_version(self, version: int) -> None:
        """Stamp the database with `version`, and change nothing else.

        For a database whose schema is known to be that version's. Raises InvalidVersionError for
        anything but an integer from 0 to 2147483647, since SQLite would store another number.
        """
        if type(version) is not int or not 0 <= version <= HIGHEST_VERSION:
            raise InvalidVersionError(
                f"the version is {version!r}; expected an integer from 0 to {HIGHEST_VERSION}."
            )
        try:
            self.conn.execute(f"PRAGMA user_version = {version}")
        except self.conn.Error as error:
            raise database_error(self.conn, error) from error

    def run_migrations(
        self,
        target: int | None = None,
        *,
        progress: Progress | None = None,
        before_first: Callable[[], object] | None = None,
        after_step: AfterStep | None = None,
    ) -> int:
        """Take every step up to version `target` (default latest); return how many were applied.

        Each step is one transaction and commits together with its version: whatever fails, the
        database is at the last version that was completed. Steps that another connection takes
        meanwhile are not counted. When there is nothing to do, no migration is imported.

        `before_first` is called once, under the write lock of the first step that this connection
        takes, with nothing of it done: another connection can copy the database as it was.
        `after_step` is called with the connection and the version, after the COMMIT of each such
        step ("Told after each step" in `docs/MIGRATIONS.md`). An error of either ends the run.

        Raises InvalidVersionError for a target that is not ahead, DatabaseTooNewError,
        InvalidMigrationError before the first step, MigrationFailedError, DatabaseLockedError,
        ReadOnlyDatabaseError, NotADatabaseError or UnusableConnectionError.
        """
        pending = self._pending(target)
        if not pending:
            return 0
        self._check_connection()
        loaded = [migration.load() for migration in pending]
        # Here, because sqlite-utils takes longer to import than most databases to open.
        from pmd.store.migrations.run import take_steps

        return take_steps(
            self.conn,
            loaded,
            authorizer=self._authorizer,
            backup=self._backup,
            progress=progress,
            before_first=before_first,
            after_step=after_step,
        )

    def _pending(self, target: int | None) -> Sequence[Migration]:
        current = self._checked_current()
        latest = self.get_latest_version()
        if target is None:
            target = latest
        elif type(target) is not int or not 0 <= target <= latest:
            raise InvalidVersionError(
                f"the target is {target!r}; expected a version from {current} to {latest}."
            )
        elif target < current:
            raise InvalidVersionError(
                f"the target is {target}, but {main_file(self.conn)} is at version {current};"
                " there is no way back. Restore a copy made before the upgrade."
            )
        # They are numbered from 1 upwards, each number once.
        return self._migrations[current:target]

    def _checked_current(self) -> int:
        current, latest = self.get_current_version(), self.get_latest_version()
        if current > latest:
            raise DatabaseTooNewError(
                f"{main_file(self.conn)} is at version {current}, newer than this code, which"
                f" knows versions up to {latest}. Nothing was changed; update the application."
            )
        if current < 0:
            raise MigrationError(
                f"{main_file(self.conn)} has the version {current}; expected one from 0 to"
                f" {latest}. Nothing was changed; check which program wrote PRAGMA user_version."
            )
        return current

    def _check_connection(self) -> None:
        mode = getattr(self.conn, "autocommit", LEGACY_TRANSACTION_CONTROL)
        if mode != LEGACY_TRANSACTION_CONTROL:
            raise UnusableConnectionError(
                f"the connection was opened with autocommit={mode!r}, under which the driver ends"
                " transactions by itself. Connect without the argument."
            )
        if self.conn.in_transaction:
            raise UnusableConnectionError(
                "the connection has an open transaction, which a migration would have to end."
                " Commit it or roll it back first."
            )
