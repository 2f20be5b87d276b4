"""Try faults on a case in a child process, so that one that hangs or dies takes nothing along."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import replace

from pytest_pmd_migrations.errors import InjectionError, MigrationTestError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_process import CAN_FORK, Tell, child_doing
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds.registry import Kind
from pytest_pmd_migrations.faults.values import Point, StruckPoint
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.still_clock.connections import still_connections

__all__ = ["PATIENCE", "try_faults"]

PATIENCE = 10.0
"""Seconds that one fault may take, a run and a retry each; a slow migration gets twenty runs."""

_FIRST_RUN = 600.0
_RUNS = 20


def try_faults(
    case: Case, kinds: Sequence[Kind], *, patience: float = PATIENCE
) -> tuple[StruckPoint, ...]:
    """Return what each fault of ``kinds`` left, in the order of kinds and points.

    Raises InjectionError where faults cannot be tried on the case: the plain run fails or is
    another one each time, a connection was lost from sight, or the process ended by itself.
    """
    # Here, and not in each child: a child that looks through all modules copies half the memory.
    with patched_connect():
        return tuple(_strike_all(case, kinds, patience))


def _strike_all(case: Case, kinds: Sequence[Kind], patience: float) -> list[StruckPoint]:
    struck: list[StruckPoint] = []
    if not CAN_FORK:
        _strike(case, kinds, 0, lambda word, value: _keep(struck, word, value))
        return struck
    while True:
        points, late = _one_child(case, kinds, struck, patience)
        if not late:
            return struck
        # The first point of which nothing was told is the one that did not come back.
        hanging = points[len(struck)]
        if late == "retry":
            struck.append(StruckPoint(hanging, "wedged", retry="does not come back"))
        else:
            struck.append(StruckPoint(hanging, "hung"))


def _keep(struck: list[StruckPoint], word: str, value: object) -> None:
    if word == "struck" and isinstance(value, StruckPoint):
        struck.append(value)


def _strike(case: Case, kinds: Sequence[Kind], skip: int, tell: Tell) -> None:
    """Tell all points, then what each fault left, except for the first ``skip`` points."""
    case = replace(case, on_retry=lambda: tell("retry", None))
    started = time.perf_counter()
    judge = Judge(case)
    with still_connections(dice=judge.throws_dice):
        judge.check_plain_run()
        plans = [(kind, tuple(kind.points(case))) for kind in kinds]
        every = [point for _, points in plans for point in points]
        tell("points", (time.perf_counter() - started, every))
        for kind, points in plans:
            remaining = points[skip:]
            skip = max(skip - len(points), 0)
            if remaining:
                for struck in kind.strike(case, remaining, judge):
                    tell("struck", struck)


def _one_child(
    case: Case, kinds: Sequence[Kind], struck: list[StruckPoint], patience: float
) -> tuple[Sequence[Point], str]:
    """Let one child strike the points that ``struck`` lacks, and add what it tells.

    Returns all points, and "run" or "retry" where the child did not come back from one; else
    an empty word.
    """
    points: Sequence[Point] = ()
    phase, limit = "run", _FIRST_RUN
    skip = len(struck)
    with child_doing(lambda tell: _tell_all(case, kinds, skip, tell), takes_children=True) as child:
        while True:
            word, value = child.read(limit)
            if word == "points":
                seconds, points = value
                limit = max(patience, _RUNS * seconds)
            elif word == "struck":
                struck.append(value)
            elif word == "broke":
                raise RuntimeError(f"a fault could not be tried:\n{value}")
            elif word == "done":
                return points, ""
            elif word == "late" and points:
                return points, phase
            elif word != "retry":
                raise InjectionError(_refusal(case, word, value, points[len(struck) :]))
            phase = "retry" if word == "retry" else "run"


def _refusal(case: Case, word: str, value: object, remaining: Sequence[Point]) -> str:
    """Return why the faults were given up, by the last word of the child."""
    if word == "refused":
        return str(value)
    if word == "late":
        return (
            f"the run without a fault, from {case.database_name}, did not come back within"
            f" {_FIRST_RUN:g} s"
        )
    where = f", {remaining[0].where}" if remaining else ""
    return (
        f"the process ended{where}, on the way from {case.database_name}: the migration or"
        " SQLite ended it, so nothing can be said of that fault"
    )


def _tell_all(case: Case, kinds: Sequence[Kind], skip: int, tell: Tell) -> None:
    """Be the child: strike, and tell how that ended."""
    try:
        _strike(case, kinds, skip, tell)
    except MigrationTestError as error:
        tell("refused", str(error))
    except Exception:
        tell("broke", traceback.format_exc())
    else:
        tell("done", None)
