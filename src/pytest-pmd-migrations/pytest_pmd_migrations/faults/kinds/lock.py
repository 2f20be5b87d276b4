"""The kind ``lock``: another connection reads or writes from a statement on, and stays.

The runner must give up with an error, and leave the database as it was. Points where the other
connection gets no lock are none: the runner has locked it out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.fault import Fault
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.points import STATEMENTS
from pytest_pmd_migrations.faults.values import Judged, Point

__all__ = ["Lock"]

_TIMEOUT = 0.02
_READ = ("BEGIN", "SELECT count(*) FROM sqlite_schema")
_WRITE = ("BEGIN IMMEDIATE",)
_PEOPLE = (("reader", _READ), ("writer", _WRITE))


class _Probe(Fault):
    """Finds out, by a try that is given up at once, where another connection could come in."""

    def __init__(self, places: Sequence[int]) -> None:
        self.open: list[tuple[int, str]] = []
        self._places = frozenset(places)
        self._statements = 0

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the protocol's
        if self._statements in self._places:
            for who, statements in _PEOPLE:
                with closing(self.injector.connect_unseen()) as other:
                    if _hold(other, statements):
                        self.open.append((self._statements, who))
        self._statements += 1


class _Holder(Fault):
    """Takes a lock at a statement and holds it until the runner returns."""

    timeout = _TIMEOUT

    def __init__(self, point: Point, statements: Sequence[str]) -> None:
        self._at = point.at
        self._wanted = statements
        self._statements = 0
        self._other: sqlite3.Connection | None = None

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the protocol's
        if self._statements == self._at and not self.struck:
            self._other = self.injector.connect_unseen()
            self.struck = _hold(self._other, self._wanted)
        self._statements += 1

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the protocol's
        if self._other is not None:
            self._other.close()


class Lock:
    """A reader and a writer of another connection, at each statement where they get in."""

    name = "lock"
    lacking = ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point for each statement and each lock that can be had there."""
        recording = case.recording
        probe = _Probe(recording.chosen(STATEMENTS))
        case.run(probe)
        return tuple(
            Point(
                self.name,
                case.mode,
                "statement",
                place,
                f"locked by a {who} at {recording.where(recording.events[place])}",
                recording.events[place].sql,
            )
            for place, who in probe.open
        )

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[Judged]:
        """Run once for each point."""
        for point in points:
            statements = next(sql for who, sql in _PEOPLE if f"by a {who} at" in point.place)
            yield judge.ended(point, case.strike(_Holder(point, statements)))


def _hold(conn: sqlite3.Connection, statements: Sequence[str]) -> bool:
    """Return whether ``conn`` has the lock after ``statements``."""
    try:
        for statement in statements:
            conn.execute(statement).fetchall()
    except sqlite3.OperationalError:
        return False
    return True
