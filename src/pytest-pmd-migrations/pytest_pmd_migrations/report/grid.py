"""Lay out the grid: a line a row, a column a check, words that need no colour."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from pytest_pmd_migrations.report.outcome import DIED, FAIL, NONE, NOTE

__all__ = ["FOLD_ABOVE", "LONGEST_TITLE", "Grid", "GridLine", "grid_lines"]

FOLD_ABOVE = 12
"""Versions up to which every row is shown; above, neighbours that are alike share one."""

LONGEST_TITLE = 36
"""Characters up to which a row's name stands before its words; a longer one stands above them."""

_GAP = 3
_NEVER_FOLDED = {FAIL, DIED, NOTE}


@dataclass(frozen=True)
class Grid:
    """Rows by name in their order, the checks' names, and a word for each cell there is."""

    rows: tuple[str, ...]
    checks: tuple[str, ...]
    words: Mapping[tuple[str, str], str]
    versions: int


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


def grid_lines(grid: Grid) -> tuple[tuple[GridLine, ...], int, tuple[int, ...]]:
    """Return the lines (the header first), the width of the titles and the others' widths."""
    lines = [GridLine("", grid.checks), *_short_titles(_rows(grid))]
    title_width = max(len(line.title) for line in lines if line.words) + _GAP
    widths = tuple(max(len(name), len(DIED)) + _GAP for name in grid.checks)
    return tuple(lines), title_width, widths


def _short_titles(lines: Iterable[GridLine]) -> Iterator[GridLine]:
    for line in lines:
        if len(line.title) > LONGEST_TITLE:
            yield GridLine(line.title, ())
            yield replace(line, title="")
        else:
            yield line


def _rows(grid: Grid) -> Iterator[GridLine]:
    lines = [
        GridLine(row, tuple(grid.words.get((row, check), NONE) for check in grid.checks))
        for row in grid.rows
    ]
    if grid.versions <= FOLD_ABOVE:
        yield from lines
        return
    for words, run in groupby(lines, key=lambda line: line.words):
        alike = list(run)
        if len(alike) < 3 or _NEVER_FOLDED & set(words):
            yield from alike
        else:
            yield GridLine(
                f"{alike[0].title}..{alike[-1].title}", words, f"({len(alike)} rows alike)"
            )
