"""Judge the cells of a run: each cause is told by one cell, and blocks the others.

The cell that tells a cause is the same in every process of a run, which all know every selected
cell: the first one of the culprit's row, or where none of these is selected, the first one that
the cause blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import (
    AnyCheck,
    Cause,
    Finding,
    MigrationRow,
    Row,
    SnapshotRow,
    Verdict,
)
from pytest_pmd_migrations.grid.blocked import failed_step, fails_by_itself
from pytest_pmd_migrations.grid.cells import Cell
from pytest_pmd_migrations.grid.judge_cell import judge_cell
from pytest_pmd_migrations.grid.lineages_ahead import LineagesAhead
from pytest_pmd_migrations.grid.walk import Walk
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.snapshots.names import FRESH

if TYPE_CHECKING:
    from pytest_pmd_migrations.grid.exchange.walk_exchange import SharedFolder

__all__ = ["JudgedCells"]


class JudgedCells:
    """The selected cells of a run in their order, each judged once a process when asked for.

    With ``shared`` the processes of the run walk each lineage once between them.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        checks: Sequence[AnyCheck],
        shared: SharedFolder | None = None,
    ) -> None:
        wanted = {cell.check for cell in cells}
        used = [check for check in checks if check in wanted]
        self._cells = tuple(cells)
        every = {cell.history for cell in cells if isinstance(cell.row, MigrationRow)}
        self._walks = {
            history: Walks(history, used, fresh_first=history in every, shared=shared)
            for history in dict.fromkeys(cell.history for cell in cells)
        }
        self._ahead = {history: LineagesAhead(walks) for history, walks in self._walks.items()}
        self._verdicts: dict[Cell, Verdict] = {}
        self._first: dict[tuple[History, Row], Cell] = {}
        for cell in cells:
            self._first.setdefault((cell.history, cell.row), cell)

    @property
    def walks(self) -> Mapping[History, Walks]:
        """The walks of each history of which cells were selected."""
        return self._walks

    def verdict(self, cell: Cell) -> Verdict:
        """Return the verdict on a selected cell: with a cause where it is blocked."""
        if cell not in self._verdicts:
            self._ahead[cell.history].walk(cell.row)
        own, cause = self._own(cell), self._own(cell).cause
        findings = [*self._own_story(cell)]
        if cause is not None and cause.row != cell.row and self._tells(cell, cause):
            findings.extend(self._story(cell, cause))
        elif cause is not None and not findings and self._tells(cell, cause):
            findings.append(replace(cause.finding, tells=cause.row))
        if not findings:
            return own
        return replace(own, findings=(*findings, *own.findings), cause=None)

    def own_verdict(self, cell: Cell) -> Verdict | None:
        """Return what a cell's check said of it; None where it was not asked or raised."""
        return self._verdicts.get(cell)

    def _own(self, cell: Cell) -> Verdict:
        if cell not in self._verdicts:
            self._verdicts[cell] = judge_cell(self._walks[cell.history], cell)
        return self._verdicts[cell]

    def _tells(self, cell: Cell, cause: Cause) -> bool:
        culprit = self._first.get((cell.history, cause.row))
        if culprit is not None:
            if culprit is not cell and self._is_in_story(cell, cause):
                return False
            if self._is_blocked(culprit, cause) or self._own_story(culprit):
                return cell is culprit
        own = (one for one in self._cells if one.history is cell.history)
        return cell is next(one for one in own if one is cell or self._is_blocked(one, cause))

    def _is_in_story(self, cell: Cell, cause: Cause) -> bool:
        """Return whether a cell's lineage alone makes a story of the step that is the cause.

        The culprit's own cell tells that one: no other lineage needs to be walked to know it.
        """
        row, walks = cell.row, self._walks[cell.history]
        if not isinstance(row, SnapshotRow) or not isinstance(cause.row, MigrationRow):
            return False
        if row.snapshot not in cell.history.supported:
            return False
        walk = walks.lineage(row.snapshot)
        return fails_by_itself(walks, walk, cause.row.version) is not None

    def _is_blocked(self, cell: Cell, cause: Cause) -> bool:
        try:
            other = self._own(cell).cause
        except KeyboardInterrupt:
            raise
        except BaseException:
            # Its check is at fault: the cell itself says so when it is run.
            return False
        return other is not None and other.row == cause.row

    def _own_story(self, cell: Cell) -> tuple[Finding, ...]:
        """Return the story of the step that this cell's migration is, where it tells one."""
        row = cell.row
        if not isinstance(row, MigrationRow) or self._first[cell.history, row] is not cell:
            return ()
        walks = self._walks[cell.history]
        every = walks.every()
        if row not in every.stories:
            every.stories[row] = failed_step(walks, row, every.stopped)
        return every.stories[row]

    def _story(self, cell: Cell, cause: Cause) -> tuple[Finding, ...]:
        """Return the story of a cause whose own row has no cell here that tells it."""
        walks = self._walks[cell.history]
        if not isinstance(cause.row, MigrationRow):
            return (replace(cause.finding, tells=cause.row),)
        seen = failed_step(walks, cause.row, self._selected_lineages(cell.history))
        return (
            seen
            or failed_step(walks, cause.row, [walks.lineage(FRESH)])
            or (replace(cause.finding, tells=cause.row),)
        )

    def _selected_lineages(self, history: History) -> Sequence[Walk]:
        """Return the lineages that the selected cells of a history are about."""
        walks = self._walks[history]
        rows = dict.fromkeys(cell.row for cell in self._cells if cell.history is history)
        if any(isinstance(row, MigrationRow) for row in rows):
            return walks.all_lineages()
        stored = history.supported
        return [
            walks.lineage(row.snapshot)
            for row in rows
            if isinstance(row, SnapshotRow) and row.snapshot in stored
        ]
