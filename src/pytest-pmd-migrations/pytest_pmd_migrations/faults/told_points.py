"""What a child tells of the points that it strikes, and its parent's record of that.

Many verdicts are told at a time. None is kept back while anything happens that may end the process
or take long: the parent knows by them which point was struck last.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from pytest_pmd_migrations.faults.child_process import Tell
from pytest_pmd_migrations.faults.values import (
    GOOD_WORDS,
    Left,
    Point,
    StruckPoint,
    TriedFaults,
)
from pytest_pmd_migrations.messages.wording import megabytes
from pytest_pmd_migrations.processes.long_work import tell_work_done

__all__ = ["HeardPoints", "PointTeller"]

_TOLD_EVERY = 0.1
_FIRST_RUN = 600.0
_WAITS = 4

_Verdict: TypeAlias = tuple[Left, int | None, str, tuple[str, ...], str]
"""The fields of a struck point in their order, without the point, which the parent has."""


class PointTeller:
    """Tells points, and then what is left of each in turn."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._verdicts: list[_Verdict] = []
        self._told_at = time.monotonic()

    def tell_points(self, patience: float, points: Sequence[Point]) -> None:
        """Tell all points, and the seconds that a run may take, and a retry."""
        # As tuples, which are copied several times as fast.
        self._tell("points", (patience, [tuple(point) for point in points]))

    def tell_struck(self, struck: Iterable[StruckPoint], most_hung: int) -> None:
        """Tell each, up to that of which ``most_hung`` have hung."""
        hung = 0
        for one in struck:
            verdict = one[1:]
            # One object is told once, and then referred to.
            same = self._verdicts[-1:] == [verdict]
            self._verdicts.append(self._verdicts[-1] if same else verdict)
            hung += one.hung
            if hung == most_hung:
                break
            if time.monotonic() - self._told_at > _TOLD_EVERY:
                self.flush()
        self.flush()

    def flush(self) -> None:
        """Tell what is not told yet."""
        if self._verdicts:
            self._tell("struck", self._verdicts)
            self._verdicts = []
        self._told_at = time.monotonic()


class HeardPoints:
    """What was heard so far: all ``points``, and what is left of the first of them, ``struck``.

    ``limit`` are the seconds within which something must be heard again. ``size`` is that of the
    database in bytes: how far the work is, is told whoever waits for it.
    """

    def __init__(self, patience: float, size: int) -> None:
        self._what = f"fault points on a database of {megabytes(size)}"
        self.limit = max(_FIRST_RUN, patience)
        self.points: Sequence[Point] = ()
        self.struck: list[StruckPoint] = []

    def hear(self, word: str, value: Any) -> None:  # noqa: ANN401 - whatever was told
        """Take what the other end told."""
        if word == "points":
            patience, points = value
            self.points = [Point(*one) for one in points]
            # A run, the same in a process of its own, and a retry may each take so long.
            self.limit = _WAITS * patience
        else:
            begin = len(self.struck)
            told = zip(self.points[begin : begin + len(value)], value, strict=True)
            self.struck += [StruckPoint(point, *verdict) for point, verdict in told]
        done = len(self.struck) / max(len(self.points), 1)
        tell_work_done(done, f"{len(self.points)} {self._what}")

    @property
    def tried(self) -> TriedFaults:
        """All of it as a value."""
        return TriedFaults(tuple(self.struck), len(self.points) - len(self.struck))

    @property
    def all_good(self) -> bool:
        """Whether every point was struck, and left what is good."""
        words = {one.left for one in self.struck}
        return words <= GOOD_WORDS and len(self.struck) == len(self.points)
