"""The kind ``kill``: a child process is really killed, by SIGKILL, at each statement.

Says what ``crash`` says, which is far cheaper: a cross-check of both.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child import CAN_FORK, Tell, child_doing
from pytest_pmd_migrations.faults.fault import Fault
from pytest_pmd_migrations.faults.files import read_files
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.points import STATEMENTS, after_statements
from pytest_pmd_migrations.faults.values import Judged, Point

__all__ = ["Kill"]


class _Killer(Fault):
    def __init__(self, point: Point) -> None:
        self._point = point
        self._statements = 0

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the protocol's
        if self._point.unit == "statement" and self._statements == self._point.at:
            os.kill(os.getpid(), signal.SIGKILL)
        self._statements += 1

    def returned(self, error: BaseException | None) -> None:  # noqa: ARG002 - the protocol's
        if self._point.unit == "end":
            os.kill(os.getpid(), signal.SIGKILL)


class Kill:
    """Killed between all statements, before the first and after the last."""

    name = "kill"
    lacking = "" if CAN_FORK else "this platform has no fork"

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point between all statements."""
        return tuple(after_statements(case, self.name, "killed", limit=STATEMENTS))

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[Judged]:
        """Let a child run, and die, for each point."""
        for point in points:
            with case.database() as path:
                with child_doing(_running(case, path, _Killer(point))) as child:
                    died_by = child.wait()
                if died_by != signal.SIGKILL:
                    raise case.missed()
                files = read_files(path)
            yield judge.killed(point, files, reported=point.unit == "end")


def _running(case: Case, path: Path, killer: _Killer) -> Callable[[Tell], None]:
    def work(tell: Tell) -> None:
        case.run_on(path, killer)
        tell("missed", None)

    return work
