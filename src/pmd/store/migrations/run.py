"""A run: every pending step in turn, on one connection that is given back as it was."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Sequence

from pmd.store.migrations.callbacks import Authorizer, Backup, Progress
from pmd.store.migrations.database_errors import database_error
from pmd.store.migrations.loading import LoadedMigration
from pmd.store.migrations.rewrite import check_backup, take_rewrite
from pmd.store.migrations.session import Session
from pmd.store.migrations.step import take_step

__all__ = ["take_steps"]

_log = logging.getLogger("pmd.store.migrations")


def take_steps(
    connection: sqlite3.Connection,
    steps: Sequence[LoadedMigration],
    *,
    authorizer: Authorizer | None,
    backup: Backup | None,
    progress: Progress | None,
    before_first: Callable[[], object] | None,
) -> int:
    """Take the steps that no other connection takes meanwhile; return how many those were.

    During a call of `progress` the connection is as the caller left it. Raises what
    `MigrationRunner.run_migrations` says.
    """
    session, applied = Session(connection, authorizer=authorizer), 0
    try:
        _open(session)
        for step in steps:
            if not step.atomic:
                check_backup(session, step, backup)
        for number, step in enumerate(steps, start=1):
            started = time.perf_counter()
            prepare = None if applied else before_first
            if step.atomic:
                taken = take_step(session, step, before=prepare)
            else:
                taken = take_rewrite(session, step, backup, before=prepare)
            applied += taken
            _tell(step, time.perf_counter() - started, taken=taken)
            if progress is not None:
                session.close()
                progress(step.migration, number, len(steps))
                _open(session)
    finally:
        session.close()
    return applied


def _open(session: Session) -> None:
    try:
        session.open()
    except (session.connection.Error, MemoryError) as error:
        raise database_error(session.connection, error) from error


def _tell(step: LoadedMigration, seconds: float, *, taken: bool) -> None:
    if taken:
        _log.info("%04d %s: applied in %.3f s", step.migration.version, step.description, seconds)
    else:
        _log.info("%04d %s: taken by another connection", step.migration.version, step.description)
