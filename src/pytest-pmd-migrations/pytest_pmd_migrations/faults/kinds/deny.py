"""The kind ``deny``: a statement fails, and the transaction around it stays open.

SQLite's authorizer is asked whenever a statement is prepared
(https://www.sqlite.org/c3ref/set_authorizer.html); denied, the statement raises an error and
nothing else happens, as with a constraint, a missing table or a full temporary folder.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.kinds.kind import RunKind
from pytest_pmd_migrations.faults.points import STATEMENTS, TICKS
from pytest_pmd_migrations.faults.struck_runs import PlannedFault
from pytest_pmd_migrations.faults.values import Point
from pytest_pmd_migrations.faults.watching.events import Fault
from pytest_pmd_migrations.faults.watching.recording import spread

__all__ = ["Deny"]


class _Denial(Fault):
    """Denies at one call of the authorizer."""

    wants_statements = False
    wants_authorizations = True

    def __init__(self, point: Point) -> None:
        self._calls_left = point.at

    def authorize(self, action: int, first: str | None, second: str | None) -> bool:  # noqa: ARG002
        self._calls_left -= 1
        if self._calls_left != -1:
            return True
        self.struck = True
        return False


class Deny(RunKind):
    """Denied when each statement is prepared, and at calls that are evenly spread."""

    name = "deny"

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point at the first call for each statement, then those spread over all calls.

        A statement that the driver had prepared before is not prepared again: it has no call.
        """
        recording = case.recording
        firsts = []
        for index in recording.pick_statements(STATEMENTS):
            calls_before = recording.statements[index - 1].calls if index else 0
            if recording.statements[index].calls > calls_before:
                firsts.append(calls_before)
        others = [call for call in spread(recording.calls, TICKS) if call not in set(firsts)]
        return tuple(self._point(case, call) for call in (*firsts, *others))

    def _point(self, case: Case, call: int) -> Point:
        statement = case.recording.prepared_at_call(call + 1)
        where = f"denied in {case.recording.in_words(statement)}"
        return Point(self.name, case.mode, "call", call, where, statement.sql)

    def plan(self, case: Case, points: Sequence[Point]) -> Sequence[PlannedFault]:  # noqa: ARG002 - a kind's
        """Return the fault of each point."""
        return [(point, _Denial(point)) for point in points]
