"""Compare two database files page by page."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

__all__ = ["hold_the_same"]

_HEADER = 100
_PAGE_SIZE_OFFSET = 16
_FREELIST_OFFSET = 32
_CHUNK = 2**20


def hold_the_same(one: Path, other: Path) -> bool:
    """Return whether the files are equal, free pages aside; both must be sound.

    A transaction that is rolled back does not put back what it wrote over free pages. The layout
    is described in https://www.sqlite.org/fileformat2.html, "The Freelist".
    """
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        if first.read(_HEADER) != second.read(_HEADER):
            return False
        free = _free_pages(first)
        size = _page_size(first)
        pages = max(1, _CHUNK // size)
        first.seek(0)
        second.seek(0)
        number = 1
        while mine := first.read(pages * size):
            if not _same(mine, second.read(pages * size), size, number, free):
                return False
            number += pages
    return True


def _same(mine: bytes, others: bytes, size: int, number: int, free: set[int]) -> bool:
    return mine == others or all(
        number + index in free
        for index in range(len(mine) // size)
        if mine[index * size : (index + 1) * size] != others[index * size : (index + 1) * size]
    )


def _page_size(file: BinaryIO) -> int:
    size = _number(file, _PAGE_SIZE_OFFSET, 2)
    return 65536 if size == 1 else size


def _free_pages(file: BinaryIO) -> set[int]:
    """Return the numbers of the pages whose content has no meaning: the freelist's leaves."""
    size = _page_size(file)
    leaves: set[int] = set()
    trunk = _number(file, _FREELIST_OFFSET, 4)
    while trunk:
        start = (trunk - 1) * size
        count = _number(file, start + 4, 4)
        leaves.update(_number(file, start + 8 + 4 * index, 4) for index in range(count))
        trunk = _number(file, start, 4)
    return leaves


def _number(file: BinaryIO, offset: int, length: int) -> int:
    file.seek(offset)
    return int.from_bytes(file.read(length), "big")
