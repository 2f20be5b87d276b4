"""The grid: a row a version, a column a check, words that need no colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pytest_pmd_migrations.report.outcome import DIED, FAIL, NONE, NOTE

__all__ = ["FOLD_ABOVE", "Grid", "GridLine", "grid_lines"]

FOLD_ABOVE = 12
"""Versions up to which every row is shown; above, neighbours that are alike share one."""

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
    """One line: a label, a word a check, and a remark at the end."""

    label: str
    words: tuple[str, ...]
    remark: str = ""

    def padded(self, label_width: int, column_widths: Sequence[int]) -> Iterator[str]:
        """Yield the line's pieces, each padded to its column; the words at odd places."""
        yield f"  {self.label:<{label_width}}"
        for word, width in zip(self.words, column_widths, strict=True):
            yield word
            yield " " * (width - len(word))
        yield self.remark


def grid_lines(grid: Grid) -> tuple[tuple[GridLine, ...], int, tuple[int, ...]]:
    """Return the lines (the header first), the label column's width and the others' widths."""
    lines = [GridLine("", grid.checks), *_rows(grid)]
    label = max(len(line.label) for line in lines) + _GAP
    widths = tuple(max(len(name), len(DIED)) + _GAP for name in grid.checks)
    return tuple(lines), label, widths


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
                f"{alike[0].label}..{alike[-1].label}", words, f"({len(alike)} rows alike)"
            )
