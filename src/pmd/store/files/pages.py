"""Whether two database files hold the same, page by page."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

__all__ = ["hold_the_same"]

_HEADER = 100
_SIZE_AT = 16
_FREELIST_AT = 32
_CHUNK = 2**20


def hold_the_same(one: Path, other: Path) -> bool:
    """Return whether the files are the same but for pages that are free.

    A transaction that is rolled back does not put back what it wrote over free pages. Source of
    the layout: https://www.sqlite.org/fileformat2.html, "The Freelist". Both
    files must be sound.
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
        number + place in free
        for place in range(len(mine) // size)
        if mine[place * size : (place + 1) * size] != others[place * size : (place + 1) * size]
    )


def _page_size(file: BinaryIO) -> int:
    size = _number(file, _SIZE_AT, 2)
    return 65536 if size == 1 else size


def _free_pages(file: BinaryIO) -> set[int]:
    """Return the numbers of the pages whose content has no meaning: the freelist's leaves."""
    size = _page_size(file)
    leaves: set[int] = set()
    trunk = _number(file, _FREELIST_AT, 4)
    while trunk:
        start = (trunk - 1) * size
        count = _number(file, start + 4, 4)
        leaves.update(_number(file, start + 8 + 4 * place, 4) for place in range(count))
        trunk = _number(file, start, 4)
    return leaves


def _number(file: BinaryIO, place: int, length: int) -> int:
    file.seek(place)
    return int.from_bytes(file.read(length), "big")
