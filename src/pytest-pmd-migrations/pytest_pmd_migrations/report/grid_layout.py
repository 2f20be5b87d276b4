"""Lay out a grid: a line a row, a column a check, words that need no colour."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from pytest_pmd_migrations.report.outcome import BLOCKED, NONE

__all__ = ["LONGEST_TITLE", "Grid", "GridBlock", "GridLine", "grid_blocks", "grid_rows"]

LONGEST_TITLE = 36
"""Characters up to which a row's name stands before its words; a longer one stands above them."""

_GAP = 3
_MARGIN = 2
_USUAL = 80


class Grid(NamedTuple):
    """Rows by name in their order, the checks' names, and a word for each cell there is.

    ``remarks`` stand behind the words of a row; ``alone`` are the rows that are never folded.
    """

    name: str
    rows: tuple[str, ...]
    checks: tuple[str, ...]
    words: Mapping[tuple[str, str], str]
    remarks: Mapping[str, str] = MappingProxyType({})
    alone: frozenset[str] = frozenset()


class GridLine(NamedTuple):
    """One line: a row's title, a word a check (none under a title too long), and a remark."""

    title: str
    words: tuple[str, ...]
    remark: str = ""

    def padded(self, title_width: int, column_widths: Sequence[int]) -> Iterator[str]:
        """Yield the line's pieces, each padded to its column; the words at odd places."""
        yield f"  {self.title:<{title_width}}" if self.words else f"  {self.title}"
        for word, width in zip(self.words, column_widths, strict=bool(self.words)):
            yield word
            yield " " * (width - len(word))
        yield self.remark


class GridBlock(NamedTuple):
    """Lines below one header: a whole grid, or in a narrow terminal some of its columns."""

    lines: tuple[GridLine, ...]
    title_width: int
    widths: tuple[int, ...]

    def padded(self) -> Iterator[Iterator[str]]:
        """Yield each line's pieces."""
        for line in self.lines:
            yield line.padded(self.title_width, self.widths)


def grid_blocks(grid: Grid, *, folded: bool, columns: int) -> Iterator[GridBlock]:
    """Yield the grid in blocks that a terminal of so many columns has room for.

    With ``folded``, neighbours with the same words and remark share a line. From 80 columns on
    there is one block, whatever its width.
    """
    rows = [*grid_rows(grid, folded=folded)]
    if columns >= _USUAL:
        lines = [GridLine(grid.name, grid.checks), *_short_titles(rows, LONGEST_TITLE)]
        yield _block(lines, grid.checks, _GAP)
        return
    yield from _blocks_within(rows, grid, columns)


def _blocks_within(rows: Sequence[GridLine], grid: Grid, columns: int) -> Iterator[GridBlock]:
    """Yield as many blocks as the words need, nearer to each other where that spares one."""
    longest = min(LONGEST_TITLE, columns // 2 - _GAP)
    titles = [grid.name, *(row.title for row in rows if len(row.title) <= longest)]
    room = columns - _MARGIN - max(map(len, titles)) - _GAP
    gap = _GAP if _taken(grid.checks, _GAP) <= room else 1
    start = 0
    while start < len(grid.checks):
        end = start + 1
        while end < len(grid.checks) and _taken(grid.checks[start : end + 1], gap) <= room:
            end += 1
        is_last = end == len(grid.checks)
        checks = grid.checks[start:end]
        some = [
            row._replace(words=row.words[start:end], remark=row.remark if is_last else "")
            for row in rows
        ]
        block = _block([GridLine(grid.name, checks), *_short_titles(some, longest)], checks, gap)
        yield block._replace(lines=tuple(_wrapped(block, columns)))
        start = end


def _block(lines: Sequence[GridLine], checks: Sequence[str], gap: int) -> GridBlock:
    title_width = max(len(line.title) for line in lines if line.words) + _GAP
    return GridBlock(tuple(lines), title_width, _widths(checks, gap))


def _widths(checks: Sequence[str], gap: int) -> tuple[int, ...]:
    return tuple(max(len(name), len(BLOCKED)) + gap for name in checks)


def _taken(checks: Sequence[str], gap: int) -> int:
    """Return the columns that the words of checks take: behind the last there is no gap."""
    return sum(_widths(checks, gap)) - gap


def _wrapped(block: GridBlock, columns: int) -> Iterator[GridLine]:
    """Yield the lines, a remark that has no room behind its words on lines of its own."""
    room = columns - _MARGIN - block.title_width - sum(block.widths)
    for line in block.lines:
        if len(line.remark) <= room:
            yield line
            continue
        yield line._replace(remark="")
        for part in textwrap.wrap(line.remark, columns - 2 * _MARGIN):
            yield GridLine(" " * _MARGIN + part, ())


def grid_rows(grid: Grid, *, folded: bool) -> Iterator[GridLine]:
    """Yield a line a row; with ``folded``, one of neighbours with the same words and remark."""
    yield from _folded(grid) if folded else _rows(grid)


def _short_titles(lines: Iterable[GridLine], longest: int) -> Iterator[GridLine]:
    for line in lines:
        if len(line.title) > longest:
            yield GridLine(line.title, ())
            yield line._replace(title="")
        else:
            yield line


def _rows(grid: Grid) -> Iterator[GridLine]:
    for row in grid.rows:
        words = tuple(grid.words.get((row, check), NONE) for check in grid.checks)
        yield GridLine(row, words, grid.remarks.get(row, ""))


def _folded(grid: Grid) -> Iterator[GridLine]:
    def likeness(line: GridLine) -> tuple[object, ...]:
        return line.words, line.remark, line.title if line.title in grid.alone else ""

    for _, run in groupby(_rows(grid), key=likeness):
        alike = list(run)
        first = alike[0]
        if len(alike) == 1:
            yield first
        else:
            count = f"({len(alike)} rows alike)"
            yield GridLine(
                _range_title(first.title, alike[-1].title),
                first.words,
                f"{first.remark} {count}" if first.remark else count,
            )


def _range_title(first: str, last: str) -> str:
    """Return the title of neighbours; without the last one's label where that takes two lines."""
    whole = f"{first}..{last}"
    return whole if len(whole) <= _USUAL - _MARGIN else f"{first}..{last.split(' ')[0]}"
