"""Write the report of a run: facts on the reports of cells, gathered, a file at the end."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, cast

import pytest

from pytest_pmd_migrations.errors import ReportError
from pytest_pmd_migrations.grid.cells import CellKey, parse_cell_id
from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.pytest_side import STARTED
from pytest_pmd_migrations.pytest_side.cell_item import CellItem
from pytest_pmd_migrations.pytest_side.matrix import MatrixPlugin
from pytest_pmd_migrations.report.outcome import DIED, NOT_RUN
from pytest_pmd_migrations.run_report.application_part import ApplicationRun, application_part
from pytest_pmd_migrations.run_report.facts import LearntFacts
from pytest_pmd_migrations.run_report.gathered import GatheredFacts
from pytest_pmd_migrations.run_report.json_form import to_values
from pytest_pmd_migrations.run_report.report_file import ReportFile
from pytest_pmd_migrations.run_report.run_part import RunFacts, begun_report, finished_report
from pytest_pmd_migrations.run_report.values import ApplicationReport, ValuesShown

__all__ = ["FactsOnReports", "RunReportPlugin", "begin_report"]

_NO_RUN = ("help", "version", "collectonly", "showfixtures", "show_fixtures_per_test", "markers")


def begin_report(config: pytest.Config) -> RunReportPlugin | None:
    """Return the plugin that writes the report of this run, of which the files say so already.

    None on a worker of pytest-xdist, and where nothing is run. Raises UsageError where a file
    cannot be written, or is something else.
    """
    if hasattr(config, "workerinput") or any(config.getoption(one, False) for one in _NO_RUN):
        return None
    here = config.invocation_params.dir
    files = [
        ReportFile(here / name, f"--migration-report={name}")
        for name in dict.fromkeys(config.option.migration_report)
    ]
    shown = cast("ValuesShown", config.option.migration_report_values)
    begun = RunReportPlugin(
        files, RunFacts(config.stash[STARTED], pytest.__version__, shown), config
    )
    try:
        for file in files:
            file.refuse_unusable()
        for file in files:
            file.write(begun_report(begun.facts))
    except ReportError as error:
        raise pytest.UsageError(str(error)) from None
    return begun


class FactsOnReports:
    """Lets what a process has learnt travel on the report of the cell that it learnt it for."""

    def __init__(self, matrix: MatrixPlugin) -> None:
        self._matrix = matrix
        with_values = matrix.config.option.migration_report_values != "none"
        self._learnt = {
            history: LearntFacts(history, with_values=with_values) for history in matrix.histories
        }

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put what is new on a cell's report."""
        report = yield
        if isinstance(item, CellItem) and report.when == "call":
            facts = list(self._new_facts(item))
            if facts:
                report.migration_facts = facts  # type: ignore[attr-defined]  # ours
        return report

    def _new_facts(self, item: CellItem) -> Iterator[dict[str, Any]]:
        judged = self._matrix.judged
        history, row = item.cell.history, item.cell.row
        learnt = self._learnt[history].since_last(judged.walks.get(history))
        verdict = judged.own_verdict(item.cell)
        faults = verdict.faults if verdict is not None else None
        if faults is not None:
            learnt["faults"] = [[row.version, faults.points, faults.broken]]
        if verdict is not None and verdict.forecast is not None:
            learnt["forecast"] = to_values(verdict.forecast)
        if learnt:
            yield {"application": history.application.name, **learnt}

    def learn_fresh(self) -> Iterator[dict[str, Any]]:
        """Yield what nobody needed to learn: the schemas of fresh databases."""
        for history, learnt in self._learnt.items():
            learnt.build_fresh()
            yield {"application": history.application.name, **learnt.since_last(None)}


class RunReportPlugin:
    """Gathers what a run says, on the controller, and writes the report when it ends."""

    def __init__(self, files: Sequence[ReportFile], facts: RunFacts, config: pytest.Config) -> None:
        self.facts = facts
        self.matrix: MatrixPlugin | None = None
        self._files = files
        self._config = config
        self._selected: dict[CellKey, None] = {}
        self._learnt: dict[str, GatheredFacts] = {}
        self._seconds: dict[str, float] = {}
        self._silent: dict[str, Sequence[str]] = {}
        self._stopped = ""
        self._lines: list[str] = []

    def end_early(self, why: str) -> None:
        """Write why there is nothing to report."""
        for file in self._files:
            file.write(begun_report(self.facts, missing=why))

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note which cells are to be run in this process."""
        self._select(item.nodeid for item in session.items if isinstance(item, CellItem))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Note which cells a worker is about to run."""
        self._select(ids)

    def _select(self, ids: Iterable[str]) -> None:
        self._selected.update((cell, None) for one in ids if (cell := parse_cell_id(one)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what travels on a cell's report, and what pytest says of one without a verdict."""
        if parse_cell_id(report.nodeid) is None:
            return
        process = str(getattr(report, "worker_id", ""))
        for facts in getattr(report, "migration_facts", ()):
            self._gathered(facts["application"]).add(facts, process)
        if report.when == "call":
            self._seconds[report.nodeid] = round(report.duration, 6)
        if report.failed and getattr(report, "migration_outcome", None) is None:
            self._silent[report.nodeid] = report.longreprtext.splitlines()

    def _gathered(self, application: str) -> GatheredFacts:
        return self._learnt.setdefault(application, GatheredFacts())

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note that the run was interrupted, by whom."""
        told = str(excinfo.value)
        self._stopped = f"the run was interrupted{told and f': {told}'}"

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the report in the place of the one that said that the run did not finish."""
        why = session.shouldfail or session.shouldstop
        self._stopped = self._stopped or (f"the run was stopped: {why}" if why else "")
        matrix = self.matrix
        if matrix is None:
            return
        # What killed a worker would kill the controller, too.
        died = any(outcome.status == DIED for outcome in matrix.outcomes)
        known = any(one.schemas for one in self._learnt.values())
        if not (self._stopped or died or known):
            facts = self._config.pluginmanager.get_plugin("migration-facts")
            for one in facts.learn_fresh() if isinstance(facts, FactsOnReports) else ():
                self._gathered(one["application"]).add(one, "controller")
        applications = [self._application(matrix, n) for n in range(len(matrix.plans))]
        seconds, workers = matrix.took
        report = finished_report(
            self.facts,
            applications,
            missing=list(self._missing(applications)),
            seconds=seconds,
            workers=workers,
        )
        for file in self._files:
            try:
                file.write(report)
                self._lines.append(f"wrote {file.asked_by.partition('=')[2]}")
            except ReportError as error:
                self._lines.append(f"ERROR: {error}")
                session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED

    def _application(self, matrix: MatrixPlugin, number: int) -> ApplicationReport:
        plan, history = matrix.plans[number], matrix.histories[number]
        run = ApplicationRun(
            history,
            plan,
            matrix.folded[history.application.name],
            self._config.rootpath,
            self.facts.values != "none",
            plan.in_order(matrix.outcomes),
            self._seconds,
            self._silent,
            self._gathered(history.application.name),
        )
        return application_part(run)

    def _missing(self, applications: Sequence[ApplicationReport]) -> Iterator[str]:
        """Yield a sentence for each thing that the report lacks."""
        cells = [cell for one in applications for cell in one.cells]
        left = [parse_cell_id(cell.id) for cell in cells if cell.status == NOT_RUN]
        chosen = sum(cell in self._selected for cell in left)
        total = counted(len(cells), "cell")
        if chosen:
            why = self._stopped or "the run ended before"
            yield f"{chosen} of {total} were not run: {why}"
        elif self._stopped:
            yield self._stopped
        if len(left) - chosen:
            yield f"{len(left) - chosen} of {total} were not asked for"
        died = sum(cell.status == DIED for cell in cells)
        if died:
            yield f"what {counted(died, 'cell')} would have found: the worker was killed"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say where the report is, or why it is not there."""
        for line in self._lines:
            terminalreporter.write_line(line, red=line.startswith("ERROR"))
