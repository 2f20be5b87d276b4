"""The kind ``kill`` for a run in another process: it is killed at what is seen of it from outside.

Nobody sees its statements. What it does to the files of the database says when a transaction has
begun, and when something is on the disk that no journal would take back.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.database_files import DatabaseFiles, read_files
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.struck_runs import judge_unstruck
from pytest_pmd_migrations.faults.values import Point, StruckPoint, Unit
from pytest_pmd_migrations.faults.watching.outside_watch import OutsideWatch
from pytest_pmd_migrations.faults.watching.recording import spread

__all__ = ["KillCommand"]

_MOST = 16
"""Transactions that are struck at most, and changes: each is a run."""
_WHERE: dict[Unit, str] = {
    "transaction": "killed inside transaction",
    "change": "killed after change",
}
_LATE = "killed after transaction"
"""What is said where the run had ended its transaction before the signal came."""


class KillCommand:
    """The process and all that it started killed in each transaction and after each change.

    What is seen may be more in one run than in another: a point that is not reached is left out.
    """

    name = "kill"
    lacking = "" if hasattr(os, "killpg") else "this platform has no groups of processes"

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point in each transaction, and after each change, that was seen of one run."""
        seen, _ = case.outside_run
        numbers: dict[Unit, int] = {
            "transaction": seen.transactions,
            # Even where the run was over before one could be seen.
            "change": max(seen.changes, 1),
        }
        return tuple(
            Point(self.name, case.mode, unit, at, _where(_WHERE[unit], at, number))
            for unit, number in numbers.items()
            for at in spread(number, _MOST)
        )

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Run once for each point, kill at it, and yield what was left."""
        for point in points:
            with case.database() as path:
                watch = OutsideWatch(path, unit=point.unit, at=point.at, seconds=judge.patience)
                finished = case.run_outside(path, watch)
                files = read_files(path)
            if watch.is_late:
                yield StruckPoint(point, "hung")
            elif finished is None:
                yield judge.after_kill(_as_struck(case, point, watch, files), files)
            else:
                yield judge_unstruck(case, point, finished, judge)


def _where(said: str, at: int, number: int) -> str:
    return f"{said} {at + 1} of {number} seen"


def _as_struck(case: Case, point: Point, watch: OutsideWatch, files: DatabaseFiles) -> Point:
    """Return a point as it was struck: the signal may come when the transaction is over."""
    if point.unit != "transaction" or watch.is_in_seen_transaction(files.journal):
        return point
    seen, _ = case.outside_run
    return point._replace(where=_where(_LATE, point.at, seen.transactions))
