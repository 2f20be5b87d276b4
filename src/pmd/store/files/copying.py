"""Copy a whole database into a new file that gets its name only when it is complete."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

__all__ = ["CopyProgress", "copy_database", "open_file", "put_in_place", "sync", "write_copy"]

CopyProgress: TypeAlias = Callable[[int, int], object]
"""Called while a database is copied, with the pages done and the pages there are."""

_PAGES = 1024


def copy_database(
    source: sqlite3.Connection,
    target: sqlite3.Connection,
    *,
    progress: CopyProgress | None = None,
) -> None:
    """Copy all of one database into another by SQLite's backup API, never waiting for a lock.

    Source: https://www.sqlite.org/backup.html. Raises sqlite3.OperationalError where a lock is
    in the way: the driver alone would try for ever.
    """

    def report(status: int, remaining: int, pages: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise sqlite3.OperationalError("database is locked")
        if progress is not None:
            progress(pages - remaining, pages)

    source.backup(target, pages=_PAGES, progress=report)


def write_copy(
    source: sqlite3.Connection, file: Path, *, like: Path, progress: CopyProgress | None = None
) -> None:
    """Copy the database into `file`, a new one, synced, with the permissions of the file `like`.

    Raises OSError or sqlite3.Error; no file is left behind then.
    """
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(file, isolation_level=None)) as target:
            # A file that is thrown away when anything fails needs no journal, and is synced once.
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")
            copy_database(source, target, progress=progress)
            # Without this, the copy of a WAL database would get side files whenever it is read.
            target.execute("PRAGMA journal_mode = DELETE")
        _take_permissions(file, like.stat())
        sync(file)
    except BaseException:
        file.unlink()
        raise


def open_file(file: Path, mode: str, *, timeout: float = 0) -> sqlite3.Connection:
    """Open an existing file; `mode` is SQLite's: ro or rw. It waits for locks if told to."""
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None)


def put_in_place(partial: Path, path: Path) -> None:
    """Give a finished file its name, in a way that a power cut does not undo."""
    partial.replace(path)
    if os.name == "posix":
        sync(path.parent)


def sync(path: Path) -> None:
    """Wait until the file, or the folder's list of names, is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _take_permissions(file: Path, status: os.stat_result) -> None:
    # The owner too, where we may give files away, as SQLite does with a journal.
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.chown(file, status.st_uid, status.st_gid)
    file.chmod(stat.S_IMODE(status.st_mode))
