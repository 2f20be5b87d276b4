"""Keep the bytes of a large file in a temporary file, and read them piece by piece."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import FileIO
from itertools import chain
from pathlib import Path
from typing import TypeAlias, overload

from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder, told_full

__all__ = ["Content", "FileContent", "content_pieces", "keep_content", "write_content"]

_WINDOW = 64 * 1024
_PIECE = 1024 * 1024


class FileContent:
    """The bytes of a large file, never changed: they take room on the disk and none in memory.

    They are read as ``bytes`` are, by index and by slice, and are gone when nobody has them.
    ``known`` is what was found out about them, by any name.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        """Write ``pieces``; raises TemporaryFolderError where there is no room for them."""
        self.known: dict[str, object] = {}
        self._folder = _folder()
        with told_full(self._folder.path.parent):
            handle, name = tempfile.mkstemp(dir=self._folder.path)
        self._path = Path(name)
        self._size = 0
        weakref.finalize(self, _unlink, self._path, os.getpid())
        with os.fdopen(handle, "wb", buffering=0) as file:
            # What making a piece raises is not about the temporary folder.
            for piece in pieces:
                with told_full(self._folder.path.parent):
                    self._size += _write_all(file, piece)
        self._start, self._window = 0, b""

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, key: int) -> int: ...
    @overload
    def __getitem__(self, key: slice) -> bytes: ...
    def __getitem__(self, key: int | slice) -> int | bytes:
        if isinstance(key, slice):
            start, end, _ = key.indices(self._size)
            end = max(start, end)
            first = self._start
            if first <= start and end <= first + len(self._window):
                return self._window[start - first : end - first]
            return self._read(start, end)
        if not 0 <= key < self._size:
            raise IndexError(key)
        if not self._start <= key < self._start + len(self._window):
            self._read(key, key + 1)
        return self._window[key - self._start]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FileContent | bytes):
            return NotImplemented
        return len(self) == len(other) and all(
            self[start : start + _PIECE] == other[start : start + _PIECE]
            for start in range(0, len(self), _PIECE)
        )

    def __hash__(self) -> int:
        return hash(self._size)

    def __bytes__(self) -> bytes:
        return self._path.read_bytes()

    def startswith(self, prefix: bytes) -> bool:
        """Return whether the first bytes are these."""
        return self[: len(prefix)] == prefix

    def write_to(self, path: Path) -> None:
        """Write the bytes to a file at ``path``."""
        shutil.copyfile(self._path, path)

    def _read(self, start: int, end: int) -> bytes:
        """Return the bytes from ``start`` to ``end``; keep those around a short piece."""
        if end - start >= _WINDOW:
            return self._read_file(start, end)
        first = start - start % _WINDOW
        window = self._read_file(first, max(first + _WINDOW, end))
        self._start, self._window = first, window
        return window[start - first : end - first]

    def _read_file(self, start: int, end: int) -> bytes:
        # Kept open, hundreds of images would take all files that a process may have open.
        with self._path.open("rb", buffering=0) as file:
            file.seek(start)
            return file.read(end - start)


Content: TypeAlias = bytes | FileContent
"""The bytes of a file: those of a small one in memory, those of a large one in a temporary file."""


def keep_content(pieces: Iterable[bytes], limit: int) -> Content:
    """Return the bytes of ``pieces`` one after the other; more than ``limit`` go into a file."""
    rest = iter(pieces)
    kept: list[bytes] = []
    size = 0
    for piece in rest:
        kept.append(piece)
        size += len(piece)
        if size > limit:
            return FileContent(chain(_given_away(kept), rest))
    return b"".join(kept)


def content_pieces(content: Content) -> Iterator[bytes]:
    """Yield the bytes one piece after the other."""
    if isinstance(content, bytes):
        yield content
        return
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]


def write_content(content: Content, path: Path) -> None:
    """Write the bytes to a file at ``path``; raises OSError where that cannot be done."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content.write_to(path)


def _write_all(file: FileIO, piece: bytes) -> int:
    """Write a piece and return its length; one call of the system's may write less."""
    written = 0
    while written < len(piece):
        written += file.write(piece[written:] if written else piece)
    return written


def _given_away(pieces: list[bytes]) -> Iterator[bytes]:
    """Yield the pieces, and keep none of them."""
    pieces.reverse()
    while pieces:
        yield pieces.pop()


_PROCESS = os.getpid()


class _Kept:
    """The folder of this process's files."""

    folder: TemporaryFolder | None = None
    process = 0


def _folder() -> TemporaryFolder:
    """Return the folder of this process's files, which is removed when the process ends.

    A child that may be killed makes it where its parent removes it.
    """
    folder, process = _Kept.folder, os.getpid()
    if folder is None or _Kept.process != process or not folder.path.is_dir():
        folder = TemporaryFolder(lasting=process == _PROCESS)
        _Kept.folder, _Kept.process = folder, process
    return folder


def _unlink(path: Path, process: int) -> None:
    """Delete a file, unless this is a child that only knows of its parent's."""
    if process == os.getpid():
        with suppress(FileNotFoundError):
            path.unlink()
