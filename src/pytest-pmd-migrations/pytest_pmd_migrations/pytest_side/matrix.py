"""Add the matrix to a pytest run: cells as items, outcomes on reports, a summary at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from typing import Any

import pytest

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.ignore_patterns import count_hidden
from pytest_pmd_migrations.checks.model import Verdict
from pytest_pmd_migrations.checks.registry import select_checks
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.grid.cells import Cell, judge_cell
from pytest_pmd_migrations.grid.selection import select_cells
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.pytest_side.cell_item import CellItem, MigrationMatrix
from pytest_pmd_migrations.pytest_side.settings import project_of
from pytest_pmd_migrations.report.outcome import BAD, Outcome
from pytest_pmd_migrations.report.plan import plan_of
from pytest_pmd_migrations.report.terminal import COLOURS, matrix_section
from pytest_pmd_migrations.wording import counted

__all__ = ["MatrixPlugin"]


class MatrixPlugin:
    """Registered when the flag or the id of a cell is given; holds all state of the matrix."""

    def __init__(self, config: pytest.Config, ids: Sequence[str]) -> None:
        try:
            project = project_of(config)
            self.histories = project.histories
            self.checks = select_checks(str(config.option.migration_checks))
            self.cells = select_cells(self.histories, self.checks, ids)
            # A worker's controller has done it, and prints the summary.
            self._ignored = {} if hasattr(config, "workerinput") else count_hidden(project)
        except MigrationTestError as error:
            raise pytest.UsageError(" ".join(str(error).split("\n"))) from None
        self._walks: dict[History, Walks] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._times: list[tuple[float, float]] = []
        self._workers: set[str] = set()

    def judge(self, cell: Cell) -> Verdict:
        """Return the verdict on a cell; walks of lineages are kept for the whole process."""
        return judge_cell(self._walks[cell.history], cell)

    def pytest_report_header(self) -> list[str]:
        """Say which migrations and snapshots the matrix is about."""
        return [
            f"migrations: {history.application.source.name} {history.application.span},"
            f" {counted(len(history.store.names), 'snapshot')}, SQLite {sqlite3.sqlite_version}"
            for history in self.histories
        ]

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Add the matrix to what the session itself collected."""
        report = yield
        if isinstance(collector, pytest.Session) and report.passed:
            report.result.append(
                MigrationMatrix.from_parent(
                    collector,
                    name="migrations",
                    nodeid="migrations",
                    cells=self.cells,
                    judge=self.judge,
                )
            )
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Prepare one walk a lineage for the checks that are left after deselection."""
        wanted = {item.cell.check for item in session.items if isinstance(item, CellItem)}
        checks = [check for check in self.checks if check in wanted]
        self._walks = {history: Walks(history, checks) for history in self.histories}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let a cell's outcome travel on its report, also from a worker."""
        report = yield
        if isinstance(item, CellItem) and item.outcome is not None and report.when == "call":
            report.migration_outcome = item.outcome.to_json()  # type: ignore[attr-defined]  # ours
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather outcomes; a cell without one was skipped, or its worker died."""
        data: dict[str, Any] | None = getattr(report, "migration_outcome", None)
        outcome: Outcome | None = None
        if data is not None:
            outcome = Outcome.from_json(data)
            self._times.append((report.start, report.stop))
            self._workers.add(str(getattr(report, "worker_id", "")))
        elif report.outcome != "passed":
            died = str(report.when) == "???"
            outcome = Outcome.of_silence(report.nodeid, skipped=report.skipped, died=died)
        known = self._outcomes.get(report.nodeid)
        # With --dist=each a cell runs on every worker: one failure is a failure.
        if outcome is not None and (known is None or known.status not in BAD):
            self._outcomes[report.nodeid] = outcome

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the section: one line when all is good, the grid on failure or with ``-v``."""
        if terminalreporter.config.option.collectonly:
            return
        times = self._times or [(0.0, 0.0)]
        terminalreporter.ensure_newline()
        terminalreporter.section("migration matrix")
        for line in matrix_section(
            [
                plan_of(history, self.checks, ignored=self._ignored.get(history, 0))
                for history in self.histories
            ],
            tuple(self._outcomes.values()),
            seconds=max(stop for _, stop in times) - min(start for start, _ in times),
            workers=len(self._workers),
            verbose=terminalreporter.verbosity > 0,
        ):
            for piece in line:
                terminalreporter.write(piece.text, **COLOURS.get(piece.word, {}))
            terminalreporter.line("")
