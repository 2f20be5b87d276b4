"""The file of a connection's database, and whether it is still the one that was opened."""

from __future__ import annotations

import os

__all__ = ["DatabaseFile"]


class DatabaseFile:
    """The file of the name that SQLite gives, in bytes; empty for a database in memory."""

    def __init__(self, name: bytes) -> None:
        # Bytes, since the name of a file need not be text.
        self._path = os.fsdecode(name)
        self._opened = self._identify()

    @property
    def exists(self) -> bool:
        """Whether the database has a file, and so outlives its connection."""
        return bool(self._path)

    def size(self) -> int:
        """Return its bytes on the disk; 0 where there is none."""
        if not self._path:
            return 0
        try:
            return os.stat(self._path).st_size  # noqa: PTH116  # the text that SQLite gave
        except (OSError, ValueError):
            return 0

    def is_lost(self) -> bool:
        """Return whether the file was removed or replaced since."""
        return self._opened is not None and self._identify() != self._opened

    def _identify(self) -> tuple[int, int] | None:
        try:
            status = os.stat(self._path)  # noqa: PTH116  # the text that SQLite gave, unchanged
        except (OSError, ValueError):
            return None
        return status.st_dev, status.st_ino
