"""Add the matrix to a pytest run: cells as items, outcomes on reports, a summary at the end."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.idle_globs import refuse_idle_globs
from pytest_pmd_migrations.checks.model import Verdict
from pytest_pmd_migrations.checks.registry import select_checks
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.files.temporary_folder import TemporaryFolder
from pytest_pmd_migrations.grid.cells import Cell
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.grid.selection import select_cells
from pytest_pmd_migrations.messages.wording import counted, terminal_columns, width, wrapped_to
from pytest_pmd_migrations.pytest_side import testmon
from pytest_pmd_migrations.pytest_side.cell_item import CellItem, MigrationMatrix
from pytest_pmd_migrations.pytest_side.folded_failures import FoldedFailures
from pytest_pmd_migrations.pytest_side.load_project import project_of
from pytest_pmd_migrations.pytest_side.long_cells import LongCells
from pytest_pmd_migrations.pytest_side.paused_collector import SeldomCollector, paused_collector
from pytest_pmd_migrations.report.fold import Folded, fold
from pytest_pmd_migrations.report.outcome import BAD, NONE, Outcome
from pytest_pmd_migrations.report.plan import Plan, plan_of
from pytest_pmd_migrations.report.terminal import COLOURS, closing_piece, matrix_section
from pytest_pmd_migrations.sources.protocol import runner_of

if TYPE_CHECKING:
    from pytest_pmd_migrations.grid.exchange.walk_exchange import SharedFolder

__all__ = ["MatrixPlugin"]

_COLUMNS = "migration_columns"
_WALKS = "migration_walks"


class MatrixPlugin:
    """Registered when the flag or the id of a cell is given; holds all state of the matrix.

    ``long_cells`` tells of the cells that take long; ``plans`` and ``folded``, made at the end, say
    what was to be judged and which cell tells what; ``judged`` keeps what this process judges.
    """

    def __init__(self, config: pytest.Config, ids: Sequence[str]) -> None:
        self.config = config
        self.long_cells = LongCells(config)
        # A worker has no terminal: what it lays out is printed on the controller's.
        told = getattr(config, "workerinput", {})
        self._columns = int(told.get(_COLUMNS, 0)) or terminal_columns()
        layout = ExitStack()
        layout.enter_context(wrapped_to(self._columns))
        config.add_cleanup(layout.close)
        try:
            project = project_of(config)
            self.histories = project.histories
            with paused_collector():
                # This imports them.
                self.checks = select_checks(str(config.option.migration_checks))
            self.cells = select_cells(self.histories, self.checks, ids)
            # A worker's controller has done it, and prints the summary.
            is_worker = hasattr(config, "workerinput")
            self._ignored = {} if is_worker else refuse_idle_globs(project)
        except MigrationTestError as error:
            raise pytest.UsageError(" ".join(str(error).split("\n"))) from None
        self.judged = JudgedCells((), ())
        self._between_cells = SeldomCollector()
        self._outcomes: dict[str, Outcome] = {}
        self._times: list[tuple[float, float]] = []
        self._workers: set[str] = set()
        self._walks: TemporaryFolder | None = None
        self._begun_workers = 0
        self.plans: list[Plan] = []
        self.folded: dict[str, Folded] = {}
        # A worker ends its session as the controller does, and prints to nobody.
        environment = {} if is_worker else os.environ
        self._is_annotated = environment.get("GITHUB_ACTIONS") == "true"
        self._summary_file = environment.get("GITHUB_STEP_SUMMARY", "")

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What became of the cells so far, as their reports came in."""
        return tuple(self._outcomes.values())

    @property
    def took(self) -> tuple[float, int]:
        """How many seconds the cells took, from the first to the last, and on how many workers."""
        times = self._times or [(0.0, 0.0)]
        seconds = max(stop for _, stop in times) - min(start for start, _ in times)
        return seconds, len(self._workers)

    def judge(self, cell: Cell) -> Verdict:
        """Return the verdict on a cell; walks of lineages are kept for the whole process."""
        with self.long_cells.telling_of(cell.id):
            return self.judged.verdict(cell)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Let few searches for garbage come between cells that follow each other.

        Whatever else comes next finds the collector as it was.
        """
        if not isinstance(item, CellItem):
            return (yield)
        follows = False
        try:
            self._between_cells.begin()
            result = yield
            follows = isinstance(nextitem, CellItem)
        finally:
            if not follows:
                self._between_cells.end()
        return result

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:  # noqa: ANN401 - of pytest-xdist
        """Tell a worker how wide the terminal is, and where the walks of all workers are kept."""
        node.workerinput[_COLUMNS] = self._columns
        if self._walks is None:
            self._walks = TemporaryFolder(lasting=True)
            self.config.add_cleanup(self._walks.remove)
        node.workerinput[_WALKS] = str(self._walks.path), self._begun_workers
        self._begun_workers += 1

    def pytest_report_header(self, config: pytest.Config) -> list[str]:
        """Say which migrations the matrix is about, and which runner applies them."""
        own = [line for history in self.histories for line in _header(history)]
        return own + testmon.header_lines(config)

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
        """Prepare to judge the cells that are left after deselection."""
        cells = [item.cell for item in session.items if isinstance(item, CellItem)]
        self.judged = JudgedCells(cells, self.checks, _shared_folder(self.config))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let a cell's outcome travel on its report, also from a worker."""
        report = yield
        if isinstance(item, CellItem) and item.outcome is not None and report.when == "call":
            report.migration_outcome = item.outcome.to_json()  # type: ignore[attr-defined]  # ours
            blocked_by = item.outcome.blocked_by
            if blocked_by is not None:
                report.longrepr = item.skipped_at(blocked_by, f"blocked {blocked_by.culprit}")
            elif item.outcome.status == NONE:
                report.longrepr = item.skipped_at(item.cell.row, item.outcome.remarks[0].text)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather outcomes; a cell without one was skipped, or its worker died."""
        testmon.forget_cells(report)
        data: dict[str, Any] | None = getattr(report, "migration_outcome", None)
        outcome: Outcome | None = None
        if data is not None:
            outcome = Outcome.from_json(data).as_reported(failed=report.failed)
            self._times.append((report.start, report.stop))
            self._workers.add(str(getattr(report, "worker_id", "")))
        elif report.outcome != "passed":
            died = str(report.when) == "???"
            outcome = Outcome.of_silence(report.nodeid, skipped=report.skipped, died=died)
        known = self._outcomes.get(report.nodeid)
        # With --dist=each a cell runs on every worker: one failure is a failure.
        if outcome is not None and (known is None or known.status not in BAD):
            self._outcomes[report.nodeid] = outcome

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fold what the cells found, before pytest prints its failures.

        A cause that no cell tells, since its own cell passed or was skipped, fails the run.
        """
        # A run may end after any cell, as with -x.
        self._between_cells.end()
        if hasattr(session.config, "workerinput") or session.config.option.collectonly:
            return
        self.plans = [
            plan_of(history, self.checks, ignored=self._ignored.get(history, 0))
            for history in self.histories
        ]
        outcomes = self.outcomes
        self.folded = {
            plan.application.name: fold(plan, plan.in_order(outcomes)) for plan in self.plans
        }
        untold = any(folded.untold for folded in self.folded.values())
        if untold and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        session.config.pluginmanager.register(FoldedFailures(self.plans, self.folded))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the section: one line when all is good, the grids on failure or with ``-v``."""
        if terminalreporter.config.option.collectonly:
            return
        seconds, workers = self.took
        terminalreporter.ensure_newline()
        terminalreporter.section("migration matrix")
        for line in matrix_section(
            self.plans,
            self.outcomes,
            self.folded,
            seconds=seconds,
            workers=workers,
            verbose=terminalreporter.verbosity > 0,
            columns=self._columns,
        ):
            for piece in line:
                terminalreporter.write(piece.text, **COLOURS.get(piece.word, {}))
            terminalreporter.line("")
        for text in self._tell_github(terminalreporter.config):
            terminalreporter.write_line(text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """Let go of all that was seen: pytest and Python would search it for garbage at the end."""
        self.judged = JudgedCells((), ())

    def _tell_github(self, config: pytest.Config) -> Iterator[str]:
        """Write the job's summary where GitHub runs the tests; yield the lines it reads itself."""
        if not (self._summary_file or self._is_annotated):
            return
        from pytest_pmd_migrations.pytest_side.github_actions import (
            EndedRun,
            annotation_lines,
            write_summary,
        )

        seconds, workers = self.took
        closing = closing_piece(
            self.plans, self.outcomes, self.folded, seconds=seconds, workers=workers
        )
        run = EndedRun(self.histories, self.plans, self.outcomes, self.folded, closing.text)
        warning = write_summary(run, self._summary_file) if self._summary_file else ""
        if self._is_annotated:
            has_summary = bool(self._summary_file) and not warning
            yield from annotation_lines(run, config, has_summary=has_summary)
        if warning:
            yield warning


def _header(history: History) -> list[str]:
    """Return the header of one history: one line, or two where it would be a long one."""
    application, runner = history.application, runner_of(history.application.source)
    by = f" by {runner}" if runner else ""
    first = f"migrations: {application.source.name} {application.span}{by}"
    stored = counted(len(history.store.names), "snapshot")
    second = f"{stored}, SQLite {sqlite3.sqlite_version}"
    one_line = f"{first}, {second}"
    return [one_line] if len(one_line) <= width() else [first, f"            {second}"]


def _shared_folder(config: pytest.Config) -> SharedFolder | None:
    """Return where the walks of all workers are kept; None where this process is no such worker.

    With --dist=each the workers may have other versions of Python and SQLite, or other machines.
    Windows has no such locks as tell who is at a lineage.
    """
    told = getattr(config, "workerinput", {})
    count = int(told.get("workercount", 1))
    if os.name != "posix" or count < 2 or config.getoption("dist", "no") == "each":
        return None
    path, number = told.get(_WALKS, ("", 0))
    if not Path(path).is_dir():
        return None
    # Only a worker of several asks for it.
    from pytest_pmd_migrations.grid.exchange.walk_exchange import SharedFolder

    return SharedFolder(Path(path), str(told["workerid"]), number % count, count)
