"""The way of a run, from the connection that the caller opened to the COMMIT of its last step.

It is the procedure of https://www.sqlite.org/lang_altertable.html#otheralter, done for every step
whether it needs it or not; the numbers in the comments are SQLite's. A run prepares the connection
once (1), takes every step in a transaction (2 to 11), and gives the connection back (12).
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence

from pmd.store.migrations.callbacks import AfterStep, Authorizer, Backup, Progress
from pmd.store.migrations.connection.prepared import PreparedConnection
from pmd.store.migrations.database_errors import database_error, is_locked
from pmd.store.migrations.errors import (
    ForeignKeyViolationError,
    MigrationFailedError,
    TransactionControlError,
)
from pmd.store.migrations.migration_files.migration import LoadedMigration
from pmd.store.migrations.rewrite import check_backup, take_rewrite
from pmd.store.migrations.step import foreign_keys
from pmd.store.migrations.step.foreseen import can_break_no_key
from pmd.store.migrations.step.guard import Guard, StepGuard
from pmd.store.migrations.step.high_water_marks import restore_high_water_marks
from pmd.store.migrations.step.read_watch import ReadWatch
from pmd.store.migrations.step.remembered_content import Content, ContentMemory, read_data_version
from pmd.store.migrations.step.touched_keys import find_violations_of_touched, tell_touched
from pmd.store.migrations.step.up import REPLACED, run_up

__all__ = ["take_steps"]

_log = logging.getLogger("pmd.store.migrations")


def take_steps(
    connection: sqlite3.Connection,
    steps: Sequence[LoadedMigration],
    *,
    authorizer: Authorizer | None,
    backup: Backup | None,
    progress: Progress | None = None,
    before_first: Callable[[], object] | None = None,
    after_step: AfterStep | None = None,
) -> int:
    """Take the steps that no other connection takes meanwhile; return how many those were.

    During a call of `progress` or `after_step` the connection is as the caller left it. Raises
    what `MigrationRunner.run_migrations` says.
    """
    prepared, applied = PreparedConnection(connection, authorizer=authorizer), 0
    try:
        memory = _prepare(prepared)
        for step in steps:
            if not step.atomic:
                check_backup(prepared, step, backup)
        for number, step in enumerate(steps, start=1):
            started = time.perf_counter()
            before = None if applied else before_first
            if step.atomic:
                taken = _take_step(prepared, memory, step, before, is_last=step is steps[-1])
            else:
                memory.forget()
                taken = take_rewrite(prepared, step, backup, before=before)
            applied += taken
            _tell(step, time.perf_counter() - started, taken=taken)
            if taken and after_step is not None:
                memory = _call_after_step(prepared, memory, step.migration.version, after_step)
            if progress is not None:
                _give_back(prepared)
                progress(step.migration, number, len(steps))
                memory = _prepare(prepared)
    finally:
        _give_back(prepared)
    return applied


def _prepare(prepared: PreparedConnection) -> ContentMemory:
    try:
        prepared.take_over()
        # 1. Foreign keys off: inside a transaction the pragma is ignored, and with keys enforced
        #    dropping a rebuilt table would delete or cut off its children.
        if prepared.enforces_keys:
            prepared.cursor.execute("PRAGMA foreign_keys = OFF")
        prepared.read_state()
    except (prepared.connection.Error, MemoryError) as error:
        raise database_error(prepared.connection, error) from error
    return ContentMemory()


def _call_after_step(
    prepared: PreparedConnection, memory: ContentMemory, version: int, after_step: AfterStep
) -> ContentMemory:
    """Lend the caller its connection for a call of `after_step`; return what to remember then.

    Raises UnusableConnectionError when it left the connection closed or in a transaction.
    """
    connection = prepared.connection
    try:
        prepared.lend()
    except (connection.Error, MemoryError) as error:
        raise database_error(connection, error) from error
    with ReadWatch(connection, chained=prepared.authorizer) as watch:
        after_step(connection, version)
        prepared.check_returned(version)
        only_read = watch.saw_only_reads(prepared.cursor)
    if only_read and prepared.take_back():
        memory.doubt_version()
        return memory
    return _prepare(prepared)


def _take_step(
    prepared: PreparedConnection,
    memory: ContentMemory,
    loaded: LoadedMigration,
    before: Callable[[], object] | None,
    *,
    is_last: bool,
) -> bool:
    """Bring the database from the version before `loaded` to its version, or leave it as it was.

    `before` is called under the write lock, if the step is still to be taken. After the last step
    of a run nothing needs to be remembered.

    Returns False, having changed nothing, when another connection has already taken the step.
    Raises MigrationFailedError, or what a BaseException of `up` was; 12. then undoes the step.
    Longer than most functions, because the order of its lines is what it is about.
    """
    connection, version = prepared.connection, loaded.migration.version
    # A script ends where its transaction is lost: none of its statements can run once more.
    may_go_on = loaded.script is None
    try:
        if may_go_on:
            prepared.statements.attach()
        # 2. Begin, with the write lock at once: a lock taken later could fail half-way, and
        #    what was read before it could be stale.
        prepared.begin()
        content = memory.recall(prepared)
        if (content is None or content.version is None) and not prepared.is_to_take(version):
            return False
        if content is None:
            all_keys = not can_break_no_key(prepared, loaded)
            content = memory.read(prepared, version - 1, all_keys=all_keys)
        if before is not None:
            # Other connections still see the database as it was.
            before()
        if may_go_on:
            prepared.statements.forget()
    except (connection.Error, MemoryError) as error:
        raise database_error(connection, error) from error
    try:
        with StepGuard(connection, chained=prepared.authorizer) as guard:
            # 3. to 9. Remember indexes, triggers and views, build the new table, copy the rows,
            #    drop the old one, rename, build the others again: whatever up(db) does of it.
            run_up(prepared, loaded, guard)
            # 10. Foreign keys are checked before anything is kept.
            violations = _check_foreign_keys(prepared, guard, loaded, content)
            if violations is None:
                raise TransactionControlError(version, loaded.description, REPLACED)
            # The guard saw what the step set, and that is put back.
            prepared.trust_pragmas()
        if isinstance(violations, foreign_keys.NewViolations):
            raise ForeignKeyViolationError(version, loaded.description, str(violations))
        high_water_marks = content.high_water_marks
        if high_water_marks is not None or guard.made_sequences:
            high_water_marks = restore_high_water_marks(prepared.cursor, high_water_marks)
        prepared.cursor.execute(f"PRAGMA user_version = {version}")
        known = content.data_version
        if known is None and not is_last:
            known = read_data_version(prepared)
        # 11. Commit.
        prepared.cursor.execute("COMMIT")
    except (connection.Error, MemoryError) as error:
        if is_locked(error):
            raise database_error(connection, error) from error
        raise MigrationFailedError(
            version, loaded.description, f"it could not be committed: {error}"
        ) from error
    changes = connection.total_changes
    memory.keep(Content(violations, high_water_marks, known, changes, version, content.all_keys))
    return True


def _check_foreign_keys(
    prepared: PreparedConnection, guard: Guard, loaded: LoadedMigration, before: Content
) -> foreign_keys.Violations | foreign_keys.NewViolations | None:
    """Return the violations there are now; None when the connection no longer asks the guard."""
    cursor = prepared.cursor
    try:
        written = tell_touched(prepared, loaded, guard.questions)
        if written is not None:
            if not guard.is_watching(cursor):
                return None
            found = find_violations_of_touched(cursor, written, before.violations)
        else:
            # The comment makes it a text that SQLite has not seen, about which it asks the guard.
            comment = f" -- {loaded.migration.version}"
            found = foreign_keys.find_violations(cursor, comment=comment)
        after = foreign_keys.compare(before.violations, found)
        if isinstance(after, foreign_keys.NewViolations):
            after = foreign_keys.name_missing_parents(cursor, after)
    except prepared.connection.DatabaseError:
        if guard.was_asked:
            raise
        return None
    return after if guard.was_asked else None


def _give_back(prepared: PreparedConnection) -> None:
    # A step that was not committed is undone here, whatever ended it.
    # 12. Foreign keys, and whatever else was set for the run or by a step, as they were.
    prepared.give_back()


def _tell(step: LoadedMigration, seconds: float, *, taken: bool) -> None:
    if taken:
        _log.info("%04d %s: applied in %.3f s", step.migration.version, step.description, seconds)
    else:
        _log.info("%04d %s: taken by another connection", step.migration.version, step.description)
