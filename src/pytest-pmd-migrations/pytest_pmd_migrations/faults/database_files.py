"""The files of one database (with its journal and write-ahead log), read and written as bytes."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_pmd_migrations.faults.values import Mode
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.temporary_folder import told_full

__all__ = ["DatabaseFiles", "files_of", "read_files", "without_wal_mark"]

_FORMAT_VERSIONS = slice(18, 20)
_WAL_FORMAT, _LEGACY_FORMAT = b"\x02\x02", b"\x01\x01"


@dataclass(frozen=True)
class DatabaseFiles:
    """The bytes of a database, its rollback journal and its write-ahead log; empty where none."""

    database: bytes
    journal: bytes = b""
    wal: bytes = b""

    @property
    def size(self) -> int:
        """How many bytes all three have."""
        return len(self.database) + len(self.journal) + len(self.wal)

    @cached_property
    def digest(self) -> str:
        """A digest of all three."""
        found = hashlib.sha256()
        for content in (self.database, self.journal, self.wal):
            found.update(len(content).to_bytes(8, "big"))
            found.update(content)
        return found.hexdigest()

    def write(self, path: Path) -> None:
        """Write the files as those of a database at ``path``, where none is yet.

        An empty database is no file at all.
        """
        files = (("", self.database), ("-journal", self.journal), ("-wal", self.wal))
        with told_full(path.parent):
            for ending, content in files:
                if content:
                    with open(f"{path}{ending}", "wb") as file:  # noqa: PTH123 - as below
                        file.write(content)


def read_files(path: Path) -> DatabaseFiles:
    """Return the files as they are now: a process that is killed now would leave them so."""
    name = str(path)
    return DatabaseFiles(
        _content(name), *(_content_if_there(f"{name}{ending}") for ending in ("-journal", "-wal"))
    )


def _content_if_there(path: str) -> bytes:
    # Mostly it is not, and an error that says so takes longer than the question.
    return _content(path) if os.access(path, os.F_OK) else b""


def _content(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - a Path costs as much as the read
            return file.read()
    except FileNotFoundError:
        return b""


def files_of(image: Image, mode: Mode) -> DatabaseFiles:
    """Return the files of ``image`` as a database in that journal mode."""
    content = image.content
    return DatabaseFiles(_marked(content, _WAL_FORMAT) if content and mode == "wal" else content)


def without_wal_mark(content: bytes) -> bytes:
    """Return the bytes of a database without the claim that it has a write-ahead log."""
    if content[_FORMAT_VERSIONS] != _WAL_FORMAT:
        return content
    return _marked(content, _LEGACY_FORMAT)


def _marked(content: bytes, mark: bytes) -> bytes:
    """Return a database's bytes with other format versions in its header.

    Bytes 18 and 19 claim a write-ahead log (https://www.sqlite.org/fileformat.html).
    """
    return content[: _FORMAT_VERSIONS.start] + mark + content[_FORMAT_VERSIONS.stop :]
