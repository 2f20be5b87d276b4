"""Run the upgrade under one fault after the other, in child processes, and judge what each left.

All faults share a child as long as each strikes and leaves a good database. From the first other
one on, each of its kind has a process of its own: what a fault left in a runner's memory (a lock
that nobody gave back, a "done" that is not true) goes with the process, as it does for a user.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TypeAlias

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.case import Case, FinishedRun
from pytest_pmd_migrations.faults.child_process import CAN_FORK, Child, child_doing
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.struck_process import RunsUnderFaults, StruckRun, run_under
from pytest_pmd_migrations.faults.values import Point, StruckPoint
from pytest_pmd_migrations.faults.watching.events import Fault
from pytest_pmd_migrations.snapshots.names import format_version

__all__ = ["PlannedFault", "ended_process", "judge_unstruck", "strike_points"]

PlannedFault: TypeAlias = tuple[Point, Fault]
"""A point, and the fault that shall strike there."""


def strike_points(
    case: Case, planned: Sequence[PlannedFault], judge: Judge
) -> Iterator[StruckPoint]:
    """Run once for each fault, and yield what it left.

    Raises InjectionError where nothing can be said of a fault.
    """
    rest = list(planned)
    while rest:
        shared = 0
        if CAN_FORK:
            for found in _strike_in_one_process(case, rest, judge):
                shared += 1
                yield found
        kinds = [point.kind for point, _ in rest[shared:]]
        alone = kinds.count(kinds[0]) if kinds else 0
        for point, fault in rest[shared : shared + alone]:
            yield _strike_alone(case, point, fault, judge)
        rest = rest[shared + alone :]


def judge_unstruck(case: Case, point: Point, finished: FinishedRun, judge: Judge) -> StruckPoint:
    """Judge a run that its fault did not strike: there is nothing to hit, or the runner varies.

    Raises InjectionError unless the run ended as one without a fault does.
    """
    found = judge.after_run(point, finished)
    if not finished.raised and found.left == "new":
        return found._replace(left="missed")
    left = "a file that cannot be read"
    if found.version is not None:
        left = f"version {format_version(found.version)}"
    raise InjectionError(
        f"the fault {point.kind} did not strike, {point.where}, on the way from"
        f" {case.database_name} to {format_version(case.to)}; that run {finished.said} and left"
        f" {left}, where the run without a fault succeeds. The runner takes another way each time"
        " it is called. Let the same database give the same statements"
    )


def ended_process(case: Case, point: Point | None) -> InjectionError:
    """Return the error that says that a run ended its process, at a point if there is one."""
    where = f", {point.where}" if point is not None else ""
    return InjectionError(
        f"the process ended{where}, on the way from {case.database_name}: the migration or"
        " SQLite ended it, so nothing can be said of that fault"
    )


def _strike_in_one_process(
    case: Case, planned: Sequence[PlannedFault], judge: Judge
) -> Iterator[StruckPoint]:
    """Yield what the faults left, up to the first of which the process may be the cause."""
    faults = [fault for _, fault in planned]
    with closing(RunsUnderFaults(case, faults, dice=judge.throws_dice)) as runs:
        for point, _ in planned:
            run = runs.next(judge.patience)
            if run is None or not run.struck:
                return
            found = judge.after_run(point, run.finished)
            if found.broken:
                return
            yield found
        runs.all_good = True


def _strike_alone(case: Case, point: Point, fault: Fault, judge: Judge) -> StruckPoint:
    if not CAN_FORK:
        return _judged(case, point, run_under(fault, case), judge)
    with child_doing(lambda tell: tell("ran", run_under(fault, case))) as child:
        run = _read_run(case, point, child, judge)
    return StruckPoint(point, "hung") if run is None else _judged(case, point, run, judge)


def _read_run(case: Case, point: Point, child: Child, judge: Judge) -> StruckRun | None:
    """Return the run that a child tells of, None where it does not come back."""
    word, value = child.read(judge.patience)
    if word == "ran" and isinstance(value, StruckRun):
        return value
    if word == "late":
        return None
    raise ended_process(case, point)


def _judged(case: Case, point: Point, run: StruckRun, judge: Judge) -> StruckPoint:
    if run.struck:
        return judge.after_run(point, run.finished)
    return judge_unstruck(case, point, run.finished, judge)
