"""Restore a backup over a database, whose present content is kept aside first."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pmd.store.errors import BackupError
from pmd.store.files.backup import new_name
from pmd.store.files.copying import (
    CopyProgress,
    copy_database,
    open_file,
    put_in_place,
    sync,
    write_copy,
)
from pmd.store.files.opening import SIDE_FILES, open_connection, open_for_reading, refuse_foreign
from pmd.store.files.soundness import refuse_damaged
from pmd.store.migrations import (
    DamagedDatabaseError,
    MigrationError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
)
from pmd.store.migrations.database_errors import database_error

__all__ = ["Restored", "restore"]

_ASIDE = ".replaced"
_PARTIAL = ".partial"


@dataclass(frozen=True)
class Restored:
    """A finished restore: the version restored, and the file that keeps what was there, if any."""

    version: int
    aside: Path | None


def restore(
    database: Path, backup: Path, *, timeout: float, progress: CopyProgress | None = None
) -> Restored:
    """Make the database what the backup holds.

    The backup is checked before anything is written, and the database's present content is kept
    beside it under a name that ends in .replaced, which nothing deletes. Both are done under one
    exclusive lock, and the content is replaced in one transaction: a crash leaves the old or the
    new. A file that is no readable database is replaced whole, with what SQLite keeps beside it.
    Raises BackupError, DatabaseLockedError, ReadOnlyDatabaseError or DatabasePathError.
    """
    if backup.resolve() == database.resolve():
        raise BackupError(f"{backup} is the database itself. Give one of its backups.")
    with closing(open_for_reading(backup, timeout=timeout)) as source:
        version = _checked_version(source, backup)
        try:
            aside = _restore(database, source, backup, timeout, progress)
        except OSError as error:
            raise _cannot_restore(database, error.strerror or str(error)) from error
    return Restored(version, aside)


def _checked_version(source: sqlite3.Connection, backup: Path) -> int:
    try:
        refuse_foreign(source, str(backup))
        refuse_damaged(source, f"the backup {backup}")
        # Held until all is done: the backup cannot change between its check and its use.
        source.execute("BEGIN")
        (version,) = source.execute("PRAGMA user_version").fetchone()
        (objects,) = source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except MigrationError as error:
        raise BackupError(f"{backup} cannot be restored: {error}") from error
    except sqlite3.Error as error:
        raise _cannot_restore(backup, str(error)) from error
    if not objects or version < 0:
        what = "it is empty" if version >= 0 else f"it has the version {version}"
        raise BackupError(
            f"{backup} cannot be restored: {what}. Nothing was changed; give another backup."
        )
    return int(version)


def _restore(
    database: Path,
    source: sqlite3.Connection,
    backup: Path,
    timeout: float,
    progress: CopyProgress | None,
) -> Path | None:
    if database.exists() and not (database.is_file() and _is_no_database(database)):
        try:
            return _restore_under_lock(database, source, timeout, progress)
        except (NotADatabaseError, DamagedDatabaseError):
            # It took the right to write, and so a look at its journal, to find this out.
            pass
    return _replace_file(database, source, backup, progress)


def _is_no_database(database: Path) -> bool:
    """Return whether SQLite finds that the file cannot be read as a database.

    Looked at without the right to write, since SQLite would delete side files that it cannot use.
    """
    with closing(open_file(database, "ro")) as connection:
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.Error as error:
            known = database_error(connection, error)
            return isinstance(known, NotADatabaseError | DamagedDatabaseError)
    return False


def _restore_under_lock(
    database: Path, source: sqlite3.Connection, timeout: float, progress: CopyProgress | None
) -> Path | None:
    with closing(open_connection(str(database), timeout=timeout)) as target:
        try:
            # In this mode the lock outlives the transaction, so that it is held without a break
            # from the first page that is kept aside to the last one that is replaced.
            target.execute("PRAGMA locking_mode = EXCLUSIVE")
            target.execute("BEGIN EXCLUSIVE")
            (version,) = target.execute("PRAGMA user_version").fetchone()
            (objects,) = target.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            # A read-only file lets BEGIN pass; writing, even to undo it, does not.
            target.execute(f"PRAGMA user_version = {version}")
            target.execute("ROLLBACK")
            aside = _keep_aside(database, target, max(version, 0)) if objects else None
            copy_database(source, target, progress=progress)
        except sqlite3.Error as error:
            known = database_error(target, error)
            if isinstance(known, ReadOnlyDatabaseError):
                raise _cannot_restore(database, str(error)) from error
            raise known from error
    return aside


def _keep_aside(database: Path, target: sqlite3.Connection, version: int) -> Path:
    aside = new_name(database, version, _ASIDE)
    # One name for all, so that the next one clears away what a kill left: the lock is held.
    partial = database.with_name(f"{database.name}{_ASIDE}{_PARTIAL}")
    partial.unlink(missing_ok=True)
    write_copy(target, partial, like=database)
    put_in_place(partial, aside)
    return aside


def _replace_file(
    database: Path, source: sqlite3.Connection, backup: Path, progress: CopyProgress | None
) -> Path | None:
    """Replace the file by a copy of the backup; no connection to the database is open."""
    aside = new_name(database, 0, _ASIDE)
    partial = database.with_name(f"{database.name}.restored{_PARTIAL}")
    partial.unlink(missing_ok=True)
    existed = database.exists()
    try:
        write_copy(source, partial, like=database if existed else backup, progress=progress)
    except sqlite3.Error as error:
        raise _cannot_restore(database, str(error)) from error
    if existed:
        shutil.copy2(database, aside)
        sync(aside)
    # Left where they are, SQLite would take them for the restored file's.
    moved = [suffix for suffix in SIDE_FILES if Path(f"{database}{suffix}").exists()]
    for suffix in moved:
        Path(f"{database}{suffix}").replace(f"{aside}{suffix}")
    put_in_place(partial, database)
    return aside if existed or moved else None


def _cannot_restore(path: Path, why: str) -> BackupError:
    return BackupError(
        f"{path} cannot be restored: {why}. Nothing was changed; make room, make the file and its"
        " folder writable, and try again."
    )
