"""Read numbers, cells and records out of a database file: https://www.sqlite.org/fileformat.html.

What is no such file, or a damaged one, raises ValueError or IndexError: whoever reads pages takes
the way through SQLite then.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from pytest_pmd_migrations.files.file_content import Content

__all__ = ["HEADER", "LEAVES", "DatabaseFile", "Page", "read_varint"]

HEADER = 100
"""Bytes of the header, which page 1 begins with."""

_NO_PAGE = bytes(4)
_MAGIC = b"SQLite format 3\x00"
_LARGEST_PAGE_MARK = 1
_LARGEST_PAGE = 65536
_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE = 2, 5, 10, 13
_KINDS = frozenset((_INTERIOR_INDEX, _INTERIOR_TABLE, _LEAF_INDEX, _LEAF_TABLE))
LEAVES = frozenset((_LEAF_INDEX, _LEAF_TABLE))
"""The kinds of pages that lead to no others of their tree."""


class Page(NamedTuple):
    """One page of a b-tree: where its header begins, its kind, and where its cells begin.

    ``cells`` are offsets in the file, in the order of their keys.
    """

    number: int
    head: int
    kind: int
    cells: tuple[int, ...]

    @property
    def is_interior(self) -> bool:
        """Whether it leads to other pages."""
        return self.kind in (_INTERIOR_INDEX, _INTERIOR_TABLE)

    @property
    def is_of_table(self) -> bool:
        """Whether its tree is that of a table with rowids; else of an index, or WITHOUT ROWID."""
        return self.kind in (_INTERIOR_TABLE, _LEAF_TABLE)


@dataclass(frozen=True)
class DatabaseFile:
    """The bytes of a database file, read page by page."""

    content: Content

    @cached_property
    def page_size(self) -> int:
        """How many bytes a page has."""
        size = int.from_bytes(self.content[16:18], "big")
        size = _LARGEST_PAGE if size == _LARGEST_PAGE_MARK else size
        if not self.content.startswith(_MAGIC) or size < 512 or size & (size - 1):
            raise ValueError("no database file")
        return size

    @cached_property
    def usable(self) -> int:
        """How many bytes of a page SQLite uses."""
        return self.page_size - self.content[20]

    @cached_property
    def pages(self) -> int:
        """How many pages there are."""
        return len(self.content) // self.page_size

    def page(self, number: int) -> bytes:
        """Return the bytes of one page."""
        start = self.start(number)
        return self.content[start : start + self.page_size]

    def start(self, number: int) -> int:
        """Return where a page begins."""
        if not 1 <= number <= self.pages:
            raise ValueError(f"page {number}")
        return (number - 1) * self.page_size

    def tree_page(self, number: int) -> Page:
        """Return the header of a page of a b-tree."""
        start = self.start(number)
        head = start + (HEADER if number == 1 else 0)
        kind = self.content[head]
        if kind not in _KINDS:
            raise ValueError(f"page {number} is of kind {kind}")
        size = 12 if kind in (_INTERIOR_INDEX, _INTERIOR_TABLE) else 8
        count = int.from_bytes(self.content[head + 3 : head + 5], "big")
        offsets = struct.unpack(f">{count}H", self.content[head + size : head + size + 2 * count])
        if count and max(offsets) >= self.page_size:
            raise ValueError(f"page {number} has a cell outside")
        return Page(number, head, kind, tuple([start + offset for offset in offsets]))

    def number(self, offset: int) -> int:
        """Return the page number that stands there."""
        return int.from_bytes(self.content[offset : offset + 4], "big")

    def children(self, page: Page) -> list[int]:
        """Return the pages below an interior page, in the order of their keys."""
        content, number = self.content, int.from_bytes
        found = [number(content[cell : cell + 4], "big") for cell in page.cells]
        return [*found, number(content[page.head + 8 : page.head + 12], "big")]

    def payload(self, page: Page, cell: int) -> tuple[int, int, int]:
        """Return of a cell where its payload begins, how long it is, and how much is on the page.

        The interior pages of a table's tree have none.
        """
        offset = cell + 4 if page.is_interior else cell
        length, offset = read_varint(self.content, offset)
        if page.kind == _LEAF_TABLE:
            _, offset = read_varint(self.content, offset)
        largest = self.usable - 35
        if page.kind != _LEAF_TABLE:
            largest = (self.usable - 12) * 64 // 255 - 23
        if length <= largest:
            return offset, length, length
        local = self.smallest_local + (length - self.smallest_local) % (self.usable - 4)
        return offset, length, local if local <= largest else self.smallest_local

    @cached_property
    def smallest_local(self) -> int:
        """How many bytes of a payload that overflows are on its own page at least."""
        return (self.usable - 12) * 32 // 255 - 23

    def overflow_pages(self, first: int) -> Iterator[int]:
        """Yield the pages that a payload goes on to."""
        seen: set[int] = set()
        number = first
        while number:
            if number in seen:
                raise ValueError(f"overflow page {number}")
            seen.add(number)
            yield number
            number = self.number(self.start(number))

    def free_pages(self) -> Iterator[int]:
        """Yield the pages of the freelist: trunks, and the leaves that each names."""
        trunk = self.number(32)
        while trunk:
            yield trunk
            start = self.start(trunk)
            for leaf in range(self.number(start + 4)):
                yield self.number(start + 8 + 4 * leaf)
            trunk = self.number(start)

    def page_without_children(self, page: Page) -> bytes:
        """Return the bytes of an interior page, with zeros where it says on which pages it goes on.

        So they are the same wherever these pages lie.
        """
        start = self.start(page.number)
        content = bytearray(self.content[start : start + self.page_size])
        for offset in (page.head + 8, *page.cells):
            content[offset - start : offset - start + 4] = _NO_PAGE
        return bytes(content)

    def adjacent_cells(self, page: Page) -> list[bytes] | None:
        """Return the bytes of each cell, where they lie side by side and go on to no other page.

        None where there are holes between them, so that each must say how long it is.
        """
        head = page.head
        if self.content[head + 1 : head + 3] != b"\0\0" or self.content[head + 7]:
            return None
        offsets = sorted(page.cells)
        ends = dict(pairwise((*offsets, self.start(page.number) + self.usable)))
        if len(ends) < len(offsets) or any(
            end - offset >= self.smallest_local for offset, end in ends.items()
        ):
            return None
        begin = 4 if page.is_interior else 0
        return [self.content[offset + begin : ends[offset]] for offset in page.cells]

    def record(self, page: Page, cell: int, pages: Sequence[int]) -> bytes:
        """Return a cell's record, of which ``pages`` are the overflow pages."""
        offset, length, local = self.payload(page, cell)
        record = self.content[offset : offset + local]
        for number in pages:
            start = self.start(number)
            record += self.content[start + 4 : start + self.usable]
        return record[:length]


def read_varint(content: Content, offset: int) -> tuple[int, int]:
    """Return the number that begins at ``offset``, and the offset behind it."""
    value = 0
    for count in range(8):
        byte = content[offset + count]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset + count + 1
    # All bits of the ninth byte belong to the number.
    return value << 8 | content[offset + 8], offset + 9
