"""One step in one transaction: the change and its stamp are kept together, or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pmd.store.migrations import autoincrement, foreign_keys
from pmd.store.migrations.connection_state import is_open
from pmd.store.migrations.database_errors import database_error, is_locked
from pmd.store.migrations.errors import (
    ForeignKeyViolationError,
    MigrationError,
    MigrationFailedError,
    TransactionControlError,
)
from pmd.store.migrations.guard import StepGuard
from pmd.store.migrations.guarded_run import REPLACED, run_guarded
from pmd.store.migrations.loading import LoadedMigration
from pmd.store.migrations.session import Content, Session

__all__ = ["begin", "take_step"]


def take_step(
    session: Session, loaded: LoadedMigration, *, before: Callable[[], object] | None = None
) -> bool:
    """Bring the database from the version before `loaded` to its version.

    `before` is called under the write lock, if the step is still to be taken.

    Returns False, having changed nothing, when another connection has already taken the step.
    Raises MigrationFailedError, or what a BaseException of `up` was; `session.close()` then
    leaves the database as it was before the step. The numbers in the comments are those of the
    procedure in https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema
    Changes": a step may do 3 to 9, the rest is done here and in the session.
    """
    connection, version = session.connection, loaded.migration.version
    try:
        if not begin(session, version):
            return False
        content = _read_content(session)
        if before is not None:
            # Other connections still see the database as it was.
            before()
        session.forget_statements()
    except (connection.Error, MemoryError) as error:
        raise database_error(connection, error) from error
    guard = StepGuard(connection, chained=session.authorizer)
    try:
        statement = run_guarded(session, loaded, guard)
        # 10. Foreign keys are checked before anything is kept.
        after = _compare(session, guard, version, content.violations)
        if after is None:
            raise TransactionControlError(
                version, loaded.description, REPLACED, statement=statement
            )
        guard.remove()
        if isinstance(after, foreign_keys.NewViolations):
            raise ForeignKeyViolationError(version, loaded.description, str(after))
        marks = content.marks
        if marks is not None or guard.made_marks:
            marks = autoincrement.restore_marks(session.cursor, marks)
        session.cursor.execute(f"PRAGMA user_version = {version}")
        # 11. Commit.
        session.cursor.execute("COMMIT")
    except (connection.Error, MemoryError) as error:
        if is_locked(error):
            raise database_error(connection, error) from error
        raise MigrationFailedError(
            version, loaded.description, f"it could not be committed: {error}"
        ) from error
    finally:
        if is_open(connection):
            guard.remove()
    session.content = Content(after, marks, content.version_of_data, connection.total_changes)
    return True


def _compare(
    session: Session, guard: StepGuard, version: int, before: foreign_keys.Violations
) -> foreign_keys.Violations | foreign_keys.NewViolations | None:
    """Return the violations there are now; None when the connection no longer asks the guard."""
    try:
        # The comment makes it a text that SQLite has not seen, about which it asks the guard.
        found = foreign_keys.violations(session.cursor, note=f" -- {version}")
        after = foreign_keys.compare(before, found)
    except session.connection.DatabaseError:
        if guard.was_asked:
            raise
        return None
    return after if guard.was_asked else None


def begin(session: Session, version: int) -> bool:
    """Begin the transaction of the step to `version`, and return whether it is still to take.

    No transaction is open when it is not. Raises the driver's error.
    """
    # 2. Begin, with the write lock at once: a lock taken later could fail half-way, and
    #    what was read before it could be stale.
    session.cursor.execute("BEGIN IMMEDIATE")
    current = int(session.cursor.execute("PRAGMA user_version").fetchone()[0])
    if current == version - 1:
        return True
    session.cursor.execute("ROLLBACK")
    if current >= version:
        return False
    raise MigrationError(
        f"the database went back to version {current} while it was being brought to"
        f" {version}: another program sets PRAGMA user_version. Stop it, and try again."
    )


def _read_content(session: Session) -> Content:
    """Read what the step must not lose, or take what the step before it left."""
    cursor, content = session.cursor, session.content
    version_of_data = int(cursor.execute("PRAGMA main.data_version").fetchone()[0])
    changes = session.connection.total_changes
    if content and (content.version_of_data, content.changes) == (version_of_data, changes):
        return content
    session.claim()
    found = Counter(foreign_keys.violations(cursor))
    return Content(found, autoincrement.read_marks(cursor), version_of_data, changes)
