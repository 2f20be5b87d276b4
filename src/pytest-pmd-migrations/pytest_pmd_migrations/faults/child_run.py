"""Try faults on a case in a child process, so that one that hangs or dies takes nothing along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_process import CAN_FORK, Child, Tell, child_doing
from pytest_pmd_migrations.faults.judge import PATIENCE, Judge
from pytest_pmd_migrations.faults.kinds.kind import Kind
from pytest_pmd_migrations.faults.values import Point, StruckPoint, TriedFaults
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.limits.memory import MemoryLimit, usable_megabytes
from pytest_pmd_migrations.still_clock.connections import still_connections
from pytest_pmd_migrations.temporary_folder import TemporaryFolder, folders_within

__all__ = ["MOST_HUNG", "try_faults"]

MOST_HUNG = 3
"""Points that may hang: each takes all the patience there is, and they say the same."""

_FIRST_RUN = 600.0
_WAITS = 4


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
    in_memory = case.before.size <= MEMORY_LIMIT
    # The replaced names are made here, and not in each child: a child that looks through all
    # modules copies half the memory.
    with TemporaryFolder(in_memory=in_memory) as folder, folders_within(folder), patched_connect():
        if not CAN_FORK:
            return _strike_here(case, kinds, patience, most_hung)

        def work(tell: Tell) -> None:
            MemoryLimit(usable_megabytes(case.limits.megabytes))
            _strike(case, kinds, patience, most_hung, tell)

        with child_doing(work, takes_children=True) as child:
            return _gather(case, child, patience)


def _strike_here(case: Case, kinds: Sequence[Kind], patience: float, most_hung: int) -> TriedFaults:
    told: dict[str, list[Any]] = {"points": [], "struck": []}
    _strike(case, kinds, patience, most_hung, lambda word, value: told[word].append(value))
    ((_, points),) = told["points"]
    return TriedFaults(tuple(told["struck"]), len(points) - len(told["struck"]))


def _strike(case: Case, kinds: Sequence[Kind], patience: float, most_hung: int, tell: Tell) -> None:
    """Tell all points, then what each fault left, up to the last one that may hang."""
    judge = Judge(case, patience)
    with still_connections(dice=judge.throws_dice):
        judge.check_plain_run()
        plans = [(kind, tuple(kind.points(case))) for kind in kinds]
        tell("points", (judge.patience, [point for _, points in plans for point in points]))
        hung = 0
        for kind, points in plans:
            for struck in kind.strike(case, points, judge) if points else ():
                tell("struck", struck)
                hung += struck.hung
                if hung == most_hung:
                    return


def _gather(case: Case, child: Child, patience: float) -> TriedFaults:
    """Return what the child tells, up to its end."""
    points: Sequence[Point] = ()
    struck: list[StruckPoint] = []
    limit = max(_FIRST_RUN, patience)
    while True:
        word, value = child.read(limit)
        if word == "points":
            waits, points = value
            # A run, the same in a process of its own, and a retry may each take so long.
            limit = _WAITS * waits
        elif word == "struck":
            struck.append(value)
        elif word == "finished":
            return TriedFaults(tuple(struck), len(points) - len(struck))
        else:
            raise InjectionError(_refusal(case, word, points[len(struck) :], limit))


def _refusal(case: Case, word: str, remaining: Sequence[Point], limit: float) -> str:
    """Return why the faults were given up, by the last word of the child: "late" or "ended"."""
    where = f", {remaining[0].where}" if remaining else ""
    if word == "ended":
        return (
            f"the process ended{where}, on the way from {case.database_name}: the migration or"
            " SQLite ended it, so nothing can be said of that fault"
        )
    what = "what a fault left" if remaining else "the run without a fault"
    return (
        f"{what}, on the way from {case.database_name}, did not come back within {limit:g} s;"
        " something in the migrations or in the source's current_version() waits for ever"
    )
