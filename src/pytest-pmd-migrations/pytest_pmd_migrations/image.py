"""Hold a whole database file as a value, which cells step, compare and copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_pmd_migrations.connection import (
    NO_PREPARATION,
    ApplicationConnection,
    Preparation,
    preparation_of,
)
from pytest_pmd_migrations.regular_file import read_regular
from pytest_pmd_migrations.still_clock.connections import open_still
from pytest_pmd_migrations.temporary_folder import TemporaryFolder

__all__ = ["MEMORY_LIMIT", "Image"]

MEMORY_LIMIT = 5 * 1024 * 1024
"""Bytes up to which an image is opened in memory; a larger one is opened as a temporary file."""

_WRITE_VERSION = 18
_READ_VERSION = 19
_LEGACY = b"\x01\x01"
_MAGIC = b"SQLite format 3\x00"


@dataclass(frozen=True)
class Image:
    """The bytes of one database file, never changed; every connection to it is a private copy.

    ``preparation`` is what the application does to each of its connections: every copy has it.
    """

    content: bytes
    preparation: Preparation = field(default=NO_PREPARATION, compare=False, repr=False)

    @classmethod
    def of_connection(cls, conn: sqlite3.Connection) -> Image:
        """Return what ``conn`` shows now; it must have no open transaction that wrote.

        Copies are prepared as the connection was, where this package opened it.

        The bytes of an image never claim a write-ahead log (file format, offsets 18 and 19,
        https://www.sqlite.org/fileformat.html): an in-memory copy could not open it.
        """
        cursor = conn.cursor()
        cursor.row_factory = None
        # SQLite cannot serialize a database without a page.
        (pages,) = cursor.execute("PRAGMA page_count").fetchone()
        return cls(_without_wal(conn.serialize()) if pages else b"", preparation_of(conn))

    @classmethod
    def of_file(cls, path: Path) -> Image:
        """Read a database file that nobody is writing; its bytes on disk stay as they are."""
        return cls(_without_wal(read_regular(path)))

    def connect(self, **attached: Image) -> ApplicationConnection:
        """Return a connection to a private, writable copy; the caller closes it.

        It is prepared as the application prepares its own. Copies of the images ``attached`` are
        attached to it by their names. Raises SettingError where the application's code for that
        raises, TemporaryFolderError where there is no room for a copy that is a file.
        """
        images = {"main": self, **attached}
        size = max(len(image.content) for image in images.values())
        conn = _in_memory(images) if size <= MEMORY_LIMIT else _in_files(images)
        try:
            conn.prepare(self.preparation)
        except BaseException:
            conn.close()
            raise
        return conn


def _in_memory(images: Mapping[str, Image]) -> ApplicationConnection:
    conn = open_still(":memory:", ApplicationConnection)
    for name, image in images.items():
        if name != "main":
            conn.execute(f"ATTACH ':memory:' AS {name}")
        if image.content:
            conn.deserialize(image.content, name=name)
    return conn


def _in_files(images: Mapping[str, Image]) -> ApplicationConnection:
    folder = TemporaryFolder()
    try:
        for name, image in images.items():
            folder.write(f"{name}.db", image.content)
    except BaseException:
        folder.remove()
        raise
    conn = open_still(folder.path / "main.db", ApplicationConnection)
    conn.folder = folder
    for name in images:
        if name != "main":
            conn.execute(f"ATTACH ? AS {name}", (str(folder.path / f"{name}.db"),))
        conn.execute(f"PRAGMA {name}.synchronous = OFF")
    return conn


def _without_wal(content: bytes) -> bytes:
    versions = content[_WRITE_VERSION : _READ_VERSION + 1]
    if versions == _LEGACY or not content.startswith(_MAGIC):
        return content
    return content[:_WRITE_VERSION] + _LEGACY + content[_READ_VERSION + 1 :]
