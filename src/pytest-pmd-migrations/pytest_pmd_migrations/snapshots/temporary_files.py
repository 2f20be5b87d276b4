"""Temporary files beside the stored ones, each to be renamed to one; what a killed run left goes.

Whoever makes one holds a lock on it, which the system releases when the process ends, however it
ends. What has our name and no lock belongs to nobody.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pytest_pmd_migrations.files.file_content import Content, content_pieces

if sys.platform != "win32":
    import fcntl

__all__ = ["owned_file", "remove_dead_files"]

_ENDING = ".pmd-migrations"
_NAME = re.compile(r"\..+\.[a-z0-9_]{8}" + re.escape(_ENDING))


@contextmanager
def owned_file(beside: Path, content: Content) -> Iterator[Path]:
    """Write a temporary file beside that file, to be renamed to it, and yield its path.

    It is on the disk then, and deleted where it is still there at the end.
    """
    prefix = f".{beside.name}."
    while True:
        handle, name = tempfile.mkstemp(dir=beside.parent, prefix=prefix, suffix=_ENDING)
        if _take(handle):
            break
        os.close(handle)
    path = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in content_pieces(content):
                file.write(piece)
            file.flush()
            os.fsync(handle)
            if sys.platform != "win32":
                # Held until it has its name. Windows renames no open file.
                yield path
        if sys.platform == "win32":
            yield path
    finally:
        path.unlink(missing_ok=True)


def remove_dead_files(folder: Path) -> list[str]:
    """Delete the temporary files of ended processes in a folder, and return their names."""
    removed = []
    for path in sorted(folder.glob(f".*{_ENDING}")):
        if not _NAME.fullmatch(path.name) or path.is_symlink():
            continue
        # What belongs to somebody else, or goes meanwhile, is none of ours.
        with suppress(OSError):
            if _removed(path):
                removed.append(path.name)
    return removed


def _take(handle: int) -> bool:
    """Lock a file; return False where another run took it for left over, and deleted it, before."""
    if sys.platform != "win32":
        # A file system without locks has none left over either.
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
    return os.fstat(handle).st_nlink > 0


def _removed(path: Path) -> bool:
    """Delete a file unless a process holds the lock on it; return whether it was deleted.

    The lock is kept until it is: whoever waits for it sees then that the file is gone.
    """
    if sys.platform == "win32":
        return False
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        path.unlink()
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
