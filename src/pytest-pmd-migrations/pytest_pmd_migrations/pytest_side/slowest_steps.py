"""List the slowest steps below pytest's own ``--durations``, which knows of cells alone."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.grid.walk import Walk
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.pytest_side.cell_item import CellItem
from pytest_pmd_migrations.pytest_side.matrix import MatrixPlugin

__all__ = ["SlowestSteps"]

_SHORTEST = 0.005
"""Seconds below which pytest lists nothing unless ``-vv`` or ``--durations-min`` says so."""


class SlowestSteps:
    """Gathers how long each step took, on the lineage where it took longest, and lists these."""

    def __init__(self, matrix: MatrixPlugin) -> None:
        self._matrix = matrix
        self._told: dict[tuple[History, str], Walk] = {}
        self._longest: dict[tuple[str, int], tuple[float, str]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the seconds that are new travel on a cell's report, also from a worker."""
        report = yield
        if isinstance(item, CellItem) and report.when == "call":
            seconds = list(self._new_seconds(item.cell.history))
            if seconds:
                report.migration_seconds = seconds  # type: ignore[attr-defined]  # ours
        return report

    def _new_seconds(self, history: History) -> Iterator[list[Any]]:
        walks = self._matrix.judged.walks.get(history)
        for walk in walks.taken.values() if walks is not None else ():
            start = str(walk.start)
            if self._told.get((history, start)) is not walk:
                self._told[history, start] = walk
                for version, taken in walk.seconds.items():
                    yield [history.application.name, version, taken, start]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what travels on a cell's report."""
        for name, version, taken, start in getattr(report, "migration_seconds", ()):
            known = self._longest.get((name, version), (0.0, ""))
            self._longest[name, version] = max(known, (taken, start))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the list, under the rules of pytest's own: how many, and which are too short."""
        options = terminalreporter.config.option
        shortest = options.durations_min
        if shortest is None:
            shortest = _SHORTEST if terminalreporter.config.get_verbosity() < 2 else 0.0
        steps = sorted(self._longest.items(), key=lambda one: one[1], reverse=True)
        steps = steps[: options.durations or None]
        if not steps:
            return
        terminalreporter.section(
            f"slowest {options.durations} steps" if options.durations else "slowest steps"
        )
        shown = [one for one in steps if one[1][0] >= shortest]
        for step, (taken, start) in shown:
            told = f"{self._title(*step)} from {start}"
            terminalreporter.write_line(f"{taken:.3f}s step     {told}")
        if len(shown) < len(steps):
            how = "" if options.durations_min is not None else " Use -vv to show them."
            hidden = counted(len(steps) - len(shown), "step")
            terminalreporter.write_line(f"({hidden} below {shortest:g}s hidden.{how})")

    def _title(self, name: str, version: int) -> str:
        """Return how people know a step: its version and its file, after its source's name."""
        applications = [history.application for history in self._matrix.histories]
        application = next(one for one in applications if one.name == name)
        title, file = application.title(version), application.step_name(version)
        told = file if file.startswith(title) else f"{title} {file}"
        return printable_line(f"{name} {told}" if name else told)
