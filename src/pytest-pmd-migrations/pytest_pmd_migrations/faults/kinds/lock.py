"""The kind ``lock``: another connection reads or writes from a statement on, and stays.

The runner must give up with an error, and leave the database as it was. Where the runner has
locked the other connection out, there is no point to strike.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.kinds.kind import RunKind
from pytest_pmd_migrations.faults.points import STATEMENTS
from pytest_pmd_migrations.faults.struck_runs import PlannedFault
from pytest_pmd_migrations.faults.values import Point
from pytest_pmd_migrations.faults.watching.events import Fault, RunControls, RunObserver

__all__ = ["HeldLock"]

_TIMEOUT = 0.001
"""Seconds: the lock is never given back while the run waits for it."""
_READ = ("BEGIN", "SELECT count(*) FROM sqlite_schema")
_WRITE = ("BEGIN IMMEDIATE",)
_STATEMENTS_OF = {"reader": _READ, "writer": _WRITE}


class _LockProbe(RunObserver):
    """Finds the statements at which a reader or a writer can get its lock, and holds none."""

    def __init__(self, indexes: Sequence[int]) -> None:
        self.got_in: list[tuple[int, str]] = []
        self._indexes = frozenset(indexes)
        self._statements = 0

    def started(self, run: RunControls) -> None:
        self._run = run

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        if self._statements in self._indexes:
            for who, statements in _STATEMENTS_OF.items():
                with closing(self._run.connect_unwatched()) as other:
                    if _gets_lock(other, statements):
                        self.got_in.append((self._statements, who))
        self._statements += 1


class _LockHolder(Fault):
    """Takes a lock at a statement and holds it until the runner returns."""

    lock_timeout = _TIMEOUT

    def __init__(self, point: Point) -> None:
        self._at = point.at
        self._lock_statements = _STATEMENTS_OF[point.variant]
        self._statements = 0
        self._other: sqlite3.Connection | None = None

    def started(self, run: RunControls) -> None:
        self._run = run

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        if self._statements == self._at and not self.struck:
            self._other = self._run.connect_unwatched()
            self.struck = _gets_lock(self._other, self._lock_statements)
        self._statements += 1

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the observer's
        if self._other is not None:
            self._other.close()


class HeldLock(RunKind):
    """A reader and a writer of another connection, at each statement where they get in."""

    name = "lock"

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point for each statement and each lock that can be had there."""
        recording = case.recording
        probe = _LockProbe(recording.pick_statements(STATEMENTS))
        case.run(probe)
        return tuple(
            Point(
                self.name,
                case.mode,
                "statement",
                index,
                f"locked by a {who} at {recording.in_words(recording.statements[index])}",
                recording.statements[index].sql,
                variant=who,
            )
            for index, who in probe.got_in
        )

    def plan(self, case: Case, points: Sequence[Point]) -> Sequence[PlannedFault]:  # noqa: ARG002 - a kind's
        """Return the fault of each point."""
        return [(point, _LockHolder(point)) for point in points]


def _gets_lock(conn: sqlite3.Connection, statements: Sequence[str]) -> bool:
    """Return whether ``conn`` has the lock after ``statements``."""
    try:
        for statement in statements:
            conn.execute(statement).fetchall()
    except sqlite3.OperationalError:
        return False
    return True
