"""Hold a whole database file as a value, which cells step, compare and copy."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pytest_pmd_migrations.connections.connection import (
    NO_PREPARATION,
    ApplicationConnection,
    Preparation,
    preparation_of,
)
from pytest_pmd_migrations.files.file_content import Content, keep_content, write_content
from pytest_pmd_migrations.files.kept_bytes import Kept, KeptBytes, content_of, keep, put_aside
from pytest_pmd_migrations.files.regular_file import regular_pieces
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder, told_full
from pytest_pmd_migrations.still_clock.connections import open_still

__all__ = ["MEMORY_LIMIT", "Image"]

MEMORY_LIMIT = 5 * 1024 * 1024
"""Bytes up to which an image is kept and opened in memory; a larger one as a temporary file."""

_MAIN = "main.db"
_WRITE_VERSION = 18
_READ_VERSION = 19
_LEGACY = b"\x01\x01"
_MAGIC = b"SQLite format 3\x00"


class Image:
    """The bytes of one database file, never changed; every connection to it is a private copy.

    Those of a large database are in a temporary file; those of many small ones share the pages
    that are the same. ``preparation`` is what the application does to each of its connections:
    every copy has it. Images are equal if their bytes are.
    """

    def __init__(self, stored: Content | Kept, preparation: Preparation = NO_PREPARATION) -> None:
        self._kept = stored if isinstance(stored, KeptBytes) else keep(stored)
        self.preparation = preparation

    @property
    def kept(self) -> Kept:
        """The bytes as they are kept."""
        return self._kept

    @property
    def stored(self) -> Content:
        """The bytes, those of a large database in a temporary file."""
        return content_of(self.kept)

    @property
    def content(self) -> bytes:
        """All bytes at once; of a large database they are read piece by piece from ``stored``."""
        return bytes(self.stored)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return len(self.kept)

    @property
    def known(self) -> dict[str, object]:
        """What was found out about the bytes, by any name; it may be forgotten at any time."""
        return self.kept.known

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Image):
            return NotImplemented
        return self.size == other.size and self.stored == other.stored

    def __hash__(self) -> int:
        return hash(self.size)

    def __repr__(self) -> str:
        return f"Image(stored={self.stored!r})"

    def put_aside(self) -> None:
        """Let the image take less room until it is asked for again."""
        put_aside(self.kept)

    def prepared_as(self, preparation: Preparation) -> Image:
        """Return the same bytes with connections that are prepared in another way."""
        return Image(self.kept, preparation)

    @classmethod
    def of_pieces(cls, pieces: Iterable[bytes], preparation: Preparation = NO_PREPARATION) -> Image:
        """Return the image of the bytes of ``pieces``, which are read one after the other."""
        return cls(keep_content(_without_wal(pieces), MEMORY_LIMIT), preparation)

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
        pieces = _pages(conn) if pages else iter(())
        return cls.of_pieces(pieces, preparation_of(conn))

    @classmethod
    def of_file(cls, path: Path) -> Image:
        """Read a database file that nobody is writing; its bytes on disk stay as they are."""
        return cls.of_pieces(regular_pieces(path))

    def connect(self, **attached: Image) -> ApplicationConnection:
        """Return a connection to a private, writable copy; the caller closes it.

        It is prepared as the application prepares its own. Copies of the images ``attached`` are
        attached to it by their names. Raises SettingError where the application's code for that
        raises, TemporaryFolderError where there is no room for a copy that is a file.
        """
        images = {"main": self, **attached}
        size = max(image.size for image in images.values())
        conn = _in_memory(images) if size <= MEMORY_LIMIT else _in_files(images)
        try:
            conn.prepare(self.preparation)
        except BaseException:
            conn.close()
            raise
        return conn


def _in_memory(images: Mapping[str, Image]) -> ApplicationConnection:
    conn = open_still(":memory:", ApplicationConnection)
    conn.is_in_memory = True
    for name, image in images.items():
        if name != "main":
            conn.execute(f"ATTACH ':memory:' AS {name}")
        if image.size:
            conn.deserialize(image.content, name=name)
    return conn


def _in_files(images: Mapping[str, Image]) -> ApplicationConnection:
    folder = TemporaryFolder()
    try:
        for name, image in images.items():
            with told_full(folder.path.parent):
                write_content(image.stored, folder.path / f"{name}.db")
    except BaseException:
        folder.remove()
        raise
    conn = open_still(folder.path / _MAIN, ApplicationConnection)
    conn.folder = folder
    for name in images:
        if name != "main":
            conn.execute(f"ATTACH ? AS {name}", (str(folder.path / f"{name}.db"),))
        conn.execute(f"PRAGMA {name}.synchronous = OFF")
    return conn


def _pages(conn: sqlite3.Connection) -> Iterator[bytes]:
    """Yield what a database file with all that ``conn`` shows has in it, piece by piece."""
    path = _whole_file(conn)
    if path is None:
        yield conn.serialize()
    else:
        yield from regular_pieces(path)


def _whole_file(conn: sqlite3.Connection) -> Path | None:
    """Return the file of a private copy, if it holds all that was committed.

    With a write-ahead log it may not. To serialize it would take as much memory as it is large,
    twice.
    """
    if not isinstance(conn, ApplicationConnection) or conn.folder is None or conn.in_transaction:
        return None
    path = conn.folder.path / _MAIN
    cursor = conn.cursor()
    cursor.row_factory = None
    (pages,) = cursor.execute("PRAGMA main.page_count").fetchone()
    (page_size,) = cursor.execute("PRAGMA main.page_size").fetchone()
    try:
        with path.open("rb") as file:
            header = file.read(_READ_VERSION + 1)
        whole = path.stat().st_size == pages * page_size
    except OSError:
        # A migration may have taken the file away, which SQLite still has open.
        return None
    return path if whole and header[_WRITE_VERSION:] == _LEGACY else None


def _without_wal(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes with a header that claims no write-ahead log."""
    rest = iter(pieces)
    for first in rest:
        versions = first[_WRITE_VERSION : _READ_VERSION + 1]
        if versions == _LEGACY or not first.startswith(_MAGIC):
            yield first
        else:
            yield first[:_WRITE_VERSION]
            yield _LEGACY
            yield first[_READ_VERSION + 1 :]
        break
    yield from rest
