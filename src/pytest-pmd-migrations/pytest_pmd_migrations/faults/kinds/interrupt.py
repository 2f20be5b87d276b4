"""The kind ``interrupt``: SQLite breaks a statement off, as ``sqlite3_interrupt`` makes it.

A statement that writes inside a transaction then rolls all of it back
(https://www.sqlite.org/c3ref/interrupt.html): what the runner does next is no longer in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.points import at_statements, at_ticks
from pytest_pmd_migrations.faults.struck_runs import strike_points
from pytest_pmd_migrations.faults.values import Point, StruckPoint
from pytest_pmd_migrations.faults.watching.events import Fault, RunControls

__all__ = ["Interrupt"]


class _Interruption(Fault):
    """Interrupts in one statement, or at one tick.

    A statement may have no tick before those that SQLite runs within it: it is then interrupted
    in the first of them. ``end`` is the index of the runner's next statement.

    It asks for ticks as late as possible: they make a run several times slower.
    """

    def __init__(self, point: Point, end: int) -> None:
        self._point = point
        self._end = end
        self._statements = self._ticks = -1
        self.wants_ticks = point.unit == "tick" or not point.at

    def started(self, run: RunControls) -> None:
        self._run = run

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        self._statements += 1
        if self._point.unit == "statement" and self._statements == self._point.at - 1:
            self._run.watch_ticks(True)

    def tick(self) -> bool:
        if self.struck:
            return False
        self._ticks += 1
        if self._point.unit == "statement":
            self.struck = self._point.at <= self._statements < self._end
        else:
            self.struck = self._ticks == self._point.at
        return self.struck


class Interrupt:
    """Interrupted in every statement, and at ticks that are evenly spread."""

    name = "interrupt"
    lacking = ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point in each statement, then those at ticks."""
        return (
            *at_statements(case, self.name, "interrupted in"),
            *at_ticks(case, self.name, "interrupted in"),
        )

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Run once for each point."""
        yield from strike_points(
            case, [(point, _Interruption(point, _end(case, point))) for point in points], judge
        )


def _end(case: Case, point: Point) -> int:
    """Return the index of the statement that the runner runs after the one at a point."""
    statements = case.recording.statements
    own = (index for index, one in enumerate(statements) if not one.nested and index > point.at)
    return next(own, len(statements))
