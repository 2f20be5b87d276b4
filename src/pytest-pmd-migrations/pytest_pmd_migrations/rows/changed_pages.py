"""See from a database file's pages alone that a step changed no row.

The file format is https://www.sqlite.org/fileformat.html. Comparing pages takes microseconds,
reading rows takes milliseconds, and most steps change no row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["same_content", "unchanged_rows"]

_HEADER = 100
_COUNTERS = (slice(24, 28), slice(40, 44), slice(92, 100))
_INTERIOR = 5
_LEAF = 13
_LARGEST_PAGE_MARK = 1
_LARGEST_PAGE = 65536
_AFTER_COLUMNS = re.compile(rb"\s*(\)|,\s*(UNIQUE|CHECK|FOREIGN|PRIMARY|CONSTRAINT)\b)", re.I)


def same_content(before: bytes, after: bytes) -> bool:
    """Return whether two files differ at most in how often they were written.

    The header counts that: change counter, schema cookie, and the library's version.
    """
    if len(before) != len(after) or before[_HEADER:] != after[_HEADER:]:
        return False
    if before[:_HEADER] == after[:_HEADER]:
        return True
    one, other = bytearray(before[:_HEADER]), bytearray(after[:_HEADER])
    for counter in _COUNTERS:
        one[counter] = other[counter]
    return one == other


def unchanged_rows(before: bytes, after: bytes) -> bool:
    """Return True only if every row of ``before`` is in ``after``, unchanged.

    It looks at the pages: all but those of sqlite_schema must be byte for byte the same, every
    table and index must still begin at its page under its name, with no more than a column added
    at its end, and new pages must be appended. May return False when in doubt, also for rows that
    only moved, and for renames.
    """
    if same_content(before, after):
        return True
    try:
        old, new = _File(before), _File(after)
        if old.page_size != new.page_size or old.encoding != new.encoding:
            return False
        old_schema, old_rows = old.read_schema()
        new_schema, new_rows = new.read_schema()
        if not _all_there(old_rows - new_rows, new_rows - old_rows):
            return False
    except (IndexError, ValueError):
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


def _all_there(removed: frozenset[bytes], added: frozenset[bytes]) -> bool:
    """Return whether each row of sqlite_schema that went came back with a column more at most."""
    if not removed:
        return True
    now = {found[:-1]: found[-1] for found in map(_decode, added)}
    for *entry, sql in map(_decode, removed):
        # Views, triggers and virtual tables begin at no page.
        if entry[3] not in (b"", b"\0"):
            text = now.get(tuple(entry))
            if text is None or not _has_column_more(sql, text):
                return False
    return True


def _has_column_more(old: bytes, new: bytes) -> bool:
    """Return whether ``new`` is ``old`` with a column put in after the last one."""
    same = next((n for n, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), 0)
    # The comma before a table constraint looks like the one before the column.
    for offset in (same, old.rfind(b",", 0, same)):
        tail = old[max(offset, 0) :]
        if _AFTER_COLUMNS.match(tail) and new.endswith(tail):
            return new[offset : len(new) - len(tail)].lstrip().startswith(b",")
    return False


def _decode(record: bytes) -> tuple[bytes, ...]:
    """Return the five columns of a row of sqlite_schema, as they are stored."""
    header, cursor = _varint(record, 0)
    offset, values = header, []
    while cursor < header:
        kind, cursor = _varint(record, cursor)
        size = _length(kind)
        values.append(bytes([kind - 8]) if kind in (8, 9) else record[offset : offset + size])
        offset += size
    if len(values) != 5:
        raise ValueError(f"a row of {len(values)} columns")
    return tuple(values)


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

    def read_schema(self) -> tuple[frozenset[int], frozenset[bytes]]:
        """Return the pages of sqlite_schema, and its rows as records."""
        pages: set[int] = set()
        records: set[bytes] = set()
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
                records.update(
                    self._read_record(start + cell, pages) for cell in self._cells(head, 8)
                )
            else:
                raise ValueError(f"page {number} is of kind {kind}")
        return frozenset(pages), frozenset(records)

    def _number(self, offset: int) -> int:
        return int.from_bytes(self.content[offset : offset + 4], "big")

    def _cells(self, head: int, size: int) -> Iterator[int]:
        count = int.from_bytes(self.content[head + 3 : head + 5], "big")
        for offset in range(head + size, head + size + 2 * count, 2):
            yield int.from_bytes(self.content[offset : offset + 2], "big")

    def _read_record(self, offset: int, pages: set[int]) -> bytes:
        """Return a row's record, and add the overflow pages it goes on to to ``pages``."""
        length, offset = _varint(self.content, offset)
        _, offset = _varint(self.content, offset)
        usable = self.page_size - self.content[20]
        if length <= usable - 35:
            return self.content[offset : offset + length]
        smallest = (usable - 12) * 32 // 255 - 23
        local = smallest + (length - smallest) % (usable - 4)
        local = local if local <= usable - 35 else smallest
        record = self.content[offset : offset + local]
        overflow = self._number(offset + local)
        while overflow:
            if overflow in pages or not 1 <= overflow <= self.pages:
                raise ValueError(f"overflow page {overflow}")
            pages.add(overflow)
            start = (overflow - 1) * self.page_size
            record += self.content[start + 4 : start + usable]
            overflow = self._number(start)
        return record[:length]


def _varint(content: bytes, offset: int) -> tuple[int, int]:
    """Return the number that begins at ``offset``, and the offset behind it."""
    value = 0
    for count in range(9):
        byte = content[offset + count]
        if count == 8:
            return value << 8 | byte, offset + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, offset + count + 1
    raise ValueError("no varint")


def _length(kind: int) -> int:
    """Return how many bytes a value of that serial type takes."""
    if kind >= 12:
        return (kind - 12) // 2
    return (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)[kind]
