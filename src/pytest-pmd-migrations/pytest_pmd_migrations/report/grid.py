"""Lay out a grid: a line a row, a column a check, words that need no colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from pytest_pmd_migrations.report.outcome import BLOCKED, NONE

__all__ = ["LONGEST_TITLE", "Grid", "GridLine", "grid_lines", "grid_rows"]

LONGEST_TITLE = 36
"""Characters up to which a row's name stands before its words; a longer one stands above them."""

_GAP = 3


@dataclass(frozen=True)
class Grid:
    """Rows by name in their order, the checks' names, and a word for each cell there is.

    ``remarks`` stand behind the words of a row; ``alone`` are the rows that are never folded.
    """

    name: str
    rows: tuple[str, ...]
    checks: tuple[str, ...]
    words: Mapping[tuple[str, str], str]
    remarks: Mapping[str, str] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()


@dataclass(frozen=True)
class GridLine:
    """One line: a row's title, a word a check (none under a title too long), and a remark."""

    title: str
    words: tuple[str, ...]
    remark: str = ""

    def padded(self, title_width: int, column_widths: Sequence[int]) -> Iterator[str]:
        """Yield the line's pieces, each padded to its column; the words at odd places."""
        yield f"  {self.title:<{title_width}}"
        for word, width in zip(self.words, column_widths, strict=bool(self.words)):
            yield word
            yield " " * (width - len(word))
        yield self.remark


def grid_lines(grid: Grid, *, folded: bool) -> tuple[tuple[GridLine, ...], int, tuple[int, ...]]:
    """Return the lines (the header first), the width of the titles and the others' widths.

    With ``folded``, neighbours with the same words and remark share a line.
    """
    lines = [GridLine(grid.name, grid.checks), *_short_titles(grid_rows(grid, folded=folded))]
    title_width = max(len(line.title) for line in lines if line.words) + _GAP
    widths = tuple(max(len(name), len(BLOCKED)) + _GAP for name in grid.checks)
    return tuple(lines), title_width, widths


def grid_rows(grid: Grid, *, folded: bool) -> Iterator[GridLine]:
    """Yield a line a row; with ``folded``, one of neighbours with the same words and remark."""
    yield from _folded(grid) if folded else _rows(grid)


def _short_titles(lines: Iterable[GridLine]) -> Iterator[GridLine]:
    for line in lines:
        if len(line.title) > LONGEST_TITLE:
            yield GridLine(line.title, ())
            yield replace(line, title="")
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
                f"{first.title}..{alike[-1].title}",
                first.words,
                f"{first.remark} {count}" if first.remark else count,
            )
