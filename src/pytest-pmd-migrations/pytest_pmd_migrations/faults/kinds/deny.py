"""The kind ``deny``: a statement fails, and the transaction around it stays open.

SQLite's authorizer is asked whenever a statement is prepared
(https://www.sqlite.org/c3ref/set_authorizer.html); denied, the statement raises an error and
nothing else happens, as with a constraint, a missing table or a full temporary folder.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.fault import Fault
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.points import STATEMENTS, TICKS
from pytest_pmd_migrations.faults.recording import spread
from pytest_pmd_migrations.faults.values import Judged, Point

__all__ = ["Deny"]


class _Denial(Fault):
    authorizes = True

    def __init__(self, point: Point) -> None:
        self._left = point.at

    def denies(self, action: int, first: str | None, second: str | None) -> bool:  # noqa: ARG002
        self._left -= 1
        if self._left != -1:
            return False
        self.struck = True
        return True


class Deny:
    """Denied when each statement is prepared, and at calls that are evenly spread."""

    name = "deny"
    lacking = ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point at the first call for each statement, then those spread over all calls.

        A statement that the driver had prepared before is not prepared again: it has no call.
        """
        recording = case.recording
        firsts = [
            recording.events[place - 1].calls if place else 0
            for place in recording.chosen(STATEMENTS)
            if recording.events[place].calls > (recording.events[place - 1].calls if place else 0)
        ]
        spread_out = [call for call in spread(recording.calls, TICKS) if call not in set(firsts)]
        return tuple(self._point(case, call) for call in (*firsts, *spread_out))

    def _point(self, case: Case, call: int) -> Point:
        event = case.recording.at_call(call + 1)
        place = f"denied in {case.recording.where(event)}"
        return Point(self.name, case.mode, "call", call, place, event.sql)

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[Judged]:
        """Run once for each point."""
        for point in points:
            yield judge.ended(point, case.strike(_Denial(point)))
