"""Lay out the two grids of an application as rows of a table, rows alike folded into one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from pytest_pmd_migrations.messages.wording import folded_names
from pytest_pmd_migrations.report_page.names import Targets

__all__ = ["CellWord", "FoldedRows", "GridRow", "GridTable", "grid_tables"]

_BAD = ("FAIL", "died")
_NO_CELL = "none"
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class CellWord:
    """One cell: its word, its own id, and the id of what explains it; both empty for no cell."""

    word: str
    target: str = ""
    link: str = ""
    name: str = ""


@dataclass(frozen=True)
class GridRow:
    """One row: its title, a word a check, what is said behind it, the seconds that it took."""

    title: str
    cells: tuple[CellWord, ...]
    remark: str
    seconds: float | None
    alone: bool

    @property
    def bad(self) -> bool:
        """Whether any of its cells failed, or could not be judged."""
        return any(cell.word in (*_BAD, "blocked") for cell in self.cells)


@dataclass(frozen=True)
class FoldedRows:
    """Neighbouring rows that are alike; most often one alone."""

    rows: tuple[GridRow, ...]

    @property
    def title(self) -> str:
        """Return ``0001..0012`` for rows alike."""
        first, last = self.rows[0].title, self.rows[-1].title
        return first if len(self.rows) == 1 else f"{first}..{last}"

    @property
    def seconds(self) -> float | None:
        """Return what all rows took together; None where none was run."""
        taken = [row.seconds for row in self.rows if row.seconds is not None]
        return sum(taken) if taken else None


@dataclass(frozen=True)
class GridTable:
    """One grid: ``of`` snapshots or migrations, its checks and its rows, folded."""

    of: str
    checks: tuple[str, ...]
    groups: tuple[FoldedRows, ...]


def grid_tables(application: Mapping[str, Any], targets: Targets) -> tuple[GridTable, ...]:
    """Return the grid of the snapshots and that of the migrations, as far as they have rows."""
    reader = _Reader(application, targets)
    tables = (reader.table(of) for of in ("snapshot", "migration"))
    return tuple(table for table in tables if table.groups and table.checks)


class _Reader:
    """Reads the rows of an application's grids: which cells repeat others, what blocks them."""

    def __init__(self, application: Mapping[str, Any], targets: Targets) -> None:
        self._application = application
        self._targets = targets
        self._cells = {cell["id"]: cell for cell in application["cells"]}
        self._at = {(cell["of"], cell["row"], cell["check"]): cell for cell in application["cells"]}

    def table(self, of: str) -> GridTable:
        checks = tuple(one["name"] for one in self._application["checks"] if one["of"] == of)
        rows = [self._row(row, checks) for row in self._application["rows"] if row["of"] == of]
        return GridTable(of, checks, tuple(_folded(rows)))

    def _row(self, row: Mapping[str, Any], checks: Sequence[str]) -> GridRow:
        found = [self._at.get((row["of"], row["id"], check)) for check in checks]
        there = [cell for cell in found if cell is not None]
        seconds = [cell["seconds"] for cell in there if cell["seconds"] is not None]
        return GridRow(
            row["title"],
            tuple(self._word(cell) for cell in found),
            self._remark(there),
            sum(seconds) if seconds else None,
            any(cell["status"] in _BAD and not self._tellers(cell) for cell in there),
        )

    def _word(self, cell: Mapping[str, Any] | None) -> CellWord:
        if cell is None:
            return CellWord(_NO_CELL)
        link = ""
        if cell["findings"]:
            link = self._targets.finding(cell["findings"][0])
        elif cell["blocked_by"] is not None:
            link = self._told_cause(cell)
        elif cell["notes"]:
            link = self._targets.notes
        return CellWord(cell["status"], self._targets.cell(cell["id"]), link, cell["id"])

    def _told_cause(self, cell: Mapping[str, Any]) -> str:
        for number, finding in enumerate(self._application["findings"]):
            if cell["id"] in finding["blocks"]:
                return self._targets.finding(number)
        return ""

    def _tellers(self, cell: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return the cells that tell what this one found; none where it tells any of it itself."""
        findings = self._application["findings"]
        told_by = [findings[number]["told_by"] for number in cell["findings"]]
        if cell["id"] in told_by:
            return []
        return [self._cells[name] for name in dict.fromkeys(told_by) if name in self._cells]

    def _remark(self, cells: Sequence[Mapping[str, Any]]) -> str:
        """Return which other rows tell what the cells of a row found, and which block them."""
        named: dict[str, list[str]] = {}
        for cell in cells:
            others = [*self._tellers(cell)] if cell["status"] in _BAD else []
            blockers = [cell["blocked_by"]] if cell["blocked_by"] else []
            for word, rows in (("as", others), ("by", blockers)):
                names = [_name(row, cell, word) for row in rows if not _same_row(row, cell)]
                if names:
                    named.setdefault(word, []).extend(names)
        return ", ".join(f"{word} {folded_names(_sorted(names))}" for word, names in named.items())


def _name(row: Mapping[str, Any], cell: Mapping[str, Any], word: str) -> str:
    """Name a row where another one's remark does: its label stands on its own line."""
    alike = word == "as" and cell["of"] == "snapshot"
    return f"snapshot {row['row']}" if row["of"] == "snapshot" and not alike else str(row["row"])


def _sorted(names: Iterable[str]) -> list[str]:
    """Return different names in the order of their versions."""
    return sorted({*names}, key=lambda name: (int(_DIGITS.findall(name)[0]), name))


def _same_row(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return (one["of"], one["row"]) == (other["of"], other["row"])


def _folded(rows: Sequence[GridRow]) -> Iterator[FoldedRows]:
    def likeness(row: GridRow) -> tuple[object, ...]:
        words = tuple(cell.word for cell in row.cells)
        return words, row.remark, row.title if row.alone else ""

    for _, alike in groupby(rows, key=likeness):
        yield FoldedRows(tuple(alike))
