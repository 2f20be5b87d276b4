"""Try faults on a case in a child process, so that one that hangs or dies takes nothing along."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import replace

from pytest_pmd_migrations.errors import InjectionError, MigrationTestError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child import CAN_FORK, Tell, child_doing
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds.registry import Kind
from pytest_pmd_migrations.faults.patched_connect import wrapped_connects
from pytest_pmd_migrations.faults.values import Judged, Point

__all__ = ["PATIENCE", "try_faults"]

PATIENCE = 10.0
"""Seconds that one fault may take, a run and a retry each; a slow migration gets twenty runs."""

_FIRST_RUN = 600.0
_RUNS = 20


def try_faults(
    case: Case, kinds: Sequence[Kind], *, patience: float = PATIENCE
) -> tuple[Judged, ...]:
    """Return what each fault of ``kinds`` left, in the order of kinds and points.

    Raises InjectionError where faults cannot be tried on the case: the plain run fails or is
    another one each time, a connection was lost from sight, or the process ended by itself.
    """
    if not CAN_FORK:
        found: list[Judged] = []
        _strike(case, kinds, 0, lambda word, value: _keep(found, word, value))
        return tuple(found)
    judged: list[Judged] = []
    while True:
        points, late = _one_child(case, kinds, judged, patience)
        if not late:
            return tuple(judged)
        # The first point that is not judged is the one that did not come back.
        hanging = points[len(judged)]
        if late == "retry":
            judged.append(Judged(hanging, "wedged", retry="does not come back"))
        else:
            judged.append(Judged(hanging, "hung"))


def _keep(found: list[Judged], word: str, value: object) -> None:
    if word == "judged" and isinstance(value, Judged):
        found.append(value)


def _strike(case: Case, kinds: Sequence[Kind], skip: int, tell: Tell) -> None:
    """Tell every point, then what each fault left, but for the first ``skip``."""
    case = replace(case, on_retry=lambda: tell("retry", None))
    with wrapped_connects():
        started = time.perf_counter()
        judge = Judge(case)
        judge.check_plain_run()
        plans = [(kind, tuple(kind.points(case))) for kind in kinds]
        tell("points", (time.perf_counter() - started, [p for _, found in plans for p in found]))
        for kind, points in plans:
            left = points[skip:]
            skip = max(skip - len(points), 0)
            if left:
                for judged in kind.strike(case, left, judge):
                    tell("judged", judged)


def _one_child(
    case: Case, kinds: Sequence[Kind], judged: list[Judged], patience: float
) -> tuple[Sequence[Point], str]:
    """Add to ``judged`` what one child tells.

    Returns all points, and what the child was at where it did not come back, else nothing.
    """
    points: Sequence[Point] = ()
    phase, limit = "run", _FIRST_RUN
    skip = len(judged)
    with child_doing(lambda tell: _tell_all(case, kinds, skip, tell), leads=True) as child:
        while True:
            word, value = child.read(limit)
            if word == "points":
                seconds, points = value
                limit = max(patience, _RUNS * seconds)
            elif word == "judged":
                judged.append(value)
            elif word == "broke":
                raise RuntimeError(f"a fault could not be tried:\n{value}")
            elif word == "done":
                return points, ""
            elif word == "late" and points:
                return points, phase
            elif word != "retry":
                raise InjectionError(_refusal(case, word, value, points[len(judged) :]))
            phase = "retry" if word == "retry" else "run"


def _refusal(case: Case, word: str, value: object, left: Sequence[Point]) -> str:
    if word == "refused":
        return str(value)
    if word == "late":
        return (
            f"the run without a fault, from {case.label}, did not come back within {_FIRST_RUN:g} s"
        )
    where = f", {left[0].place}" if left else ""
    return (
        f"the process ended{where}, on the way from {case.label}: the migration or SQLite ended"
        " it, so nothing can be said of that fault"
    )


def _tell_all(case: Case, kinds: Sequence[Kind], skip: int, tell: Tell) -> None:
    try:
        _strike(case, kinds, skip, tell)
    except MigrationTestError as error:
        tell("refused", str(error))
    except Exception:
        tell("broke", traceback.format_exc())
    else:
        tell("done", None)
