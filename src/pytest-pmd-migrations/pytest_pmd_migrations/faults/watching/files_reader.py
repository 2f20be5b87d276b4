"""Read the files of a database at moments of a run: what a kill at each of them would leave."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.faults.database_files import DatabaseFiles, KeptFiles
from pytest_pmd_migrations.faults.values import Point, Unit
from pytest_pmd_migrations.faults.watching.events import RunObserver

__all__ = ["FilesReader"]


class FilesReader(RunObserver):
    """Reads the files at ``path`` at each of ``points`` of a run; ``at`` returns them."""

    def __init__(self, path: Path, points: Iterable[Point]) -> None:
        self._files = KeptFiles(path)
        self._wanted = frozenset((point.unit, point.at) for point in points)
        self.wants_ticks = any(unit == "tick" for unit, _ in self._wanted)
        self._read: dict[tuple[Unit, int], DatabaseFiles] = {}
        self._statements = self._ticks = 0

    def at(self, point: Point) -> DatabaseFiles | None:
        """Return the files at a point, None where the run did not come to it."""
        return self._read.get((point.unit, point.at))

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        """Read the files before a statement."""
        self._keep("statement", self._statements)
        self._statements += 1

    def tick(self) -> bool:
        """Read the files at a tick, and let the statement go on."""
        self._keep("tick", self._ticks)
        self._ticks += 1
        return False

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the observer's
        """Read the files at the end, before connections are closed."""
        self._keep("end", self._statements)

    def _keep(self, unit: Unit, at: int) -> None:
        if (unit, at) in self._wanted:
            self._read[unit, at] = self._files.read()
