"""The files of one database (with its journal and write-ahead log), read and written as bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.faults.values import Mode
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.temporary_folder import told_full

__all__ = ["DatabaseFiles", "read_files", "write_database"]

_FORMAT_VERSIONS = slice(18, 20)
_WAL_FORMAT = b"\x02\x02"


@dataclass(frozen=True)
class DatabaseFiles:
    """The bytes of a database, its rollback journal and its write-ahead log; empty where none."""

    database: bytes
    journal: bytes = b""
    wal: bytes = b""

    @cached_property
    def digest(self) -> str:
        """A digest of all three."""
        found = hashlib.sha256()
        for content in (self.database, self.journal, self.wal):
            found.update(len(content).to_bytes(8, "big"))
            found.update(content)
        return found.hexdigest()

    def write(self, path: Path) -> None:
        """Write the files as those of a database at ``path``, where none is yet."""
        files = (("", self.database), ("-journal", self.journal), ("-wal", self.wal))
        with told_full(path.parent):
            for ending, content in files:
                if content:
                    path.with_name(f"{path.name}{ending}").write_bytes(content)


def read_files(path: Path) -> DatabaseFiles:
    """Return the files as they are now: a process that is killed now would leave them so."""
    return DatabaseFiles(*(_content(f"{path}{ending}") for ending in ("", "-journal", "-wal")))


def _content(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path costs as much as the read
            return file.read()
    except FileNotFoundError:
        return b""


def write_database(path: Path, image: Image, mode: Mode) -> None:
    """Write ``image`` as a database in that journal mode; an empty one is no file at all.

    Bytes 18 and 19 of the header claim a write-ahead log
    (https://www.sqlite.org/fileformat.html).
    """
    content = image.content
    if not content:
        return
    if mode == "wal":
        content = content[: _FORMAT_VERSIONS.start] + _WAL_FORMAT + content[_FORMAT_VERSIONS.stop :]
    with told_full(path.parent):
        path.write_bytes(content)
