"""Take a step with ATOMIC = False, which writes the file anew outside a transaction.

VACUUM and PRAGMA journal_mode cannot be part of a transaction. Such a step must be idempotent:
killed before its stamp, it runs again. It cannot change a row or a table, so the database has the
content of the old version until the stamp, and of the new one after it, as with any step.
"""

from __future__ import annotations

from collections.abc import Callable

from pmd.store.migrations.callbacks import Backup
from pmd.store.migrations.connection.prepared import PreparedConnection
from pmd.store.migrations.database_errors import database_error
from pmd.store.migrations.errors import InvalidMigrationError
from pmd.store.migrations.migration_files.migration import LoadedMigration
from pmd.store.migrations.step.guard import RewriteGuard
from pmd.store.migrations.step.up import run_up

__all__ = ["check_backup", "take_rewrite"]


def check_backup(
    prepared: PreparedConnection, loaded: LoadedMigration, backup: Backup | None
) -> None:
    """Raise InvalidMigrationError unless a backup can be taken, or there is no file to lose."""
    if prepared.file.exists and backup is None:
        raise InvalidMigrationError(
            loaded.migration.path,
            "ATOMIC = False rewrites the file, for which a backup is taken first, and the runner"
            " was given no way to take one. Pass MigrationRunner(conn, backup=...).",
        )


def take_rewrite(
    prepared: PreparedConnection,
    loaded: LoadedMigration,
    backup: Backup | None,
    *,
    before: Callable[[], object] | None = None,
) -> bool:
    """Rewrite the file and stamp it with the version of `loaded`.

    `before` and `backup` are called under the write lock, if the step is still to be taken.

    Returns False when another connection has stamped it meanwhile. Raises as the run does
    for other steps.
    """
    connection, version = prepared.connection, loaded.migration.version
    try:
        if not prepared.begin_step(version):
            return False
        prepared.check_writable(version - 1)
        for call in (before, backup if prepared.file.exists else None):
            if call is not None:
                call()
        prepared.cursor.execute("ROLLBACK")
    except (connection.Error, MemoryError) as error:
        raise database_error(connection, error) from error
    with RewriteGuard(connection, chained=prepared.authorizer) as guard:
        run_up(prepared, loaded, guard)
    try:
        if not prepared.begin_step(version):
            return False
        prepared.cursor.execute(f"PRAGMA user_version = {version}")
        prepared.cursor.execute("COMMIT")
    except (connection.Error, MemoryError) as error:
        raise database_error(connection, error) from error
    return True
