"""One step in one transaction: the change and its stamp are kept together, or not at all."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pmd.store.migrations import autoincrement, foreign_keys
from pmd.store.migrations.connection_state import (
    ConnectionState,
    TemporaryObjects,
    drop_new_temporary_objects,
    expect_plain_rows,
    is_open,
    roll_back,
)
from pmd.store.migrations.database_errors import database_error
from pmd.store.migrations.errors import (
    ForeignKeyViolationError,
    InvalidMigrationError,
    MigrationError,
    MigrationFailedError,
    TransactionControlError,
)
from pmd.store.migrations.guard import Authorizer, StepGuard
from pmd.store.migrations.loading import LoadedMigration
from pmd.store.migrations.step_database import StepDatabase

__all__ = ["take_step"]

_VACUUM = (
    "VACUUM is not allowed in a step; SQLite runs it outside transactions only: do it before or"
    " after the migrations."
)


@dataclass(frozen=True)
class _Before:
    """What the step must not lose, read under the lock."""

    violations: list[foreign_keys.Violation] | None
    marks: Mapping[str, int]


def take_step(
    connection: sqlite3.Connection,
    loaded: LoadedMigration,
    *,
    authorizer: Authorizer | None,
    before: Callable[[], object] | None = None,
) -> bool:
    """Bring the database from the version before `loaded` to its version.

    `before` is called under the write lock, if the step is still to be taken.

    Returns False, having changed nothing, when another connection has already taken the step.
    Raises MigrationFailedError, or what a BaseException of `up` was; the database is then as it
    was before the step. The numbers in the comments are those of the procedure in
    https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes":
    a step may do 3 to 9, the rest is done here.
    """
    state = ConnectionState.of(connection)
    try:
        # 1. Foreign keys off: inside a transaction the pragma is ignored, and with keys enforced
        #    dropping a rebuilt table would delete or cut off its children.
        connection.execute("PRAGMA foreign_keys = OFF")
        return _take(connection, loaded, authorizer, before)
    finally:
        # 12. Foreign keys, and whatever else the step may have changed, as they were. A closed
        #     connection has nothing left to put back: closing it rolled the step back.
        if is_open(connection):
            if connection.in_transaction:
                roll_back(connection)
            state.restore(connection)


def _take(
    connection: sqlite3.Connection,
    loaded: LoadedMigration,
    authorizer: Authorizer | None,
    prepare: Callable[[], object] | None,
) -> bool:
    version = loaded.migration.version
    try:
        # 2. Begin, with the write lock at once: a lock taken later could fail half-way, and
        #    what was read before it could be stale.
        connection.execute("BEGIN IMMEDIATE")
        current = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if current != version - 1:
            connection.execute("ROLLBACK")
            return _taken_by_another(current, version)
        _claim(connection, current)
        if prepare is not None:
            # Other connections still see the database as it was.
            prepare()
        before = _read(connection)
    except connection.Error as error:
        raise database_error(connection, error) from error
    _run(connection, loaded, authorizer)
    # 10. Foreign keys are checked before anything is kept.
    _check_foreign_keys(connection, loaded, before.violations)
    try:
        autoincrement.restore_marks(connection, before.marks)
        connection.execute(f"PRAGMA user_version = {version}")
        # 11. Commit.
        connection.execute("COMMIT")
    except connection.Error as error:
        raise _failed(loaded, f"it could not be committed: {error}") from error
    return True


def _taken_by_another(current: int, version: int) -> bool:
    if current >= version:
        return False
    raise MigrationError(
        f"the database went back to version {current} while it was being brought to"
        f" {version}: another program sets PRAGMA user_version. Stop it, and try again."
    )


def _claim(connection: sqlite3.Connection, current: int) -> None:
    """Write something at once: a read-only database is found out before `up` begins.

    Raising the schema's own counter is what any CREATE does; it also makes SQLite forget every
    prepared statement should the transaction be rolled back, so that the guard is asked again.
    """
    connection.execute(f"PRAGMA user_version = {current}")
    counter = int(connection.execute("PRAGMA schema_version").fetchone()[0])
    connection.execute(f"PRAGMA schema_version = {(counter + 1) % 2**31}")


def _read(connection: sqlite3.Connection) -> _Before:
    try:
        violations = foreign_keys.find_violations(connection)
    except connection.OperationalError:
        # A key that cannot be checked before the step is not the step's fault.
        violations = None
    return _Before(violations, autoincrement.read_marks(connection))


def _run(
    connection: sqlite3.Connection, loaded: LoadedMigration, authorizer: Authorizer | None
) -> None:
    before = TemporaryObjects.of(connection)
    guard = StepGuard(connection, chained=authorizer)
    db = StepDatabase(connection)
    guard.install()
    try:
        result = loaded.up(db)
        watched = is_open(connection) and guard.is_watching()
    except Exception as error:
        if guard.denials:
            raise _denied(loaded, guard, db.statement) from error
        if str(error).startswith("cannot VACUUM"):
            raise TransactionControlError(
                loaded.migration.version, loaded.description, _VACUUM, statement=db.statement
            ) from error
        problem = f"{type(error).__name__}: {error}"
        raise _failed(loaded, problem, statement=db.statement) from error
    finally:
        if is_open(connection):
            guard.remove()
            expect_plain_rows(connection)
    _check_transaction(connection, loaded, guard, db.statement, watched=watched)
    _check_result(loaded, result)
    drop_new_temporary_objects(connection, before)


def _check_transaction(
    connection: sqlite3.Connection,
    loaded: LoadedMigration,
    guard: StepGuard,
    statement: str | None,
    *,
    watched: bool,
) -> None:
    """Raise TransactionControlError unless the step's own transaction is still open."""
    if guard.denials:
        raise _denied(loaded, guard, statement)
    if not is_open(connection):
        problem = (
            "it closed the connection, which the runner and the application go on using."
            " Leave that out."
        )
    elif not watched:
        problem = (
            "it replaced the connection's authorizer, which keeps its transaction together; what"
            " it committed after that stays. Leave set_authorizer() out."
        )
    elif not connection.in_transaction:
        problem = (
            "its transaction was lost: a conflict rolled it back, and the error was swallowed."
            " Let that error leave up(db)."
        )
    else:
        return
    raise TransactionControlError(
        loaded.migration.version, loaded.description, problem, statement=statement
    )


def _check_result(loaded: LoadedMigration, result: object) -> None:
    """Raise InvalidMigrationError for a result whose work nobody would do."""
    if inspect.iscoroutine(result):
        result.close()
    # A cursor is an iterator too, but its statement has run.
    lazy = hasattr(result, "__next__") and not hasattr(result, "fetchone")
    if lazy or hasattr(result, "__await__") or hasattr(result, "__anext__"):
        raise InvalidMigrationError(
            loaded.migration.path,
            f"its up returned a {type(result).__name__} that nobody runs; expected a plain"
            " function up(db).",
        )


def _check_foreign_keys(
    connection: sqlite3.Connection,
    loaded: LoadedMigration,
    before: list[foreign_keys.Violation] | None,
) -> None:
    if before is None:
        return
    version, description = loaded.migration.version, loaded.description
    try:
        after = foreign_keys.find_violations(connection)
    except connection.Error as error:
        raise ForeignKeyViolationError(
            version, description, f"it leaves a foreign key that cannot be checked: {error}."
        ) from error
    found = foreign_keys.new_violations(before, after)
    if not found:
        return
    shown = "; ".join(
        f"{table} row {rowid if rowid is not None else '?'} -> {parent}"
        for table, rowid, parent, _ in found[:5]
    )
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    known = f" ({len(before)} were there before the step)" if before else ""
    raise ForeignKeyViolationError(
        version,
        description,
        f"it leaves rows whose foreign key points at nothing: {shown}{more}{known}."
        " Delete or mend them in the step.",
    )


def _failed(
    loaded: LoadedMigration, problem: str, *, statement: str | None = None
) -> MigrationFailedError:
    return MigrationFailedError(
        loaded.migration.version, loaded.description, problem, statement=statement
    )


def _denied(
    loaded: LoadedMigration, guard: StepGuard, statement: str | None
) -> TransactionControlError:
    first = guard.denials[0]
    return TransactionControlError(
        loaded.migration.version,
        loaded.description,
        f"{first.what} is not allowed in a step; {first.instead}.",
        statement=statement,
    )
