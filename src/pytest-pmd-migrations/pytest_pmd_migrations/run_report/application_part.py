"""Make one application's part of a report: its grid, its findings, its versions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Finding, MigrationRow, Note, Row
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.forecast.report_values import ForecastReport
from pytest_pmd_migrations.grid.cells import CellKey
from pytest_pmd_migrations.report.application_notes import application_notes
from pytest_pmd_migrations.report.fold import Folded, ToldFinding
from pytest_pmd_migrations.report.outcome import BAD, DIED, Outcome
from pytest_pmd_migrations.report.plan import Plan
from pytest_pmd_migrations.run_report.commit_dates import added_dates
from pytest_pmd_migrations.run_report.gathered import GatheredFacts
from pytest_pmd_migrations.run_report.values import (
    ApplicationReport,
    CellReport,
    CheckColumn,
    FindingReport,
    Kind,
    NoteReport,
    RowName,
    RowTitle,
    Status,
    VersionReport,
)
from pytest_pmd_migrations.run_report.written_migration import described, path_below
from pytest_pmd_migrations.snapshots.names import FRESH
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED, Declarations
from pytest_pmd_migrations.sources.protocol import Location, runner_of

__all__ = ["ApplicationRun", "application_part"]

_LEFT_OUT = "left out, since it may show values of rows (--migration-report-values=none)"


@dataclass
class ApplicationRun:
    """What a run has of one application: the plan, what became of cells, what was learnt.

    Without ``shows_values`` no value of a row may stand in the report. ``seconds`` are by the ids
    of cells; ``silent`` has for each cell that failed without a verdict what pytest prints of it.
    """

    history: History
    plan: Plan
    folded: Folded
    root: Path
    shows_values: bool = True
    outcomes: Sequence[Outcome] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    silent: Mapping[str, Sequence[str]] = field(default_factory=dict)
    facts: GatheredFacts = field(default_factory=GatheredFacts)


def application_part(run: ApplicationRun) -> ApplicationReport:
    """Return the report of one application."""
    history, plan = run.history, run.plan
    application = history.application
    told = (*run.folded.told, *_silent_findings(run))
    rows: tuple[Row, ...] = (*plan.snapshot_rows, *plan.migration_rows)
    return ApplicationReport(
        name=application.name or "migrations",
        source=application.source.name,
        runner=runner_of(application.source),
        snapshots=path_below(run.root, history.store.folder.path),
        latest=application.latest,
        checks=tuple(_columns(plan)),
        rows=tuple(RowTitle(_kind(row), str(row), row.title, row.version) for row in rows),
        cells=tuple(_cells(run, told)),
        findings=tuple(_finding(run, one) for one in told),
        notes=tuple(_note(run, note) for note in application_notes(plan, run.outcomes)),
        objects=tuple(run.facts.objects),
        versions=tuple(_versions(run)),
        forecast=_forecast(run),
    )


def _forecast(run: ApplicationRun) -> ForecastReport | None:
    """Return what the check ``forecast`` measured of steps; None where it measured none."""
    steps = tuple(step for _, step in sorted(run.facts.forecasts.items()))
    source = run.history.application.source.name
    return ForecastReport(source, complete=True, steps=steps) if steps else None


def _columns(plan: Plan) -> Iterator[CheckColumn]:
    yield from (CheckColumn(name, "snapshot") for name in plan.snapshot_checks)
    yield from (CheckColumn(name, "migration") for name in plan.migration_checks)


def _cells(run: ApplicationRun, told: Sequence[ToldFinding]) -> Iterator[CellReport]:
    found = {outcome.cell: outcome for outcome in run.outcomes}
    shared: dict[CellKey, list[int]] = {}
    for index, one in enumerate(told):
        for cell in one.cells:
            shared.setdefault(cell, []).append(index)
    for cell in run.plan.cells:
        outcome, cell_id = found.get(cell), cell.id(run.plan.application.latest)
        kind, row = _kind(cell.row), str(cell.row)
        if outcome is None:
            yield CellReport(cell_id, kind, row, cell.check, "-")
            continue
        by = outcome.blocked_by
        yield CellReport(
            cell_id,
            kind,
            row,
            cell.check,
            cast("Status", outcome.status),
            run.seconds.get(cell_id),
            tuple(shared.get(cell, ())),
            None if by is None else RowName(_kind(by), str(by)),
            tuple(_note(run, note) for note in outcome.notes),
            tuple(_note(run, note) for note in outcome.remarks),
        )


def _silent_findings(run: ApplicationRun) -> Iterator[ToldFinding]:
    """Yield a finding for each cell that failed without a verdict: its check raised, it died."""
    for outcome in run.outcomes:
        if outcome.status in BAD and not outcome.findings:
            cell_id = outcome.cell.id(run.plan.application.latest)
            died = outcome.status == DIED
            ended = "its worker was killed" if died else "no verdict"
            lines = tuple(run.silent.get(cell_id, ()))
            head = f"{outcome.cell.row} [{outcome.cell.check}]: {ended}"
            finding = Finding(head, lines, without_rows=(head,))
            # Of one that raised, its message says this.
            closing = (f'again: pytest --migration-matrix "{cell_id}"',) if died else ()
            yield ToldFinding(finding, outcome.cell, (outcome.cell,), lines=lines, closing=closing)


def _finding(run: ApplicationRun, told: ToldFinding) -> FindingReport:
    finding, latest = told.finding, run.plan.application.latest
    at = None if finding.version is None else _location(run.history, finding.version)
    told_lines = (finding.headline, *finding.lines)
    shown = told_lines if run.shows_values else finding.without_rows or _hidden(run, told)
    headline, *lines = shown
    return FindingReport(
        headline,
        tuple(lines[1:] if lines[:1] == [""] else lines),
        finding.details if shown == told_lines else (),
        finding.version,
        None if at is None else path_below(run.root, at.path),
        None if at is None else at.line,
        None if told.told_by is None else told.told_by.id(latest),
        tuple(cell.id(latest) for cell in told.cells),
        tuple(cell.id(latest) for cell in told.blocks),
        told.closing,
    )


def _hidden(run: ApplicationRun, told: ToldFinding) -> tuple[str, ...]:
    """Return what to tell of a finding of which nobody has said that it shows no value of a row."""
    cells = told.cells or told.blocks
    where = f"{cells[0].row} [{cells[0].check}]" if cells else run.plan.application.source.name
    return (f"{where}: what it says is left out", _LEFT_OUT)


def _versions(run: ApplicationRun) -> Iterator[VersionReport]:
    application, facts = run.history.application, run.facts
    lines = run.history.store.lock_file.versions
    locations = {version: _location(run.history, version) for version in application.versions}
    dates = added_dates({at.path for at in locations.values() if at is not None}, run.root)
    starts = (*(str(row) for row in run.plan.snapshot_rows), str(FRESH))
    shared = _shared_files(locations.values())
    for version in application.versions:
        at, line = locations[version], lines.get(version)
        yield VersionReport(
            version,
            application.label(version),
            application.title(version),
            "" if at is None or at.path in shared else described(at.path),
            None if at is None else path_below(run.root, at.path),
            None if at is None else at.line,
            None if at is None else dates.get(at.path),
            line is not None and line.released,
            facts.seconds.get(version),
            facts.faults.get(version),
            tuple(facts.lost.get(version, ())),
            facts.schemas.get(version),
            facts.steps(version, starts, _declarations(run.history, version)),
        )


def _shared_files(locations: Iterable[Location | None]) -> frozenset[Path]:
    """Return the files that hold several migrations: what they say is about none of these."""
    paths = [at.path for at in locations if at is not None]
    return frozenset(path for path in paths if paths.count(path) > 1)


def _declarations(history: History, version: int) -> Declarations:
    try:
        return history.application.declarations(version)
    except MigrationTestError:
        # A note tells it.
        return NOTHING_DECLARED


def _location(history: History, version: int) -> Location | None:
    if version not in history.application.versions:
        return None
    try:
        return history.application.location(version)
    except MigrationTestError:
        # The cells of `frozen` tell it.
        return None


def _kind(row: Row) -> Kind:
    return "migration" if isinstance(row, MigrationRow) else "snapshot"


def _note(run: ApplicationRun, note: Note) -> NoteReport:
    about = note.about if isinstance(note.about, str) else note.about.title
    if note.shows_rows and not run.shows_values:
        return NoteReport("" if isinstance(note.about, str) else about, _LEFT_OUT)
    return NoteReport(about, note.text, note.command)
