"""The kind ``interrupt``: SQLite breaks a statement off, as ``sqlite3_interrupt`` makes it.

A statement that writes inside a transaction then rolls all of it back
(https://www.sqlite.org/c3ref/interrupt.html): what the runner does next is no longer in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.kinds.kind import RunKind
from pytest_pmd_migrations.faults.points import at_statements, at_ticks
from pytest_pmd_migrations.faults.struck_runs import PlannedFault
from pytest_pmd_migrations.faults.values import Point
from pytest_pmd_migrations.faults.watching.events import Fault, RunControls
from pytest_pmd_migrations.faults.watching.recording import Recording

__all__ = ["Interrupt"]


class _Interruption(Fault):
    """Interrupts in one statement, or at one tick.

    A statement may have no tick before those that SQLite runs within it: it is then interrupted
    in the first of them. ``begin`` is the index of the statement in which that is, before which
    there are so many ``ticks``, -1 where none has begun; ``end`` is that of the runner's next one.

    Ticks make a run several times slower: it has none before that statement and none after the
    interrupt. A statement that runs already goes on as it began.
    """

    def __init__(self, point: Point, begin: int, ticks: int, end: int) -> None:
        self._in_statement, self._at = point.unit == "statement", point.at
        self._begin, self._ticks_before, self._end = begin, ticks, end
        self._statements = -1
        self.wants_ticks = begin <= 0
        self._is_over = False

    def started(self, run: RunControls) -> None:
        self._run = run
        self._has_begun = [True] if self._begin < 0 else []
        quiet = 0 if self._in_statement else self._at - self._ticks_before
        # No line of Python runs at a tick but the one that strikes.
        self._parts = (
            iter(self._has_begun.__len__, 1),
            repeat(False, quiet),
            map(self._strike, (None,)),
            repeat(False),
        )
        self._answers = chain(*self._parts)

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        self._statements += 1
        if self.struck:
            if not self._is_over:
                self._is_over = True
                self._run.watch_ticks(False)
        elif self._statements == self._begin - 1:
            self._run.watch_ticks(True)
        elif self._statements == self._begin:
            self._has_begun.append(True)

    def answers(self) -> Iterator[object]:
        return self._answers

    def _strike(self, _: None) -> bool:
        self.struck = not self._in_statement or self._statements < self._end
        return self.struck


class Interrupt(RunKind):
    """Interrupted in every statement, and at ticks that are evenly spread."""

    name = "interrupt"

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point in each statement, then those at ticks."""
        return (
            *at_statements(case, self.name, "interrupted in"),
            *at_ticks(case, self.name, "interrupted in"),
        )

    def plan(self, case: Case, points: Sequence[Point]) -> Sequence[PlannedFault]:
        """Return the fault of each point."""
        return [(point, _interruption(case.recording, point)) for point in points]


def _interruption(recording: Recording, point: Point) -> _Interruption:
    begin = point.at
    if point.unit == "tick":
        begin = recording.begun_before_tick(point.at)
    ticks = recording.statements[begin].ticks if begin >= 0 else 0
    return _Interruption(point, begin, ticks, recording.next_own(begin))
