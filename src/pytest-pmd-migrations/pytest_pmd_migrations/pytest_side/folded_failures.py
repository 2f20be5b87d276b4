"""Let pytest print each failing cell's folded message, and none of those that repeat another's."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence

import pytest

from pytest_pmd_migrations.grid.cells import CellKey, parse_cell_id
from pytest_pmd_migrations.pytest_side.cell_item import message_repr
from pytest_pmd_migrations.report.fold import Folded
from pytest_pmd_migrations.report.plan import Plan

__all__ = ["FoldedFailures"]

_FAILED = "failed"


class FoldedFailures:
    """A pytest plugin of the last moment: it changes the failed reports that pytest is to print."""

    def __init__(self, plans: Sequence[Plan], folded: Mapping[str, Folded]) -> None:
        self._order = {cell: n for n, cell in enumerate(_cells(plans))}
        self._messages = {
            cell: text for one in folded.values() for cell, text in one.messages.items()
        }
        self._repeats = {cell for one in folded.values() for cell in one.repeats}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        """Take the failures that repeat another's out while pytest prints, not out of its count.

        The others are printed in the grid's order, whichever worker found them first.
        """
        failed = terminalreporter.stats.get(_FAILED)
        if not failed:
            return (yield)
        # Under --dist=each a cell has a report of each worker.
        cells = [self._cell(report) for report in failed]
        printed = [
            report
            for n, (report, cell) in enumerate(zip(failed, cells, strict=True))
            if cell is None or (cell not in self._repeats and cell not in cells[:n])
        ]
        own = [report for report in printed if self._cell(report) is not None]
        ordered = iter(sorted(own, key=self._position))
        terminalreporter.stats[_FAILED] = [
            report if self._cell(report) is None else next(ordered) for report in printed
        ]
        for report in own:
            self._rewrite(report, terminalreporter.config)
        try:
            return (yield)
        finally:
            terminalreporter.stats[_FAILED] = failed

    def _cell(self, report: object) -> CellKey | None:
        """Return the cell a report is of; None where it is another's."""
        if not isinstance(report, pytest.TestReport):
            return None
        cell = parse_cell_id(report.nodeid)
        return cell if cell in self._order else None

    def _position(self, report: pytest.TestReport) -> int:
        cell = self._cell(report)
        return len(self._order) if cell is None else self._order[cell]

    def _rewrite(self, report: pytest.TestReport, config: pytest.Config) -> None:
        """Put the cell's folded message in the place of the one it sent."""
        cell = self._cell(report)
        crash = getattr(report.longrepr, "reprcrash", None)
        if cell is not None and cell in self._messages and crash is not None:
            text = self._messages[cell]
            report.longrepr = message_repr(text, crash.path, crash.lineno, config)


def _cells(plans: Sequence[Plan]) -> Iterator[CellKey]:
    for plan in plans:
        yield from plan.cells
