"""Keep the bytes of many files in memory: what several of them have in common is there once.

A history of a thousand versions has a thousand databases, and each is the one before with a few
other pages. What was made or asked for last is kept whole, which is quick to read. What is older is
kept in pieces, and a piece that another file had shortly before is the same object.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from pytest_pmd_migrations.files.file_content import Content, FileContent

__all__ = ["Kept", "KeptBytes", "Split", "content_of", "keep", "pages", "paragraphs", "put_aside"]

_WHOLE = 64 * 1024 * 1024
"""Bytes of files that are kept whole, of all together."""

_PIECES = 32 * 1024 * 1024
"""Bytes of the pieces that the next file's are compared with: those that were met last."""

_USUAL_PAGE = 4096
_LARGEST_PAGE_MARK = 1
_LARGEST_PAGE = 65536
_SMALLEST_PAGE = 512
_BETWEEN_PARAGRAPHS = b"\n\n"

Split: TypeAlias = Callable[[bytes], Iterable[bytes]]
"""A function that cuts bytes into pieces, which other files of their kind have too."""


def pages(content: bytes) -> Iterator[bytes]:
    """Yield the pages of a database file."""
    size = int.from_bytes(content[16:18], "big")
    size = _LARGEST_PAGE if size == _LARGEST_PAGE_MARK else size
    if size < _SMALLEST_PAGE:
        size = _USUAL_PAGE
    for start in range(0, len(content), size):
        yield content[start : start + size]


def paragraphs(content: bytes) -> Iterator[bytes]:
    """Yield the paragraphs of a text, each but the last with the empty line that ends it."""
    *others, last = content.split(_BETWEEN_PARAGRAPHS)
    for one in others:
        yield one + _BETWEEN_PARAGRAPHS
    yield last


class KeptBytes:
    """The bytes of one file, never changed; in pieces while others were asked for later.

    ``known`` is what was found out about them, by any name. It is forgotten as they are cut up, and
    is to be found out again where it is not there.
    """

    __slots__ = ("__weakref__", "_pieces", "_size", "_split", "_whole", "known")

    def __init__(self, content: bytes, split: Split = pages) -> None:
        self._size = len(content)
        self.known: dict[str, object] = {}
        self._split = split
        self._pieces: tuple[bytes, ...] | None = None
        self._whole: bytes | None = content
        _RECENT.add(self)

    def __len__(self) -> int:
        return self._size

    def whole(self) -> bytes:
        """Return all bytes as one."""
        content = self._whole
        if content is None:
            content = self._whole = b"".join(self._pieces or ())
            _RECENT.add(self)
        return content

    @classmethod
    def of_pieces(cls, pieces: tuple[bytes, ...], split: Split) -> KeptBytes:
        """Return bytes that are kept in pieces already."""
        made = cls(b"", split)
        made._size = sum(map(len, pieces))
        made._pieces, made._whole = pieces, None
        return made

    def in_pieces(self) -> tuple[tuple[bytes, ...], Split]:
        """Return the pieces, those that others have being the same objects, and what cut them."""
        if self._pieces is None:
            self._pieces = _SHARED.once(self._split(self._whole or b""))
        return self._pieces, self._split

    def cut_up(self) -> None:
        """Keep the bytes in pieces from now on, and forget what is known of them."""
        _RECENT.remove(self)
        self.in_pieces()
        self._whole = None
        self.known.clear()


Kept: TypeAlias = KeptBytes | FileContent
"""The bytes of a file for as long as they are needed: those of a large one are in a file."""


def keep(content: Content, split: Split = pages) -> Kept:
    """Return the bytes as they are kept."""
    return KeptBytes(content, split) if isinstance(content, bytes) else content


def put_aside(kept: Kept) -> None:
    """Say that these bytes are not needed for a while."""
    if isinstance(kept, KeptBytes):
        kept.cut_up()


def content_of(kept: Kept) -> Content:
    """Return the bytes to be read."""
    return kept.whole() if isinstance(kept, KeptBytes) else kept


class _Recent:
    """What is kept whole, the longest ago first; cut up where it is too much."""

    def __init__(self) -> None:
        self._held: dict[int, weakref.ref[KeptBytes]] = {}
        self._size = 0

    def add(self, kept: KeptBytes) -> None:
        number, size = id(kept), len(kept)
        self._held[number] = weakref.ref(kept, lambda _: self._forget(number, size))
        self._size += size
        while self._size > _WHOLE and len(self._held) > 1:
            oldest = self._held[next(iter(self._held))]()
            if oldest is None:
                # The collector has just found it, and will tell.
                return
            oldest.cut_up()

    def remove(self, kept: KeptBytes) -> None:
        self._forget(id(kept), len(kept))

    def _forget(self, number: int, size: int) -> None:
        if self._held.pop(number, None) is not None:
            self._size -= size


class _Shared:
    """The pieces that were met last, each once."""

    def __init__(self) -> None:
        self._known: dict[bytes, bytes] = {}
        self._size = 0

    def once(self, pieces: Iterable[bytes]) -> tuple[bytes, ...]:
        """Return equal pieces, those that are known already in the place of these."""
        found = []
        known = self._known
        for piece in pieces:
            same = known.pop(piece, None)
            if same is None:
                same = piece
                self._size += len(piece)
            # What is met again is the newest.
            known[same] = same
            found.append(same)
        while self._size > _PIECES:
            oldest = next(iter(known))
            self._size -= len(known.pop(oldest))
        return tuple(found)


_RECENT = _Recent()
_SHARED = _Shared()
