"""The kind ``crash``: the process is killed, told from one run.

The files as they are at a moment are exactly what a SIGKILL at that moment leaves: SQLite keeps
nothing in the process that a restart needs. So one run is enough: at each statement and tick its
files are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.fault import Fault
from pytest_pmd_migrations.faults.files import Files, read_files
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.points import after_statements, inside
from pytest_pmd_migrations.faults.values import Judged, Point, Unit

__all__ = ["Crash"]

_POINTS = 128
_MEMORY = 128 * 1024 * 1024
_FEWEST = 16


class _Camera(Fault):
    """Reads the files at each wanted moment of a run."""

    ticks = True
    struck = True

    def __init__(self, path: Path, wanted: frozenset[tuple[Unit, int]]) -> None:
        self.taken: dict[tuple[Unit, int], Files] = {}
        self._path = path
        self._wanted = wanted
        self._last = Files(b"")
        self._statements = self._ticks = 0

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the protocol's
        self._take("statement", self._statements)
        self._statements += 1

    def tick(self) -> bool:
        self._take("tick", self._ticks)
        self._ticks += 1
        return False

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the protocol's
        self._take("end", self._statements)

    def _take(self, unit: Unit, at: int) -> None:
        if (unit, at) in self._wanted:
            files = read_files(self._path)
            # Files that did not change are kept once.
            self._last = self._last if files == self._last else files
            self.taken[unit, at] = self._last


class Crash:
    """Killed at every statement, and at ticks between them."""

    name = "crash"
    lacking = ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point between all statements and inside them, as many as fit into memory."""
        fit = max(_MEMORY // (3 * max(len(case.plain[1].files.database), 1)), _FEWEST)
        limit = min(_POINTS, fit)
        return (
            *after_statements(case, self.name, "killed", limit=limit),
            *inside(case, self.name, "killed", limit=limit),
        )

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[Judged]:
        """Run once, then judge what was there at each point."""
        with case.database() as path:
            camera = _Camera(path, frozenset((point.unit, point.at) for point in points))
            case.run_on(path, camera)
        for point in points:
            files = camera.taken.get((point.unit, point.at))
            if files is None:
                raise case.missed()
            yield judge.killed(point, files, reported=point.unit == "end")
