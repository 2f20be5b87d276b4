"""The kind ``kill``: a child process is really killed, by SIGKILL, at each statement.

It must leave what the kind ``crash`` says, which is far cheaper: each checks the other. Of a
process that was killed nothing is left but its files, so of points between which no file changed
the first is struck, and the others have its verdict.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_process import CAN_FORK, child_doing
from pytest_pmd_migrations.faults.database_files import DatabaseFiles, read_files
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.points import STATEMENTS, after_statements
from pytest_pmd_migrations.faults.struck_runs import ended_process, judge_unstruck
from pytest_pmd_migrations.faults.values import Point, StruckPoint
from pytest_pmd_migrations.faults.watching.events import Fault
from pytest_pmd_migrations.faults.watching.files_reader import FilesReader
from pytest_pmd_migrations.processes.audit_hook import STARTS_PROCESS, hear_of_events

__all__ = ["Kill"]


class _Killer(Fault):
    """Kills its own process at one statement, or when the runner returns."""

    def __init__(self, point: Point) -> None:
        self._point = point
        self._statements = 0

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        if self._point.unit == "statement" and self._statements == self._point.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._statements += 1

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the observer's
        if self._point.unit == "end":
            os.kill(os.getpid(), signal.SIGKILL)


class Kill:
    """Killed between all statements, before the first and after the last."""

    name = "kill"
    lacking = "" if CAN_FORK else "this platform has no fork"

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point between all statements."""
        return tuple(after_statements(case, self.name, "killed", limit=STATEMENTS))

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Let a child run, and die, for each point whose files no earlier one had."""
        files = _files_at(case, points) if case.share else {}
        known: dict[tuple[str, bool], StruckPoint] = {}
        for point in points:
            there, reported = files.get(point), point.unit == "end"
            if there is None:
                yield _strike(case, point, judge)
                continue
            key = there.digest, reported
            if key in known:
                yield known[key]._replace(point=point)
                continue
            found = _strike(case, point, judge)
            # Anything else than was read in a run without a fault is no other point's verdict.
            if not found.broken and found == judge.after_kill(point, there, reported=reported):
                known[key] = found
            yield found


def _files_at(case: Case, points: Sequence[Point]) -> Mapping[Point, DatabaseFiles]:
    """Return the files at each point of one run; none where that run starts other processes.

    These may go on writing after the run is killed.
    """
    started: list[str] = []

    def hear(event: str, _: object) -> None:
        if event.startswith(STARTS_PROCESS):
            started.append(event)

    with case.database() as path, hear_of_events(hear):
        reader = FilesReader(path, points)
        case.run_on(path, reader)
    found = ((point, reader.at(point)) for point in points)
    return {point: files for point, files in found if files is not None and not started}


def _strike(case: Case, point: Point, judge: Judge) -> StruckPoint:
    killer = _Killer(point)
    with case.database() as path:
        with child_doing(lambda tell: tell("survived", case.run_on(path, killer))) as child:
            word, finished = child.read(judge.patience)
            if word == "late":
                return StruckPoint(point, "hung")
            killed_by = child.wait() if word == "ended" else 0
        if word == "survived":
            return judge_unstruck(case, point, finished, judge)
        if killed_by != signal.SIGKILL:
            raise ended_process(case, point)
        files = read_files(path)
    return judge.after_kill(point, files, reported=point.unit == "end")
