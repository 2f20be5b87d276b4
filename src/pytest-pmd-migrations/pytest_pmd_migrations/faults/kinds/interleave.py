"""The kind ``interleave``: two runs on one file, the second let in before a statement of the first.

The second run goes first as far as it can: to its end, or to a lock that the first holds; then
the first goes on to its end, and so on. Two openers meet wherever the machine's timing lets
them; here the second one comes at every statement of the first in turn.

Two processes serve all points as long as both runs succeed. From the first other one on, each point
has two of its own: what a run left in a runner's memory goes with its process.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_pmd_migrations.c_library.library import LibraryNotFoundError
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.case import Case, FinishedRun
from pytest_pmd_migrations.faults.child_process import CAN_FORK
from pytest_pmd_migrations.faults.database_files import read_files
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds.turns import (
    GiveUpTurn,
    PausedRun,
    PausedWork,
    SleepNames,
    TurnEnd,
    find_sleep_names,
    paused_run,
    paused_runs,
    take_turns,
)
from pytest_pmd_migrations.faults.points import at_statements
from pytest_pmd_migrations.faults.struck_runs import judge_unstruck
from pytest_pmd_migrations.faults.values import Point, StruckPoint
from pytest_pmd_migrations.faults.vfs.process_shim import process_shim
from pytest_pmd_migrations.faults.watching.events import RunObserver, UnderFault

__all__ = ["Interleave"]


@dataclass
class _StopBefore(UnderFault):
    """Gives the turn up before one statement of a run."""

    index: int
    stop: GiveUpTurn
    _statements: int = 0

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401, ARG002 - the observer's
        if self._statements == self.index:
            self.stop()
        self._statements += 1


class Interleave:
    """A second run of the same upgrade, let in before each statement of the first."""

    name = "interleave"

    @property
    def lacking(self) -> str:
        """Why two runs cannot take turns here; empty where they can."""
        if not CAN_FORK:
            return "this platform has no fork"
        try:
            waits_in_kernel = process_shim().has_option("ENABLE_SETLK_TIMEOUT")
        except LibraryNotFoundError as error:
            return str(error)
        return "this SQLite leaves waiting for a lock to the kernel" if waits_in_kernel else ""

    def points(self, case: Case) -> Sequence[Point]:
        """Return a point before every statement that the runner runs."""
        every = len(case.recording.statements)
        return tuple(at_statements(case, self.name, "a second run let in before", limit=every))

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Let two runs take turns, once for each point."""
        sleep_names = find_sleep_names()
        shared = 0
        if case.share:
            for found in _strike_in_two_processes(case, points, judge, sleep_names):
                shared += 1
                yield found
        for point in points[shared:]:
            yield _strike_alone(case, point, judge, sleep_names)


def _strike_in_two_processes(
    case: Case, points: Sequence[Point], judge: Judge, sleep_names: SleepNames
) -> Iterator[StruckPoint]:
    """Yield what was left, up to the first point of which the two processes may be the cause."""
    folders = [case.new_folder() for _ in points]
    paths = [case.path_in(folder.path) for folder in folders]
    try:
        with (
            paused_runs(
                [_first(case, *one) for one in zip(points, paths, strict=True)],
                sleep_names,
                judge.patience,
            ) as firsts,
            paused_runs(
                [_second(case, path) for path in paths], sleep_names, judge.patience
            ) as seconds,
        ):
            for point, folder, *runs in zip(points, folders, firsts, seconds, strict=True):
                path = case.write_copy(folder.path)
                try:
                    found = _meet(case, point, path, runs[0], runs[1], judge)
                except InjectionError:
                    # Two new processes say whether it is so.
                    return
                if found.broken or found.left == "missed":
                    return
                yield found
                folder.remove()
    finally:
        for folder in folders:
            folder.remove()


def _strike_alone(case: Case, point: Point, judge: Judge, sleep_names: SleepNames) -> StruckPoint:
    with (
        case.database() as path,
        paused_run(_first(case, point, path), sleep_names, judge.patience) as first,
        paused_run(_second(case, path), sleep_names, judge.patience) as second,
    ):
        return _meet(case, point, path, first, second, judge)


def _meet(
    case: Case, point: Point, path: Path, first: PausedRun, second: PausedRun, judge: Judge
) -> StruckPoint:
    """Let the second run in at ``point``, both go to their ends, and judge the file and both ends.

    Raises InjectionError where nothing can be said of one of the runs.
    """
    while first.turn().word == "waits":
        # Nobody else is there yet: a runner that pauses is given its turn again.
        continue
    if first.done and first.last.unusable:
        raise InjectionError(first.last.unusable)
    if first.done:
        finished = FinishedRun(first.last.error.removeprefix("raised "), read_files(path))
        return judge_unstruck(case, point, finished, judge)
    if first.last.word != "hung":
        take_turns(first, second)
    for run in (first, second):
        if run.last.unusable:
            raise InjectionError(run.last.unusable)
    said = f"{_words(first.last)}; the one let in {_words(second.last)}"
    if "hung" in (first.last.word, second.last.word):
        return StruckPoint(point, "hung", said=said)
    failed = bool(first.last.error or second.last.error)
    found = judge.after_kill(point, read_files(path), reported=not failed)
    found = found._replace(said=said)
    if failed and not found.broken:
        # The file is good, but one of those who opened it was turned away.
        return found._replace(left="wedged")
    return found


def _first(case: Case, point: Point, path: Path) -> PausedWork:
    return lambda stop: _run(case, path, _StopBefore(point.at, stop))


def _second(case: Case, path: Path) -> PausedWork:
    return lambda _: _run(case, path, UnderFault())


def _run(case: Case, path: Path, observer: RunObserver) -> TurnEnd:
    """Be one of the two runs; return the end of its last turn."""
    try:
        finished = case.run_on(path, observer)
    except InjectionError as error:
        return TurnEnd("done", unusable=str(error))
    return TurnEnd("done", error=finished.said if finished.raised else "")


def _words(last: TurnEnd) -> str:
    if last.word == "hung":
        return "waits for ever"
    return last.error or "reported success"
