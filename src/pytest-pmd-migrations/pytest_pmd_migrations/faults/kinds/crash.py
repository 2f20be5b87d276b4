"""The kind ``crash``: the process is killed, at every point that one run passes.

The files as they are at a moment are exactly what a SIGKILL at that moment leaves: SQLite keeps
nothing in the process that a restart needs. So one run is enough: its files are read at each
statement and tick.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.points import after_statements, inside
from pytest_pmd_migrations.faults.struck_runs import judge_unstruck
from pytest_pmd_migrations.faults.values import Point, StruckPoint
from pytest_pmd_migrations.faults.watching.files_reader import FilesReader

__all__ = ["Crash"]

_POINTS = 128
_MEMORY = 128 * 1024 * 1024
_FEWEST = 16


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
            reader = FilesReader(path, points, start=case.start_files)
            finished = case.run_on(path, reader)
        for point in points:
            files = reader.at(point)
            if files is None:
                yield judge_unstruck(case, point, finished, judge)
            else:
                yield judge.after_kill(point, files, reported=point.unit == "end")
