"""Hold a whole database file as a value, which cells step, compare and copy."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.temporary_folder import TemporaryFolder

__all__ = ["MEMORY_LIMIT", "Image"]

MEMORY_LIMIT = 5 * 1024 * 1024
"""Bytes up to which an image is opened in memory; a larger one is opened as a temporary file."""

_WRITE_VERSION = 18
_READ_VERSION = 19
_LEGACY = b"\x01\x01"
_MAGIC = b"SQLite format 3\x00"


class _TemporaryFileConnection(sqlite3.Connection):
    """A connection that takes its own file away when it is closed."""

    folder: TemporaryFolder | None = None

    def close(self) -> None:
        """Close the connection and delete its file."""
        super().close()
        if self.folder is not None:
            self.folder.remove()
            self.folder = None


@dataclass(frozen=True)
class Image:
    """The bytes of one database file, never changed; every connection to it is a private copy."""

    content: bytes

    @classmethod
    def of_connection(cls, conn: sqlite3.Connection) -> Image:
        """Return what ``conn`` shows now; it must have no open transaction that wrote.

        The bytes of an image never claim a write-ahead log (file format, offsets 18 and 19,
        https://www.sqlite.org/fileformat.html): an in-memory copy could not open it.
        """
        return cls(_without_wal(conn.serialize()))

    @classmethod
    def of_file(cls, path: Path) -> Image:
        """Read a database file that nobody is writing; its bytes on disk stay as they are."""
        return cls(_without_wal(path.read_bytes()))

    def connect(self, **attached: Image) -> sqlite3.Connection:
        """Return a connection to a private, writable copy; the caller closes it.

        Copies of the images ``attached`` are attached to it by their names.
        """
        images = {"main": self, **attached}
        if max(len(image.content) for image in images.values()) <= MEMORY_LIMIT:
            conn = sqlite3.connect(":memory:")
            for name, image in images.items():
                if name != "main":
                    conn.execute(f"ATTACH ':memory:' AS {name}")
                if image.content:
                    conn.deserialize(image.content, name=name)
            return conn
        folder = TemporaryFolder()
        for name, image in images.items():
            (folder.path / f"{name}.db").write_bytes(image.content)
        large = sqlite3.connect(folder.path / "main.db", factory=_TemporaryFileConnection)
        large.folder = folder
        for name in attached:
            large.execute(f"ATTACH ? AS {name}", (str(folder.path / f"{name}.db"),))
        for name in images:
            large.execute(f"PRAGMA {name}.synchronous = OFF")
        return large


def _without_wal(content: bytes) -> bytes:
    versions = content[_WRITE_VERSION : _READ_VERSION + 1]
    if versions == _LEGACY or not content.startswith(_MAGIC):
        return content
    return content[:_WRITE_VERSION] + _LEGACY + content[_READ_VERSION + 1 :]
