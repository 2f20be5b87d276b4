"""The kind ``crash``: the process is killed, at every point that one run passes.

The files as they are at a moment are exactly what a SIGKILL at that moment leaves: SQLite keeps
nothing in the process that a restart needs. So one run is enough: its files are read at each
statement and tick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.database_files import DatabaseFiles, read_files
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.points import after_statements, inside
from pytest_pmd_migrations.faults.struck_runs import judge_unstruck
from pytest_pmd_migrations.faults.values import Point, StruckPoint, Unit
from pytest_pmd_migrations.faults.watching.events import RunObserver

__all__ = ["Crash"]

_POINTS = 128
_MEMORY = 128 * 1024 * 1024
_FEWEST = 16


class _FilesReader(RunObserver):
    """Reads the files at each wanted moment of a run."""

    wants_ticks = True

    def __init__(self, path: Path, wanted: frozenset[tuple[Unit, int]]) -> None:
        self.read: dict[tuple[Unit, int], DatabaseFiles] = {}
        self._path = path
        self._wanted = wanted
        self._last = DatabaseFiles(b"")
        self._statements = self._ticks = 0

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        self._read("statement", self._statements)
        self._statements += 1

    def tick(self) -> bool:
        self._read("tick", self._ticks)
        self._ticks += 1
        return False

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the observer's
        self._read("end", self._statements)

    def _read(self, unit: Unit, at: int) -> None:
        if (unit, at) in self._wanted:
            files = read_files(self._path)
            # Files that did not change are kept once.
            self._last = self._last if files == self._last else files
            self.read[unit, at] = self._last


class Crash:
    """Killed at every statement, and at ticks between them."""

    name = "crash"
    lacking = ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point between all statements and inside them, as many as fit into memory."""
        fit = max(_MEMORY // (3 * max(len(case.plain_run.files.database), 1)), _FEWEST)
        limit = min(_POINTS, fit)
        return (
            *after_statements(case, self.name, "killed", limit=limit),
            *inside(case, self.name, "killed", limit=limit),
        )

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Run once, then judge the files that were there at each point."""
        with case.database() as path:
            reader = _FilesReader(path, frozenset((point.unit, point.at) for point in points))
            finished = case.run_on(path, reader)
        for point in points:
            files = reader.read.get((point.unit, point.at))
            if files is None:
                yield judge_unstruck(case, point, finished, judge)
            else:
                yield judge.after_kill(point, files, reported=point.unit == "end")
