"""Write a database as a snapshot: the same rows and schema always give the same bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pytest_pmd_migrations.connections.connection import connect_file
from pytest_pmd_migrations.errors import SnapshotError
from pytest_pmd_migrations.files.file_content import Content, write_content
from pytest_pmd_migrations.files.regular_file import regular_pieces
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder, told_full
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.snapshots.temporary_files import owned_file
from pytest_pmd_migrations.snapshots.twin import twin_sql

__all__ = ["PAGE_SIZE", "canonical_image", "replace_file", "write_snapshot"]

PAGE_SIZE = 1024
"""Bytes in a page of a snapshot: a schema of ten tables takes 37 KB, at 4096 it takes 135."""

_SCHEMA_COOKIE = slice(40, 44)
_LIBRARY_VERSION = slice(96, 100)


def write_snapshot(conn: sqlite3.Connection, path: Path) -> Image:
    """Store what ``conn`` shows as ``path`` (a ``.db`` file) and its text twin beside it.

    Writes ``path`` and ``path.with_suffix(".sql")``, each by an atomic rename, and makes the
    folder when it is missing; ``conn`` stays as it is and must have no open transaction.
    Returns the image that was stored. Raises SnapshotError where a file cannot be written.
    """
    image = canonical_image(Image.of_connection(conn))
    with closing(image.connect()) as stored:
        twin = twin_sql(stored)
    replace_file(path.with_suffix(".sql"), twin)
    replace_file(path, image.stored)
    return image


def canonical_image(image: Image) -> Image:
    """Return the database packed anew, with nothing in its bytes but schema and rows.

    ``VACUUM INTO`` leaves free pages behind; the number of schema changes so far (file format,
    offset 40) is set to 1, the version of the SQLite library that wrote last (offset 96) to 0.
    https://www.sqlite.org/lang_vacuum.html, https://www.sqlite.org/fileformat.html
    """
    with TemporaryFolder() as folder, told_full(folder.parent):
        source, packed = folder / "source.db", folder / "packed.db"
        write_content(image.stored, source)
        with closing(connect_file(source, image.preparation)) as conn:
            conn.execute(f"PRAGMA page_size = {PAGE_SIZE}")
            conn.execute("VACUUM INTO ?", (str(packed),))
        return Image.of_pieces(_canonical(regular_pieces(packed)), image.preparation)


def _canonical(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes with a header that tells nothing of how they came about."""
    header = bytearray(next(pieces))
    header[_SCHEMA_COOKIE] = (1).to_bytes(4, "big")
    header[_LIBRARY_VERSION] = bytes(4)
    yield bytes(header)
    yield from pieces


def replace_file(path: Path, content: Content) -> None:
    """Write a file by an atomic rename: whoever reads it sees the old content or the new.

    Makes the folder when it is missing. Raises SnapshotError where it cannot be written; then
    the old file is still there, whole.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with owned_file(path, content) as temporary:
            temporary.chmod(0o644)
            temporary.replace(path)
    except OSError as error:
        mend = "Make room for it"
        if isinstance(error, PermissionError):
            mend = f"Make the folder yours to write into: chmod u+wx {shown_path(path.parent)}"
        raise SnapshotError(
            f"{shown_path(path)} cannot be written: {error.strerror}; expected a folder to write"
            f" into. {mend}, or set migration_snapshots to another folder."
        ) from error
