"""Judge the cells of a run: each cause is told by one cell, and blocks the others.

The cell that tells a cause is the same in every process of a run, which all know every selected
cell: the first one of the culprit's row, or where none of these is selected, the first one that
the cause blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import AnyCheck, Cause, MigrationRow, Row, Verdict
from pytest_pmd_migrations.grid.blocked import failed_step
from pytest_pmd_migrations.grid.cells import Cell, judge_cell
from pytest_pmd_migrations.grid.walks import Walks

__all__ = ["JudgedCells"]


class JudgedCells:
    """The selected cells of a run in their order, each judged once a process when asked for."""

    def __init__(self, cells: Sequence[Cell], checks: Sequence[AnyCheck]) -> None:
        wanted = {cell.check for cell in cells}
        used = [check for check in checks if check in wanted]
        self._cells = tuple(cells)
        self._walks = {cell.history: Walks(cell.history, used) for cell in cells}
        self._verdicts: dict[Cell, Verdict] = {}
        self._first: dict[tuple[History, Row], Cell] = {}
        for cell in cells:
            self._first.setdefault((cell.history, cell.row), cell)

    def verdict(self, cell: Cell) -> Verdict:
        """Return the verdict on a selected cell: with a cause where it is blocked."""
        own = self._own(cell)
        if own.cause is not None:
            if not self._tells(cell, own.cause):
                return own
            return self._story(cell) or replace(
                own, findings=(own.cause.finding,), cause=None, tells=own.cause.row
            )
        story = self._story(cell)
        if story is None:
            return own
        return replace(own, findings=(*story.findings, *own.findings), tells=story.tells)

    def _own(self, cell: Cell) -> Verdict:
        if cell not in self._verdicts:
            self._verdicts[cell] = judge_cell(self._walks[cell.history], cell)
        return self._verdicts[cell]

    def _tells(self, cell: Cell, cause: Cause) -> bool:
        culprit = self._first.get((cell.history, cause.row))
        if culprit is not None and (self._is_blocked(culprit, cause) or self._story(culprit)):
            return cell is culprit
        own = (one for one in self._cells if one.history is cell.history)
        return cell is next(one for one in own if one is cell or self._is_blocked(one, cause))

    def _is_blocked(self, cell: Cell, cause: Cause) -> bool:
        try:
            other = self._own(cell).cause
        except Exception:
            # Its check is at fault: the cell itself says so when it is run.
            return False
        return other is not None and other.row == cause.row

    def _story(self, cell: Cell) -> Verdict | None:
        """Return the story of the step that this cell's migration is, where it tells one."""
        row = cell.row
        if not isinstance(row, MigrationRow) or self._first[cell.history, row] is not cell:
            return None
        return failed_step(self._walks[cell.history], row)
