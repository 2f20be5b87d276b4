"""Try faults on a case in a child process, so that one that hangs or dies takes nothing along."""

from __future__ import annotations

import os
import pickle
import select
import signal
import struct
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from pytest_pmd_migrations.errors import InjectionError, MigrationTestError
from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.injector import wrapped_connects
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds import Kind
from pytest_pmd_migrations.faults.values import Judged, Point

__all__ = ["CAN_FORK", "fork", "try_faults"]

CAN_FORK = hasattr(os, "fork")
"""Whether children can be had here; without, a run that hangs hangs the caller."""

PATIENCE = 10.0
"""Seconds that one fault may take, a run and a retry each; a slow migration gets twenty runs."""

_FIRST_RUN = 600.0
_RUNS = 20
_HEAD = struct.Struct("!I")
_PRINTED = (1, 2)

Tell = Callable[[str, object], None]


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
    child, end = fork(lambda out: _tell_all(case, kinds, len(judged), out))
    pipe = _Pipe(end)
    points: Sequence[Point] = ()
    phase, limit = "run", _FIRST_RUN
    try:
        while True:
            word, value = pipe.read(limit)
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
    finally:
        os.close(end)
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


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


def _tell_all(case: Case, kinds: Sequence[Kind], skip: int, out: int) -> None:
    tell = _teller(out)
    try:
        _strike(case, kinds, skip, tell)
    except MigrationTestError as error:
        tell("refused", str(error))
    except Exception:
        tell("broke", traceback.format_exc())
    else:
        tell("done", None)


class _Pipe:
    """The parent's end of a child's pipe."""

    def __init__(self, end: int) -> None:
        self._end = end
        self._content = b""

    def read(self, limit: float) -> tuple[str, Any]:
        """Return what the child tells next; ``late`` after ``limit`` seconds, or ``ended``."""
        while True:
            if len(self._content) >= _HEAD.size:
                end = _HEAD.size + _HEAD.unpack_from(self._content)[0]
                if len(self._content) >= end:
                    content, self._content = self._content[:end], self._content[end:]
                    word, value = pickle.loads(content[_HEAD.size :])
                    return str(word), value
            if not select.select([self._end], [], [], limit)[0]:
                return "late", None
            read = os.read(self._end, 65536)
            if not read:
                return "ended", None
            self._content += read


def fork(work: Callable[[int], None]) -> tuple[int, int]:
    """Let a child do ``work`` with the end of a pipe to write to; return its id and the other end.

    The child runs nothing of the parent's after it: no exit handler, no flush of its buffers.
    What it prints is dropped: an application says the same hundreds of times.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The other threads are pytest-xdist's; the child needs none of what they hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        os.close(writing)
        return child, reading
    try:
        os.close(reading)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in _PRINTED:
            os.dup2(nowhere, descriptor)
        sys.stdout = sys.stderr = os.fdopen(nowhere, "w")
        work(writing)
    finally:
        os._exit(0)


def _teller(out: int) -> Tell:
    def tell(word: str, value: object) -> None:
        content = pickle.dumps((word, value))
        rest = memoryview(_HEAD.pack(len(content)) + content)
        while rest:
            rest = rest[os.write(out, rest) :]

    return tell
