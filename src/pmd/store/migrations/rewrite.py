"""A step with ATOMIC = False: it writes the file anew, outside a transaction.

VACUUM and PRAGMA journal_mode cannot be part of one. Such a step must be idempotent: killed
before its stamp, it runs again. It cannot change a row or a table, so that what is in the
database is the old version's until the stamp, and the new one's after it, like that of any step.
"""

from __future__ import annotations

from collections.abc import Callable

from pmd.store.migrations.callbacks import Backup
from pmd.store.migrations.connection_state import is_open
from pmd.store.migrations.database_errors import database_error
from pmd.store.migrations.errors import InvalidMigrationError
from pmd.store.migrations.guard import RewriteGuard
from pmd.store.migrations.guarded_run import run_guarded
from pmd.store.migrations.loading import LoadedMigration
from pmd.store.migrations.session import Session
from pmd.store.migrations.step import begin

__all__ = ["check_backup", "take_rewrite"]


def check_backup(session: Session, loaded: LoadedMigration, backup: Backup | None) -> None:
    """Raise InvalidMigrationError unless a backup can be taken, or there is no file to lose."""
    if session.has_file and backup is None:
        raise InvalidMigrationError(
            loaded.migration.path,
            "ATOMIC = False rewrites the file, for which a backup is taken first, and the runner"
            " was given no way to take one. Pass MigrationRunner(conn, backup=...).",
        )


def take_rewrite(
    session: Session,
    loaded: LoadedMigration,
    backup: Backup | None,
    *,
    before: Callable[[], object] | None = None,
) -> bool:
    """Rewrite the file and stamp it with the version of `loaded`.

    `before` and `backup` are called under the write lock, if the step is still to be taken.

    Returns False when another connection has stamped it meanwhile. Raises as `take_step` does.
    """
    connection, version = session.connection, loaded.migration.version
    session.content = None
    try:
        if not begin(session, version):
            return False
        session.claim()
        for prepare in (before, backup if session.has_file else None):
            if prepare is not None:
                prepare()
        session.cursor.execute("ROLLBACK")
    except (connection.Error, MemoryError) as error:
        raise database_error(connection, error) from error
    guard = RewriteGuard(connection, chained=session.authorizer)
    try:
        run_guarded(session, loaded, guard)
    finally:
        if is_open(connection):
            guard.remove()
    try:
        if not begin(session, version):
            return False
        session.cursor.execute(f"PRAGMA user_version = {version}")
        session.cursor.execute("COMMIT")
    except (connection.Error, MemoryError) as error:
        raise database_error(connection, error) from error
    return True
