"""Watch from outside what a process does to a database: locks, logs and temporary files.

Asked are the system's own records (F_GETLK, /proc), so the process that is watched runs as it
would unwatched. https://www.sqlite.org/lockingv3.html, https://www.sqlite.org/walformat.html
"""

from __future__ import annotations

import os
import struct
import sys
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["WatchedFiles", "log_size"]

_IS_LINUX = sys.platform == "linux"
_RESERVED = 0x40000001
_WAL_WRITE = 120
_FLOCK = struct.Struct("hhqqi4x")
_FREE = 2
_TEMPORARY = "etilqs_"


class WatchedFiles:
    """Notes the most that there was, and for how long the write lock was held, at each look.

    ``locked`` and ``temporary`` are None where the system does not tell.
    """

    def __init__(self, path: Path, process: int) -> None:
        self._path, self._process = path, process
        self._shared = path.with_name(f"{path.name}-shm")
        self._last: tuple[float, bool] = time.perf_counter(), False
        self.log = 0
        self.locked: float | None = 0.0 if _IS_LINUX else None
        self.temporary: int | None = 0 if _IS_LINUX else None

    def look(self) -> None:
        """Look once; the more often, the finer is what was seen."""
        self.log = max(self.log, log_size(self._path))
        if self.temporary is not None:
            self.temporary = max(self.temporary, self._temporary_bytes())
        if self.locked is not None:
            now, held = time.perf_counter(), self._is_locked()
            then, was_held = self._last
            # One that was seen at one of two looks was there for half of the time, on average.
            self.locked += (now - then) * (held + was_held) / 2
            self._last = now, held

    def _is_locked(self) -> bool:
        places = ((self._path, _RESERVED), (self._shared, _WAL_WRITE))
        return any(self._has_lock(file, byte) for file, byte in places)

    def _has_lock(self, path: Path, byte: int) -> bool:
        import fcntl

        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            asked = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0)
            return bool(_FLOCK.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))[0] != _FREE)
        finally:
            # This process has no lock on the file that this would give back.
            os.close(file)

    def _temporary_bytes(self) -> int:
        """Return how large the files are that SQLite sorts in: they have no name any more."""
        total = 0
        # The process may end between two of these calls.
        with suppress(OSError), os.scandir(f"/proc/{self._process}/fd") as files:
            for file in files:
                with suppress(FileNotFoundError):
                    # A path of pathlib's for each takes longer than all that is asked.
                    if _TEMPORARY in os.readlink(file.path):  # noqa: PTH115
                        total += file.stat().st_size
        return total


def log_size(path: Path) -> int:
    """Return how many bytes the rollback journal or write-ahead log of a database has now."""
    most = 0
    for end in ("journal", "wal"):
        with suppress(FileNotFoundError):
            most = max(most, path.with_name(f"{path.name}-{end}").stat().st_size)
    return most
