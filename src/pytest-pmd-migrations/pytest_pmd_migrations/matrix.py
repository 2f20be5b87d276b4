"""The pytest side of the matrix: cells as items, verdicts as reports, the summary at the end."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from typing import Any

import pytest

from pytest_pmd_migrations.cell_item import CellItem, MigrationMatrix
from pytest_pmd_migrations.checks.cells import PREFIX, Cell, grid_rows, list_cells, parse_cell_id
from pytest_pmd_migrations.checks.model import Check
from pytest_pmd_migrations.checks.records import Records
from pytest_pmd_migrations.checks.registry import select_checks
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.report.outcome import DIED, FAIL, SKIP, Outcome
from pytest_pmd_migrations.report.terminal import COLOURS, Plan, matrix_section
from pytest_pmd_migrations.settings import histories
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["MatrixPlugin"]


class MatrixPlugin:
    """Registered when the flag or the id of a cell is given; holds all state of the matrix."""

    def __init__(self, config: pytest.Config, ids: Sequence[str]) -> None:
        try:
            self.histories = histories(config)
            self.checks = select_checks(str(config.option.migration_checks))
            self.cells = _chosen(self.histories, self.checks, ids)
        except MigrationTestError as error:
            raise pytest.UsageError(" ".join(str(error).split("\n"))) from None
        self._records: dict[str, Records] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._times: list[tuple[float, float]] = []
        self._workers: set[str] = set()

    def records(self, source: str) -> Records:
        """Return the records of that source's lineages, kept for the whole process."""
        return self._records[source]

    def pytest_report_header(self) -> list[str]:
        """Say which migrations and snapshots the matrix is about."""
        return [
            f"migrations: {history.source.name}"
            f" {format_version(history.versions[0])}..{format_version(history.latest)},"
            f" {len(history.stored)} snapshots, SQLite {sqlite3.sqlite_version}"
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
                    collector, name="migrations", nodeid="migrations", matrix=self
                )
            )
        return report

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Prepare one walk a lineage for the checks that are left after deselection."""
        wanted = {item.cell.check for item in session.items if isinstance(item, CellItem)}
        checks = [check for check in self.checks if check.name in wanted]
        self._records = {history.name: Records(history, checks) for history in self.histories}

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
        if not report.nodeid.startswith(PREFIX):
            return
        data: dict[str, Any] | None = getattr(report, "migration_outcome", None)
        if data is not None:
            self._outcomes[report.nodeid] = Outcome.from_json(data)
            self._times.append((report.start, report.stop))
            self._workers.add(str(getattr(report, "worker_id", "")))
        elif report.outcome != "passed":
            source, row, check = parse_cell_id(report.nodeid) or ("", report.nodeid, "")
            status = SKIP if report.skipped else DIED if str(report.when) == "???" else FAIL
            self._outcomes[report.nodeid] = Outcome(source, row, check, status)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the section: one line when all is good, the grid on failure or with ``-v``."""
        if terminalreporter.config.option.collectonly:
            return
        started = min((start for start, _ in self._times), default=0.0)
        stopped = max((stop for _, stop in self._times), default=0.0)
        terminalreporter.section("migration matrix")
        for line in matrix_section(
            [_plan(history, self.checks) for history in self.histories],
            [self._outcomes[cell.id] for cell in self._all_cells() if cell.id in self._outcomes],
            seconds=stopped - started,
            workers=len(self._workers),
            verbose=terminalreporter.verbosity > 0,
        ):
            for piece in line:
                terminalreporter.write(piece.text, **COLOURS.get(piece.word, {}))
            terminalreporter.line("")

    def _all_cells(self) -> Iterator[Cell]:
        for history in self.histories:
            yield from list_cells(history, self.checks)


def _chosen(
    histories: Sequence[History], checks: Sequence[Check], ids: Sequence[str]
) -> tuple[Cell, ...]:
    cells: list[Cell] = []
    for history in histories:
        if not history.stored and not history.lock.snapshots:
            raise MigrationTestError(
                f"no snapshot is stored in {history.folder.path}, so nothing can be checked."
                " Build them: pmd-migrations snapshot"
            )
        cells.extend(list_cells(history, checks))
    known = {cell.id: cell for cell in cells}
    for wanted in ids:
        if wanted not in known:
            raise MigrationTestError(f"no such cell: {wanted}. {_what_there_is(histories, checks)}")
    return tuple(known[wanted] for wanted in dict.fromkeys(ids)) if ids else tuple(cells)


def _what_there_is(histories: Sequence[History], checks: Sequence[Check]) -> str:
    sentences = []
    for history in histories:
        names = ", ".join(str(name) for name in history.stored if name.variant)
        sentences.append(
            f"Versions{f' of {history.name}' if history.name else ''} are"
            f" {format_version(history.versions[0])}..{format_version(history.latest)}"
            f"{f' and {names}' if names else ''}"
        )
    for kind in ("snapshot", "migration"):
        found = ", ".join(check.name for check in checks if check.of == kind)
        if found:
            sentences.append(f"checks of a {kind} are {found}")
    return "; ".join(sentences) + "."


def _plan(history: History, checks: Sequence[Check]) -> Plan:
    cells = list_cells(history, checks)
    snapshots = grid_rows(history, "snapshot")
    migrations = grid_rows(history, "migration")
    used = [check for check in checks if check.applies(history)]
    return Plan(
        source=history.name,
        rows=tuple(dict.fromkeys(sorted((*snapshots, *migrations)))),
        cells=frozenset((cell.row, cell.check) for cell in cells),
        snapshot_checks=tuple(check.name for check in used if check.of == "snapshot"),
        migration_checks=tuple(check.name for check in used if check.of == "migration"),
        snapshots=len(history.stored),
        migrations=len(history.versions),
        latest=history.latest,
        declared=frozenset(_declared(history)),
    )


def _declared(history: History) -> Iterator[str]:
    for version in history.versions:
        declarations = history.declarations(version)
        for kind, names in (
            ("DELETES", declarations.deletes),
            ("CHANGES", declarations.changes),
            ("MOVES", declarations.moves),
        ):
            for name in names:
                yield f"{format_version(version)} {kind} {name}"
