"""Read the files of a database at moments of a run: what a kill at each of them would leave."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise, repeat
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.faults.database_files import DatabaseFiles, KeptFiles
from pytest_pmd_migrations.faults.values import Point, Unit
from pytest_pmd_migrations.faults.watching.events import RunObserver

__all__ = ["FilesReader"]


class FilesReader(RunObserver):
    """Reads the files at ``path`` at each of ``points`` of a run; ``at`` returns them.

    ``start`` are those that the run begins with.
    """

    def __init__(
        self, path: Path, points: Iterable[Point], *, start: DatabaseFiles | None = None
    ) -> None:
        self._files = KeptFiles(path, start)
        self._wanted = frozenset((point.unit, point.at) for point in points)
        self.wants_ticks = any(unit == "tick" for unit, _ in self._wanted)
        self._read: dict[tuple[Unit, int], DatabaseFiles] = {}
        self._statements = 0
        ticks = sorted(at for unit, at in self._wanted if unit == "tick")
        # As a list they stay, whichever of them a thread is in.
        self._parts = [
            part
            for before, at in pairwise((-1, *ticks))
            for part in (repeat(False, at - before - 1), map(self._read_at_tick, (at,)))
        ]
        self._answers = chain(*self._parts, repeat(False))

    def at(self, point: Point) -> DatabaseFiles | None:
        """Return the files at a point, None where the run did not come to it."""
        return self._read.get((point.unit, point.at))

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        """Read the files before a statement."""
        self._keep("statement", self._statements)
        self._statements += 1

    def answers(self) -> Iterator[object]:
        """Read the files at the ticks that are wanted, and let all statements go on."""
        return self._answers

    def _read_at_tick(self, tick: int) -> bool:
        self._keep("tick", tick)
        return False

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the observer's
        """Read the files at the end, before connections are closed."""
        self._keep("end", self._statements)

    def _keep(self, unit: Unit, at: int) -> None:
        if (unit, at) in self._wanted:
            self._read[unit, at] = self._files.read()
