"""Try faults on a case in a child process, so that one that hangs or dies takes nothing along.

Nothing strikes that child, so that it may stay from case to case. What it says counts only where
all is well; else a new one says it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, TypeAlias

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_process import CAN_FORK, Tell
from pytest_pmd_migrations.faults.judge import PATIENCE, Judge
from pytest_pmd_migrations.faults.kinds.kind import Kind, RunKind
from pytest_pmd_migrations.faults.standing_child import StandingChild
from pytest_pmd_migrations.faults.struck_process import close_struck_process
from pytest_pmd_migrations.faults.struck_runs import PlannedFault, ended_process, strike_points
from pytest_pmd_migrations.faults.told_points import HeardPoints, PointTeller
from pytest_pmd_migrations.faults.values import Point, StruckPoint, TriedFaults
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.files.temporary_folder import (
    TemporaryFolder,
    all_folders_within,
    folders_within,
)
from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.limits.memory import MemoryLimit, usable_megabytes
from pytest_pmd_migrations.sources.abilities import can_be_killed
from pytest_pmd_migrations.still_clock.connections import still_connections

__all__ = ["MOST_HUNG", "try_faults"]

MOST_HUNG = 3
"""Points that may hang: each takes all the patience there is, and they say the same."""

_Plan: TypeAlias = tuple[Kind, Sequence[Point]]
"""A kind and its points."""


def try_faults(
    case: Case,
    kinds: Sequence[Kind],
    *,
    patience: float | None = None,
    most_hung: int = MOST_HUNG,
) -> TriedFaults:
    """Return what each fault of ``kinds`` left, in the order of kinds and points.

    ``patience`` are the seconds that a run and a retry may each take: ten, or the limit of a step
    that is shorter, unless the upgrade itself is so slow that twenty of its runs take longer.
    After ``most_hung`` points that hang no other is tried. All files lie in one folder, which is
    removed however this ends.
    Raises InjectionError where faults cannot be tried on the case: the plain run fails or is
    another one each time, a connection was lost from sight, or the process ended by itself.
    """
    patience = min(PATIENCE, case.limits.seconds or PATIENCE) if patience is None else patience
    with TemporaryFolder(in_memory=case.before.size <= MEMORY_LIMIT) as folder:
        wanted = _WantedFaults(case, kinds, patience, most_hung, folder)
        if can_be_killed(case.source):
            return _try_outside(wanted)
        return _try_in_child(wanted) if CAN_FORK else _try_here(wanted)


class _WantedFaults(NamedTuple):
    """What is to be tried on a case, as ``try_faults`` was asked; its files lie in ``folder``."""

    case: Case
    kinds: Sequence[Kind]
    patience: float
    most_hung: int
    folder: Path

    def strike(self, tell: Tell) -> None:
        """Tell all points, then what each fault left, up to the last one that may hang."""
        case, teller = self.case, PointTeller(tell)
        judge = Judge(case, self.patience, before_opening=teller.flush)
        with folders_within(self.folder), still_connections(dice=judge.throws_dice):
            judge.check_plain_run()
            plans = [(kind, tuple(kind.points(case))) for kind in self.kinds]
            points = [point for _, points in plans for point in points]
            teller.tell_points(judge.patience, points)
            teller.tell_struck(_strike_kinds(case, plans, judge), self.most_hung)


def _try_outside(wanted: _WantedFaults) -> TriedFaults:
    """Strike from this process, which nothing strikes: the runs are in others already."""
    heard = HeardPoints(wanted.patience, wanted.case.before.size)
    wanted.strike(heard.hear)
    return heard.tried


def _try_here(wanted: _WantedFaults) -> TriedFaults:
    heard = HeardPoints(wanted.patience, wanted.case.before.size)
    with patched_connect():
        wanted.strike(heard.hear)
    return heard.tried


class _Process:
    """The child that stays, if there is one.

    ``doubted`` are the objects with which one that stayed did not say that all is well.
    """

    child: StandingChild | None = None
    doubted: tuple[object, ...] = ()


def _try_in_child(wanted: _WantedFaults) -> TriedFaults:
    """Let the child strike that stayed from another case; where that is not enough, a new one."""
    known = wanted.case.source, wanted.case.before.preparation, *wanted.kinds
    stayed, _Process.child = _Process.child, None
    if stayed is not None and stayed.is_own:
        heard = HeardPoints(wanted.patience, wanted.case.before.size)
        if wanted.case.share and stayed.has(known) and stayed.ask(wanted):
            if _is_all_well(stayed, heard):
                _Process.child = stayed
                return heard.tried
            _Process.doubted = known
        stayed.close()
    return _try_in_new_child(wanted, known)


def _try_in_new_child(wanted: _WantedFaults, known: Sequence[object]) -> TriedFaults:
    """Let a new child strike; it stays, unless one that stayed was not to be relied on."""
    with patched_connect():
        # The replaced names are found here, and not in the child: one that looks through all
        # modules copies half the memory.
        child = StandingChild(
            _strike, wanted, known=known, at_end=close_struck_process, takes_children=True
        )
    heard = HeardPoints(wanted.patience, wanted.case.before.size)
    try:
        last = _gather(child, heard)
        if last != "finished":
            raise InjectionError(_refusal(wanted.case, last, heard))
    except BaseException:
        child.kill()
        raise
    if wanted.case.share and not child.has(_Process.doubted):
        _Process.child = child
    else:
        child.close()
    return heard.tried


def _is_all_well(child: StandingChild, heard: HeardPoints) -> bool:
    """Hear what a child says of another case than its first; return whether that is the best.

    It is ended if not, or where it does not say it.
    """
    try:
        well = _gather(child, heard) == "finished" and heard.all_good
    except (InjectionError, RuntimeError):
        well = False
    except BaseException:
        child.kill()
        raise
    if not well:
        child.kill()
    return well


def _gather(child: StandingChild, heard: HeardPoints) -> str:
    """Hear what a child tells; return its last word: ``finished``, ``late`` or ``ended``."""
    while True:
        word, value = child.read(heard.limit)
        if word in ("late", "ended", "finished"):
            return word
        heard.hear(word, value)


def _strike(wanted: _WantedFaults, tell: Tell) -> None:
    limit = MemoryLimit(usable_megabytes(wanted.case.limits.megabytes))
    try:
        with all_folders_within(wanted.folder):
            wanted.strike(tell)
    finally:
        limit.end()


def _strike_kinds(case: Case, plans: Sequence[_Plan], judge: Judge) -> Iterator[StruckPoint]:
    """Strike at the points of each kind in turn; those of one run a point share their process."""
    for by_runs, group in groupby(plans, lambda plan: isinstance(plan[0], RunKind)):
        planned: list[PlannedFault] = []
        for kind, points in group:
            if isinstance(kind, RunKind):
                planned.extend(kind.plan(case, points))
            elif points:
                yield from kind.strike(case, points, judge)
        if by_runs:
            yield from strike_points(case, planned, judge)


def _refusal(case: Case, word: str, heard: HeardPoints) -> str:
    """Return why the faults were given up, by the last word of the child: "late" or "ended"."""
    remaining = heard.points[len(heard.struck) :]
    if word == "ended":
        return str(ended_process(case, remaining[0] if remaining else None))
    what = "what a fault left" if remaining else "the run without a fault"
    return (
        f"{what}, on the way from {case.database_name}, did not come back within"
        f" {heard.limit:g} s; something in the migrations or in the source's current_version()"
        " waits for ever"
    )
