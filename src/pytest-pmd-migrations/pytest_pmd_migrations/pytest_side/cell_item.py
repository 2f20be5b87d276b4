"""Run one cell of the matrix as a pytest item, and collect these items."""

from __future__ import annotations

import os
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from _pytest._code.code import (
    ReprEntryNative,
    ReprExceptionInfo,
    ReprFileLocation,
    ReprTraceback,
    TerminalRepr,
    Traceback,
    TracebackEntry,
)

from pytest_pmd_migrations.checks.model import Finding, Row, Verdict
from pytest_pmd_migrations.errors import MigrationTestError, SourceError, TimeoutStruckError
from pytest_pmd_migrations.files.file_content import content_pieces
from pytest_pmd_migrations.grid.cells import Cell
from pytest_pmd_migrations.report.fold import whole_message
from pytest_pmd_migrations.report.outcome import Outcome
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.protocol import Location

_EVERYTHING = 2
"""How often ``-v`` is given by those who want to see all there is."""

_TOOLS = ("pytest_pmd_migrations", "_pytest", "pluggy")
"""The packages whose frames tell a reader nothing of a check that the project registered."""

_MORE = "the whole SQL of both sides: -vv"

__all__ = ["CellFailedError", "CellItem", "MigrationMatrix", "message_repr"]


JudgeCell = Callable[[Cell], Verdict]
"""The function that answers for a cell."""


def _is_tool(frame: TracebackEntry) -> bool:
    module = str(frame.frame.f_globals.get("__name__", "")).partition(".")[0]
    return module in _TOOLS


def message_repr(text: str, path: str, line: int, config: pytest.Config) -> ReprExceptionInfo:
    """Return what makes pytest print this text as the whole failure, without a traceback.

    With ``--tb=line`` pytest prints the place and the headline alone, as it does of other failures.

    Its summary gets the headline alone: where the variable ``CI`` is set it shows the whole, which
    has been printed above it.
    """
    crash = ReprFileLocation(path, line, text.partition("\n")[0])
    is_one_line = config.getoption("tbstyle", "auto") == "line"
    entries = [] if is_one_line else [ReprEntryNative([f"{text}\n"])]
    return ReprExceptionInfo(ReprTraceback(entries, None, "native"), crash)


class CellFailedError(MigrationTestError, AssertionError):
    """A cell found something wrong; the message is all there is to say."""

    def __init__(self, text: str, location: Location) -> None:
        super().__init__(text)
        self.location = location


class MigrationMatrix(pytest.Collector):
    """Collects every cell; no file of the tests' is involved."""

    def __init__(
        self,
        *,
        cells: Sequence[Cell],
        judge: JudgeCell,
        **kwargs: Any,  # noqa: ANN401 - pytest's own
    ) -> None:
        super().__init__(**kwargs)
        self._cells = cells
        self._judge = judge
        self.places: dict[tuple[str, int], tuple[str, int | None]] = {}
        """The file and line of each migration as pytest reports them, by source and version."""

    def collect(self) -> Iterable[pytest.Item]:
        """Yield one item a cell, in the grid's order."""
        for cell in self._cells:
            yield CellItem.from_parent(
                self, name=cell.name, nodeid=cell.id, cell=cell, judge=self._judge
            )


class CellItem(pytest.Item):
    """One check asked of one row."""

    def __init__(
        self,
        *,
        cell: Cell,
        judge: JudgeCell,
        **kwargs: Any,  # noqa: ANN401 - pytest's own
    ) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        self.outcome: Outcome | None = None
        self._judge = judge
        self.extra_keyword_matches.update(cell.keywords)
        version, check = cell.row.version, cell.check.name
        self.add_marker(pytest.mark.migration(version=version, check=check))
        self._tell(version=format_version(version), check=check)

    @property
    def obj(self) -> Callable[[], None]:
        """What the item calls: plugins for asynchronous tests look at it, whatever the item is."""
        return self.runtest

    def runtest(self) -> None:
        """Judge the cell; raise CellFailedError with the whole message when it fails.

        A blocked cell is skipped, and so is that of a database that is no longer upgraded.
        """
        judged = self._judge(self.cell)
        verdict = replace(judged, findings=tuple(map(self._with_details, judged.findings)))
        closing = self._closing(verdict) if verdict.findings else ()
        self.outcome = Outcome.of_verdict(self.cell.key, verdict, closing=closing)
        self._tell(verdict=self.outcome.status, cause=self._culprit(verdict))
        if verdict.cause is not None:
            pytest.skip(f"blocked {verdict.cause.row.culprit}")
        if verdict.unasked:
            pytest.skip(verdict.unasked.text)
        if verdict.findings:
            raise CellFailedError(whole_message(self.outcome), self._blamed(verdict.findings))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return the migration's file, the line of its ``up``, and the id with a space after it.

        Were it the id itself, pytest would take it for a dotted name of Python's, and print
        ``0001::::0012[schema]`` with ``-v``.
        """
        location = self._location(self.cell.row.version)
        return location.path, location.line - 1, f"{self.cell.id} "

    @cached_property
    def location(self) -> tuple[str, int | None, str]:
        """What pytest makes of it for reports, once for all cells of a migration."""
        if not isinstance(self.parent, MigrationMatrix):
            return super().location
        places = self.parent.places
        key = self.cell.history.application.name, self.cell.row.version
        if key not in places:
            places[key] = super().location[:2]
        return (*places[key], f"{self.cell.id} ")

    def repr_failure(  # type: ignore[override]  # pytest allows a TerminalRepr too
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> str | TerminalRepr:
        """Return the cell's own message, or the frames of the project's check that raised.

        The frames of this package, of pytest and of pluggy are left out but with ``--full-trace``.
        """
        error = excinfo.value
        if isinstance(error, CellFailedError):
            at = error.location
            return message_repr(str(error), str(at.path), at.line, self.config)
        if isinstance(error, TimeoutStruckError):
            at = self._location(self.cell.row.version)
            text = f'{error}\n\nagain: pytest --migration-matrix "{self.cell.id}"'
            return message_repr(text, str(at.path), at.line, self.config)
        if self.config.option.fulltrace:
            return super().repr_failure(excinfo)
        frames = excinfo.traceback
        own = Traceback([frame for frame in frames if not _is_tool(frame)] or frames[-1:])
        return excinfo.getrepr(style="short", tbfilter=lambda _: own)

    def skipped_at(self, row: Row, reason: str) -> tuple[str, int, str]:
        """Return the file and line of a row's migration and the reason, as a skipped report has."""
        location = self._location(row.version)
        return str(location.path), location.line, f"Skipped: {reason}"

    def _with_details(self, finding: Finding) -> Finding:
        """Return the finding with those of its details that the run shows."""
        if not finding.details:
            return finding
        everything = self.config.getoption("verbose", 0) >= _EVERYTHING
        return replace(finding, details=(*finding.details, "") if everything else (_MORE,))

    def _tell(self, **properties: str) -> None:
        """Add properties of the cell, which JUnit's XML has, too; an empty one is left out."""
        self.user_properties.extend(
            (f"migration_{name}", value) for name, value in properties.items() if value
        )

    def _culprit(self, verdict: Verdict) -> str:
        """Return the row or the version to blame, as people read it; empty where all is well."""
        if verdict.cause is not None:
            return verdict.cause.row.culprit
        versions = [one.version for one in verdict.findings if one.version is not None]
        return self.cell.history.application.title(min(versions)) if versions else ""

    def _closing(self, verdict: Verdict) -> list[str]:
        return [*self._keep(verdict), f'again: pytest --migration-matrix "{self.cell.id}"']

    def _keep(self, verdict: Verdict) -> list[str]:
        """Keep the last database of a failed lineage in pytest's cache; return the line on it."""
        cache = getattr(self.config, "cache", None)
        if cache is None or verdict.image is None or not verdict.image.size:
            return []
        try:
            path: Path = cache.mkdir("migrations") / self.cell.database_name
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.writelines(content_pieces(verdict.image.stored))
            Path(temporary).replace(path)
        except OSError as error:
            return [f"copy of the database: none, {error.strerror}: {error.filename}"]
        shown = os.path.relpath(path, self.config.invocation_params.dir)
        return [f"copy of the database: {shown}"]

    def _blamed(self, findings: tuple[Finding, ...]) -> Location:
        versions = [finding.version for finding in findings if finding.version is not None]
        return self._location(min(versions, default=self.cell.row.version))

    def _location(self, version: int) -> Location:
        application = self.cell.history.application
        versions = application.versions
        known = versions[max(bisect_right(versions, version) - 1, 0)]
        try:
            return application.location(known)
        except SourceError:
            # The cells of `frozen` say so; any other still has its own to say.
            return Location(self.config.rootpath)
