"""Walk the lineages that a cell needs before it is judged, and say how long that takes."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

from pytest_pmd_migrations.checks.model import Row, SnapshotRow
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.messages.wording import counted, megabytes
from pytest_pmd_migrations.processes.long_work import expect_work, is_heard, tell_work_done
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start

__all__ = ["LineagesAhead"]

_OF_A_STEP = 100_000
"""Bytes that a step takes as long for as it takes whatever the database is."""

_USUAL_RATE = 25e-9
"""Seconds a byte and step, until something was measured."""

_LEAST_MEASURED = 0.2


class LineagesAhead:
    """Walks the lineages of one history as cells need them, if anybody wants to know how long."""

    def __init__(self, walks: Walks) -> None:
        self._walks = walks
        self._walked: set[Start] = set()
        self._measured = {False: (0.0, 0.0), True: (0.0, 0.0)}

    def walk(self, row: Row) -> None:
        """Walk the lineages that the cells of ``row`` ask for, and tell of it.

        What goes wrong is left to whoever asks for the same lineage next: it is kept.
        """
        if not is_heard():
            return
        supported = self._walks.history.supported
        starts: Sequence[Start] = (FRESH, *supported)
        if isinstance(row, SnapshotRow):
            starts = [row.snapshot] if row.snapshot in supported else []
        known = self._walked, self._walks.taken
        left = [start for start in starts if not any(start in one for one in known)]
        self._walked.update(left)
        try:
            if len(left) == 1:
                self._walk_one(left[0])
            elif left:
                self._walk_many(left)
        except Exception:
            return

    def _walk_one(self, start: Start) -> None:
        size, steps = self._size(start), self._steps(start)
        units, is_large = self._units(start), size > MEMORY_LIMIT
        done, took = self._measured[is_large]
        rate = took / done if took > _LEAST_MEASURED and done else _USUAL_RATE
        what = f"{counted(steps, 'step')} of a database of {megabytes(size)}"
        expect_work(units * rate, what)
        begun = perf_counter()
        self._walks.lineage(start)
        self._measured[is_large] = done + units, took + perf_counter() - begun

    def _walk_many(self, starts: Sequence[Start]) -> None:
        what = f"{len(starts)} lineages with {sum(map(self._steps, starts))} steps"
        units = [self._units(start) for start in starts]
        done, in_all = 0.0, max(sum(units), 1.0)
        for start, more in zip(starts, units, strict=True):
            self._walks.lineage(start)
            done += more
            # The fresh lineage, the first, takes most steps that others repeat, and counts nothing.
            tell_work_done(done / in_all, what)

    def _units(self, start: Start) -> float:
        return self._steps(start) * (self._size(start) + _OF_A_STEP) if start != FRESH else 0.0

    def _steps(self, start: Start) -> int:
        return sum(version > start.version for version in self._walks.history.application.versions)

    def _size(self, start: Start) -> int:
        if not isinstance(start, SnapshotName):
            return 0
        try:
            return self._walks.history.store.folder.file(start).stat().st_size
        except OSError:
            return 0
