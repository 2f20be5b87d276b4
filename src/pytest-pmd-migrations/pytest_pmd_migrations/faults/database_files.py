"""The files of one database (with its journal and write-ahead log), read and written as bytes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

from pytest_pmd_migrations.faults.values import Mode
from pytest_pmd_migrations.files.temporary_folder import told_full
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image

__all__ = ["DatabaseFiles", "KeptFiles", "files_of", "read_files", "without_wal_mark"]

_LONG_AGO = 0
_Mark: TypeAlias = tuple[int, int, int] | None
_ENDINGS = ("", "-journal", "-wal")
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
        return f"{_digest_of_database(self.database)} {_digest(self.journal)} {_digest(self.wal)}"

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


class _Digested:
    """The last database of which a digest was made: many files differ by their journals only."""

    database = b""
    digest = ""


def _digest_of_database(content: bytes) -> str:
    if content is not _Digested.database or not content:
        digest = _digest(content)
        if len(content) > MEMORY_LIMIT:
            return digest
        _Digested.database, _Digested.digest = content, digest
    return _Digested.digest


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if content else ""


def read_files(path: Path) -> DatabaseFiles:
    """Return the files as they are now: a process that is killed now would leave them so."""
    name = str(path)
    return DatabaseFiles(
        _content(name), *(_content_if_there(f"{name}{ending}") for ending in ("-journal", "-wal"))
    )


class KeptFiles:
    """Reads the files at ``path`` again and again, those that nobody wrote to since not twice.

    Of a file that was read the time of its last change is set to one long ago: however coarse the
    system's clock is, it differs as soon as somebody writes. The same is done with their folder,
    whose time changes when a file is made or removed. Equal files are one object, which is
    ``known`` where that equals the first ones. ``names`` are those of all files in the folder.
    """

    def __init__(self, path: Path, known: DatabaseFiles | None = None) -> None:
        self._folder = str(path.parent)
        self._files = tuple((path.name + ending, f"{path}{ending}") for ending in _ENDINGS)
        self._last = DatabaseFiles(b"") if known is None else known
        self._marks: dict[str, _Mark] | None = None
        self.names: Sequence[str] = ()

    def read(self) -> DatabaseFiles:
        """Return the files as they are now."""
        marks = self._marked()
        if marks != self._marks:
            files = DatabaseFiles(*self._parts(marks))
            self._last = self._last if files == self._last else files
            for name, mark in marks.items():
                if mark is not None:
                    os.utime(name, ns=(_LONG_AGO, _LONG_AGO))
                    marks[name] = (*mark[:2], _LONG_AGO)
            self._marks = marks
        return self._last

    def _parts(self, marks: Mapping[str, _Mark]) -> Iterator[bytes]:
        """Yield what is in each file, read anew where it is marked otherwise than before."""
        before, last = self._marks or {}, self._last
        for (_, path), part in zip(
            self._files, (last.database, last.journal, last.wal), strict=True
        ):
            mark = marks.get(path)
            if mark is None:
                yield b""
            elif mark == before.get(path):
                yield part
            else:
                content = _content(path)
                yield part if content == part else content

    def _marked(self) -> dict[str, _Mark]:
        """Return what marks each of the files that there are."""
        folder = _mark(self._folder)
        if folder is None:
            self.names = ()
        elif folder[2] != _LONG_AGO:
            # First the time, then the names: a file that is made meanwhile changes it again.
            os.utime(self._folder, ns=(_LONG_AGO, _LONG_AGO))
            self.names = os.listdir(self._folder)  # noqa: PTH208 - hundreds are asked
        return {path: _mark(path) for name, path in self._files if name in self.names}


def _mark(path: str) -> _Mark:
    """Return what differs once the file was written or replaced, None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116 - likewise
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


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
