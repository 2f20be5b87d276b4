"""Open a database file to read it without changing the file or its folder."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder

__all__ = ["opened"]

_BESIDE = ("-wal", "-journal")
_WAL_MODE = b"\x02\x02"
_MODES = slice(18, 20)
_HEADER = 32
_ATTEMPTS = 5
_WAIT = 1.0
"""Seconds to wait for a writer: longer than a commit, shorter than a person's patience."""


@contextmanager
def opened(path: str | os.PathLike[str]) -> Iterator[sqlite3.Connection]:
    """Open a connection to a database file and close it at the end.

    A file with a write-ahead log or a journal beside it is read from a private copy, since SQLite
    would write to the folder to recover it. Raises SchemaReadError when there is no such file or
    it cannot be read.
    """
    file = Path(path)
    try:
        mode = _mode(file)
        if stat.S_ISDIR(mode):
            raise SchemaReadError(f"{file} is a folder; expected a SQLite database file")
        if not stat.S_ISREG(mode):
            raise SchemaReadError(f"{file} does not exist; expected a SQLite database file")
        # SQLite looks for a log beside the file that a link leads to, not beside the link.
        with _connected(file.resolve() if file.is_symlink() else file.absolute()) as conn:
            yield conn
    except OSError as error:
        raise SchemaReadError(
            f"{file} cannot be read: {error.strerror}; expected a SQLite database file that this"
            " user may read"
        ) from error


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    if any(_size(_beside(path, suffix)) for suffix in _BESIDE):
        with TemporaryFolder() as folder:
            copy = _copied(path, folder)
            with closing(sqlite3.connect(copy, timeout=_WAIT)) as conn:
                yield conn
        return
    with path.open("rb", buffering=0) as file:
        in_wal_mode = file.read(_HEADER)[_MODES] == _WAL_MODE
    # A file in WAL mode without a log beside it is open nowhere; locking it would create a log.
    uri = f"{path.as_uri()}?mode=ro{'&immutable=1' if in_wal_mode else ''}"
    with closing(sqlite3.connect(uri, uri=True, timeout=_WAIT)) as conn:
        yield conn


def _copied(path: Path, folder: Path) -> Path:
    """Copy the file with its log or journal; try again if a writer began a new one meanwhile."""
    for _ in range(_ATTEMPTS):
        before = [_head(_beside(path, suffix)) for suffix in _BESIDE]
        copy = folder / "main.db"
        shutil.copyfile(path, copy)
        for suffix in _BESIDE:
            beside = _beside(copy, suffix)
            beside.unlink(missing_ok=True)
            if _beside(path, suffix).is_file():
                shutil.copyfile(_beside(path, suffix), beside)
        if before == [_head(_beside(path, suffix)) for suffix in _BESIDE]:
            return copy
    raise SchemaReadError(
        f"{path} cannot be read: it is being written all the time; expected a database at rest."
        " Try again when the writer is done"
    )


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _mode(path: Path) -> int:
    """Return the mode of what the path leads to, 0 if there is nothing."""
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 0


def _size(path: Path) -> int:
    try:
        found = path.stat()
    except OSError:
        return 0
    return found.st_size if stat.S_ISREG(found.st_mode) else 0


def _head(path: Path) -> bytes:
    """Return the header of a log or a journal, which differs for each one that is begun."""
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(_HEADER)
