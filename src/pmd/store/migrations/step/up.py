"""Run a step's `up(db)` under its guard, and check what it did to transaction and connection."""

from __future__ import annotations

import inspect
import logging
import os
import sqlite3
from sys import getrefcount
from typing import TYPE_CHECKING

from pmd.store.migrations.connection.driver import is_open
from pmd.store.migrations.connection.prepared import PreparedConnection
from pmd.store.migrations.connection.settings import expect_plain_rows
from pmd.store.migrations.connection.temporary_objects import drop_temporary_objects
from pmd.store.migrations.errors import (
    InvalidMigrationError,
    MigrationFailedError,
    TransactionControlError,
)
from pmd.store.migrations.migration_files.migration import LoadedMigration
from pmd.store.migrations.step.guard import Guard
from pmd.store.migrations.step.script_database import ScriptDatabase, statement_of

if TYPE_CHECKING:
    from pmd.store.migrations.step.step_database import StepDatabase

__all__ = ["REPLACED", "run_up"]

REPLACED = (
    "it replaced the connection's authorizer, which keeps its transaction together; what it"
    " committed after that stays. Leave set_authorizer() out."
)
_VACUUM = (
    "VACUUM is not allowed in a step; SQLite runs it outside transactions only: give it a step of"
    " its own with ATOMIC = False."
)
_CLOSED = (
    "it closed the connection, which the runner and the application go on using. Leave that out."
)
_LOST = (
    "its transaction was lost: a conflict rolled it back, and the error was swallowed. Let that"
    " error leave up(db)."
)
_ELSEWHERE = (
    "it put another connection in the place of db.conn, so that its work went elsewhere. Use the"
    " one it is given."
)
_CONFIG = (
    "it changed the connection by setconfig(), past what keeps its transaction together. Set that"
    " on the connection, outside the migrations."
)
_MOVED = (
    "the database's file was removed or replaced while it ran, so that nothing could be kept."
    " Leave the file alone."
)
_FORKED_EXIT = 70

_log = logging.getLogger("pmd.store.migrations")


def run_up(prepared: PreparedConnection, loaded: LoadedMigration, guard: Guard) -> None:
    """Call `up(db)`, and return if what it did may be kept.

    The guard watches already, and still does afterwards. Raises MigrationFailedError when `up`
    failed or must not be kept, InvalidMigrationError when it returned work that nobody would do;
    what is no Exception passes through.
    """
    connection, process = prepared.connection, os.getpid()
    db = _database_of(loaded, connection)
    references = getrefcount(connection)
    prepared.doubt_pragmas()
    try:
        result = loaded.up(db)
    except BaseException as error:
        _end_forked(process, loaded)
        if is_open(connection):
            prepared.end_handles(more_references=True)
        if isinstance(error, Exception):
            raise _failure(prepared, loaded, guard, db, error) from error
        raise
    _end_forked(process, loaded)
    if guard.denials:
        raise _denied(loaded, guard, db)
    if result is not None:
        _check_result(loaded, result)
        del result
    prepared.end_handles(more_references=getrefcount(connection) > references)
    problem = _leave(prepared, guard, db)
    if problem is not None:
        raise TransactionControlError(
            loaded.migration.version,
            loaded.description,
            problem,
            statement=db.failed_statement if problem == _LOST else None,
            atomic=loaded.atomic,
        )


def _database_of(
    loaded: LoadedMigration, connection: sqlite3.Connection
) -> ScriptDatabase | StepDatabase:
    """Return what the step's `up(db)` is called with: a sqlite-utils database, but for a script."""
    if loaded.migration.is_script:
        return ScriptDatabase(connection)
    # Importing sqlite-utils takes longer than most histories.
    from pmd.store.migrations.step.step_database import StepDatabase

    return StepDatabase(connection)


def _leave(
    prepared: PreparedConnection, guard: Guard, db: ScriptDatabase | StepDatabase
) -> str | None:
    """Put back what the step left behind, or return why it must not be kept."""
    connection = prepared.connection
    if not is_open(connection):
        return _CLOSED
    prepared.restore_limits()
    expect_plain_rows(connection)
    guard.end_step()
    if guard.keeps_transaction and not connection.in_transaction:
        return _LOST if guard.is_watching(prepared.cursor) else REPLACED
    if db.conn is not connection:
        return _ELSEWHERE
    if guard.settings:
        prepared.restore_pragmas(guard.settings)
    if prepared.restore_config():
        return _CONFIG
    if prepared.file.is_lost():
        return _MOVED
    if guard.made_temporary:
        drop_temporary_objects(prepared.cursor, prepared.temporary)
    return None


def _failure(
    prepared: PreparedConnection,
    loaded: LoadedMigration,
    guard: Guard,
    db: ScriptDatabase | StepDatabase,
    error: Exception,
) -> MigrationFailedError:
    """Return the error for what `up` raised."""
    if guard.denials:
        return _denied(loaded, guard, db)
    kind, problem = MigrationFailedError, f"{type(error).__name__}: {_text(error)}"
    if problem.startswith("OperationalError: cannot VACUUM"):
        kind, problem = TransactionControlError, _VACUUM
    elif guard.keeps_transaction and is_open(prepared.connection):
        lost = not prepared.connection.in_transaction
        if lost and not guard.is_watching(prepared.cursor):
            kind, problem = TransactionControlError, REPLACED
    return kind(
        loaded.migration.version,
        loaded.description,
        problem,
        statement=statement_of(error),
        atomic=loaded.atomic,
    )


def _denied(
    loaded: LoadedMigration, guard: Guard, db: ScriptDatabase | StepDatabase
) -> TransactionControlError:
    first = guard.denials[0]
    return TransactionControlError(
        loaded.migration.version,
        loaded.description,
        f"{first.what} is not allowed in a step; {first.instead}.",
        statement=db.denied_statement,
        atomic=loaded.atomic,
    )


def _text(error: Exception) -> str:
    try:
        return str(error)
    except Exception as unsaid:  # the step's own class of error may do anything
        return f"(its text raised {type(unsaid).__name__})"


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


def _end_forked(process: int, loaded: LoadedMigration) -> None:
    """End this process if the step forked it and it is the child.

    SQLite's locks do not pass to a child: going on, or even closing the connection, would write
    into the transaction of the parent (https://www.sqlite.org/howtocorrupt.html, 2.6).
    """
    if os.getpid() != process:
        _log.error(
            "migration %04d forked, and the child came back from up(db): it ends here, since the"
            " parent's transaction is not its own",
            loaded.migration.version,
        )
        os._exit(_FORKED_EXIT)
