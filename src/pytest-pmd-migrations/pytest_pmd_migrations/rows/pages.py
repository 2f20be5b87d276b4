"""Tell from a database file's pages alone that a step changed only the schema.

The file format is https://www.sqlite.org/fileformat.html. Comparing pages takes microseconds,
reading rows takes milliseconds, and most steps change no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["unchanged_rows"]

_HEADER = 100
_INTERIOR = 5
_LEAF = 13
_LARGEST_PAGE_MARK = 1
_LARGEST_PAGE = 65536


def unchanged_rows(before: bytes, after: bytes) -> bool:
    """Return True only if every row of ``before`` stands in ``after`` as it was.

    So it is when all pages but those of sqlite_schema are byte for byte the same, and every
    table and index still begins at its page; what is new has been appended. May return False
    when in doubt, also for rows that only moved.
    """
    if before == after:
        return True
    try:
        old, new = _File(before), _File(after)
        if old.page_size != new.page_size or old.encoding != new.encoding:
            return False
        old_schema, old_roots = old.read_schema()
        new_schema, new_roots = new.read_schema()
    except (IndexError, ValueError):
        return False
    if not old_roots <= new_roots:
        return False
    size = old.page_size
    if old_schema == new_schema == {1}:
        # The usual case in one comparison: all of the file behind its first page.
        return before[size:] == after[size : len(before)]
    return all(
        number not in new_schema
        and before[(number - 1) * size : number * size]
        == after[(number - 1) * size : number * size]
        for number in range(2, old.pages + 1)
        if number not in old_schema
    )


@dataclass(frozen=True)
class _File:
    """The bytes of a database file, read page by page."""

    content: bytes

    @property
    def page_size(self) -> int:
        size = int.from_bytes(self.content[16:18], "big")
        return _LARGEST_PAGE if size == _LARGEST_PAGE_MARK else size

    @property
    def pages(self) -> int:
        return len(self.content) // self.page_size if self.page_size else 0

    @property
    def encoding(self) -> bytes:
        return self.content[56:60]

    def read_schema(self) -> tuple[frozenset[int], frozenset[int]]:
        """Return the pages of sqlite_schema, and the root pages it names."""
        pages: set[int] = set()
        roots: set[int] = set()
        waiting = [1]
        while waiting:
            number = waiting.pop()
            if number in pages or not 1 <= number <= self.pages:
                raise ValueError(f"page {number}")
            pages.add(number)
            start = (number - 1) * self.page_size
            head = start + (_HEADER if number == 1 else 0)
            kind = self.content[head]
            if kind == _INTERIOR:
                waiting.append(self._number(head + 8))
                waiting.extend(self._number(start + cell) for cell in self._cells(head, 12))
            elif kind == _LEAF:
                for cell in self._cells(head, 8):
                    overflow, root = self._read_row(start + cell)
                    pages.update(overflow)
                    if root:
                        roots.add(root)
            else:
                raise ValueError(f"page {number} is of kind {kind}")
        return frozenset(pages), frozenset(roots)

    def _number(self, place: int) -> int:
        return int.from_bytes(self.content[place : place + 4], "big")

    def _cells(self, head: int, size: int) -> Iterator[int]:
        count = int.from_bytes(self.content[head + 3 : head + 5], "big")
        for place in range(head + size, head + size + 2 * count, 2):
            yield int.from_bytes(self.content[place : place + 2], "big")

    def _read_row(self, place: int) -> tuple[list[int], int]:
        """Return a row's overflow pages, and the root page it names (0: none)."""
        length, place = self._varint(place)
        _, place = self._varint(place)
        reserved = self.content[20]
        usable = self.page_size - reserved
        local, overflow = length, 0
        if length > usable - 35:
            smallest = (usable - 12) * 32 // 255 - 23
            local = smallest + (length - smallest) % (usable - 4)
            local = local if local <= usable - 35 else smallest
            overflow = self._number(place + local)
        chain: list[int] = []
        while overflow:
            if overflow in chain or not 1 <= overflow <= self.pages:
                raise ValueError(f"overflow page {overflow}")
            chain.append(overflow)
            overflow = self._number((overflow - 1) * self.page_size)
        return chain, self._read_root(place, local)

    def _read_root(self, place: int, local: int) -> int:
        """Return the fourth column of a row of sqlite_schema."""
        header, cursor = self._varint(place)
        body = place + header
        sizes = []
        while cursor < place + header:
            kind, cursor = self._varint(cursor)
            sizes.append(kind)
        offset = sum(_length(kind) for kind in sizes[:3])
        kind = sizes[3]
        size = _length(kind)
        if header + offset + size > local:
            raise ValueError("the root page number is on an overflow page")
        if kind in (8, 9):
            return kind - 8
        value = self.content[body + offset : body + offset + size]
        return int.from_bytes(value, "big", signed=True)

    def _varint(self, place: int) -> tuple[int, int]:
        value = 0
        for count in range(9):
            byte = self.content[place + count]
            if count == 8:
                return value << 8 | byte, place + 9
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value, place + count + 1
        raise ValueError("no varint")


def _length(kind: int) -> int:
    """Return how many bytes a value of that serial type takes."""
    if kind >= 12:
        return (kind - 12) // 2
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]
