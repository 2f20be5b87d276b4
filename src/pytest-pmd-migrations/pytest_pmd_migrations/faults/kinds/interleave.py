"""The kind ``interleave``: two runs on one file, the second let in before a statement of the first.

The second run goes first as far as it can: to its end, or to a lock that the first holds; then
the first goes on to its end, and so on. What two openers do to each other depends on where one is
when the other comes; here that is every statement, instead of wherever the machine's timing falls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child import CAN_FORK
from pytest_pmd_migrations.faults.fault import Fault
from pytest_pmd_migrations.faults.files import read_files
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds.interleave_turns import (
    GiveUp,
    Message,
    Sleepers,
    child_run,
    find_sleepers,
    take_turns,
)
from pytest_pmd_migrations.faults.kinds.power.library import LibraryNotFoundError
from pytest_pmd_migrations.faults.kinds.power.shim import shim
from pytest_pmd_migrations.faults.points import at_statements
from pytest_pmd_migrations.faults.values import Judged, Point

__all__ = ["Interleave"]


@dataclass
class _Stop(Fault):
    """Gives the turn up before one statement of a run."""

    place: int
    give_up: GiveUp
    struck = True
    _count: int = 0

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the protocol's
        """Give the turn up where the statement is the wanted one."""
        if self._count == self.place:
            self.give_up()
        self._count += 1


class Interleave:
    """A second run of the same upgrade, let in before each statement of the first."""

    name = "interleave"

    @property
    def lacking(self) -> str:
        """Why two runs cannot take turns here; empty where they can."""
        if not CAN_FORK:
            return "this platform has no fork"
        try:
            waits_in_kernel = shim().has_option("ENABLE_SETLK_TIMEOUT")
        except LibraryNotFoundError as error:
            return str(error)
        return "this SQLite leaves waiting for a lock to the kernel" if waits_in_kernel else ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point before every statement that the runner runs."""
        every = len(case.recording.events)
        return tuple(at_statements(case, self.name, "a second run let in before", limit=every))

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[Judged]:
        """Let two processes take turns, once a point."""
        sleepers = find_sleepers()
        for point in points:
            yield _strike(case, point, judge, sleepers)


def _strike(case: Case, point: Point, judge: Judge, sleepers: Sleepers) -> Judged:
    with case.database() as path:
        with (
            child_run(lambda stop: _run(case, path, _Stop(point.at, stop)), sleepers) as first,
            child_run(lambda _: _run(case, path, Fault()), sleepers) as second,
        ):
            while first.turn().word == "waits":
                # Nobody else is there yet: a runner that pauses is given its turn again.
                continue
            if first.last.word == "done":
                raise InjectionError(first.last.blind) if first.last.blind else case.missed()
            take_turns(first, second)
        files = read_files(path)
    for run in (first, second):
        if run.last.blind:
            raise InjectionError(run.last.blind)
    outcome = f"{_words(first.last)}; the one let in {_words(second.last)}"
    if "hung" in (first.last.word, second.last.word):
        return Judged(point, "hung", outcome=outcome)
    failed = bool(first.last.error or second.last.error)
    found = replace(judge.killed(point, files, reported=not failed), outcome=outcome)
    if failed and not found.broken:
        # What is in the file is good, but whoever opened it was turned away.
        return replace(found, verdict="wedged")
    return found


def _run(case: Case, path: Path, fault: Fault) -> Message:
    try:
        ran = case.run_on(path, fault)
    except InjectionError as error:
        return Message("done", blind=str(error))
    return Message("done", error=ran.outcome if ran.raised else "")


def _words(last: Message) -> str:
    if last.word == "hung":
        return "waits for ever"
    return last.error or "reported success"
