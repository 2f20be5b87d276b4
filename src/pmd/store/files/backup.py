"""Keep backups of a database: whole files beside it, named with their time and version.

`notes.db.20261125T101530.250Z-0007.backup` is notes.db as it was then (UTC), at version 7. Names
sort by time. A backup has that name only when it is complete, synced and checked.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pmd.store.errors import BackupError
from pmd.store.files.copying import CopyProgress, open_file, put_in_place, write_copy
from pmd.store.files.pages import hold_the_same
from pmd.store.files.soundness import refuse_damaged
from pmd.store.migrations import MigrationError
from pmd.store.migrations.database_errors import database_error

__all__ = [
    "BACKUPS_KEPT",
    "Backup",
    "KeptBackup",
    "find_backups",
    "in_use",
    "keep_backup",
    "lock_for_backup",
    "mark_in_use",
    "new_name",
]

BACKUPS_KEPT = 3
"""How many backups of a database are kept: the newest."""

_ENDING = ".backup"
_PARTIAL = ".partial"
_NAME = re.compile(r"(?P<taken>[0-9]{8}T[0-9]{6}\.[0-9]{3}Z)-(?P<version>[0-9]{4,10})\.backup")
_TIME = "%Y%m%dT%H%M%S.%f"
_READ_TIMEOUT = 30.0
_MILLISECOND = timedelta(milliseconds=1)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Backup:
    """One backup; backups sort by the time they were taken."""

    taken: str
    version: int
    path: Path


@dataclass(frozen=True)
class KeptBackup:
    """The backup that is kept; `made` is False if one with the same content was there already."""

    backup: Backup
    made: bool


def find_backups(database: Path) -> list[Backup]:
    """Return the backups beside the database, oldest first; a folder that is not there has none.

    Raises BackupError where the folder may not be listed.
    """
    found = []
    try:
        for path in database.parent.iterdir():
            backup = _read_name(database, path, path.name)
            if backup and path.is_file():
                found.append(backup)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise _cannot_back_up(database, error.strerror or str(error)) from error
    return sorted(found)


def lock_for_backup(connection: sqlite3.Connection, file: Path) -> None:
    """Begin a write transaction on the database in `file`, so that nothing changes meanwhile.

    Raises a MigrationError where SQLite refuses, BackupError where there is nothing to back up.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
        (objects,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite3.Error as error:
        raise database_error(connection, error) from error
    if not objects:
        raise BackupError(f"{file} is empty: there is nothing to back up.")


def keep_backup(database: Path, *, progress: CopyProgress | None = None) -> KeptBackup:
    """Copy the database, check the copy, put it in place, and delete all but the newest three.

    The caller holds the database's write lock on another connection, so that nothing changes
    meanwhile and only one backup is made at a time. If the newest backup holds the very same, it
    is kept instead: trying a failing upgrade again and again does not push out what it started
    from. Raises BackupError or DamagedDatabaseError; nothing is left behind then.
    """
    try:
        _delete_unfinished(database)
        kept = _keep(database, progress)
    except OSError as error:
        raise _cannot_back_up(database, error.strerror or str(error)) from error
    except sqlite3.Error as error:
        raise _cannot_back_up(database, str(error)) from error
    _delete_oldest(database)
    return kept


def mark_in_use(backup: Backup) -> sqlite3.Connection:
    """Mark the backup as that of an upgrade which goes on until the connection is closed.

    It holds a write lock, which no reader of the backup takes and which ends with the process.
    """
    connection = open_file(backup.path, "rw")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def in_use(backup: Backup) -> bool:
    """Return whether the backup is that of an upgrade which is still going on."""
    try:
        mark_in_use(backup).close()
    except sqlite3.DatabaseError as error:
        return str(error).startswith("database is locked")
    return False


def new_name(database: Path, version: int, ending: str) -> Path:
    """Return the name of a file that is made now: later than every backup's, and free."""
    now = datetime.now(UTC)
    existing = find_backups(database)
    if existing:
        # A clock that was set back must not make the newest backup look like the oldest.
        newest = datetime.strptime(existing[-1].taken.rstrip("Z"), _TIME).replace(tzinfo=UTC)
        now = max(now, newest + _MILLISECOND)
    while True:
        taken = f"{now.strftime(_TIME)[:-3]}Z"
        path = database.with_name(f"{database.name}.{taken}-{version:04d}{ending}")
        if not path.exists():
            return path
        now += _MILLISECOND


def _keep(database: Path, progress: CopyProgress | None) -> KeptBackup:
    existing = find_backups(database)
    # Those who open and close a WAL keep others from reading for a moment.
    with closing(open_file(database, "ro", timeout=_READ_TIMEOUT)) as source:
        source.execute("BEGIN")
        version = _version(source)
        path = new_name(database, version, _ENDING)
        partial = path.with_name(f"{path.name}{_PARTIAL}")
        write_copy(source, partial, like=database, progress=progress)
    try:
        with closing(open_file(partial, "ro")) as copy:
            refuse_damaged(copy, f"the database {database}")
            if _version(copy) != version:
                raise _cannot_back_up(database, "the copy came out with another version")
        newest = existing[-1] if existing else None
        # A file in use is never read here: closing it would drop this process's locks on it.
        if newest and not in_use(newest) and hold_the_same(partial, newest.path):
            partial.unlink()
            return KeptBackup(newest, made=False)
        put_in_place(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return KeptBackup(find_backups(database)[-1], made=True)


def _version(connection: sqlite3.Connection) -> int:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version < 0:
        raise MigrationError(
            f"the database has the version {version}; expected one from 0. No backup was made;"
            " check which program wrote PRAGMA user_version."
        )
    return version


def _read_name(database: Path, path: Path, name: str) -> Backup | None:
    """Return the backup that a file of this name is, None if it is none of this database's."""
    prefix = f"{database.name}."
    match = _NAME.fullmatch(name.removeprefix(prefix)) if name.startswith(prefix) else None
    return Backup(match["taken"], int(match["version"]), path) if match else None


def _delete_unfinished(database: Path) -> None:
    """Delete what a killed backup left: under the write lock no other one is being made."""
    for path in database.parent.iterdir():
        name = path.name.removesuffix(_PARTIAL)
        if name != path.name and _read_name(database, path, name):
            path.unlink()


def _delete_oldest(database: Path) -> None:
    for backup in find_backups(database)[:-BACKUPS_KEPT]:
        if in_use(backup):
            continue
        try:
            backup.path.unlink()
        except OSError as error:
            _log.warning("%s is one backup too many, and stays: %s", backup.path, error)


def _cannot_back_up(database: Path, why: str) -> BackupError:
    return BackupError(
        f"no backup of {database} could be made: {why}. Nothing was changed; make room, make the"
        f" folder {database.parent} writable, or go on without a backup."
    )
