"""What SQL's clock shows and what its dice throw: the same in every run of a step.

The clock stands at a time that comes after the data of any database, as the time of an upgrade
does. The dice of a step are seeded by its version: a second run throws the same, and no two steps
of one history throw the same.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

__all__ = [
    "STANDS_AT",
    "as_first",
    "begin_step",
    "clock_moves",
    "later",
    "still_time",
    "throw_bytes",
    "times_asked",
    "times_thrown",
]

STANDS_AT = 2_000_000_000_000
"""Milliseconds since 1970: 2033-05-18 03:33:20 UTC. Its day is in every month, and no month's end.

A condition such as ``expires < datetime('now')`` that was true once stays true at a later time.
"""

_DAY = 86_400_000


class _Ruling(NamedTuple):
    """Which time the clock shows, None for the real one, and which other dice are thrown."""

    time: int | None = STANDS_AT
    other_dice: bool = False


class _Process:
    """The one clock and the dice of this process, as SQLite has one of each."""

    ruling = _Ruling()
    version = 0
    seed = 0
    dice: random.Random | None = None
    asked = 0
    thrown = 0


def begin_step(version: int) -> None:
    """Take the dice of the step to ``version``; called before each run of it."""
    _Process.version = version
    # Made where they are thrown: few steps throw any.
    _Process.seed, _Process.dice = 2 * version + _Process.ruling.other_dice, None


def still_time() -> int | None:
    """Return the milliseconds since 1970 that the clock shows, None where it moves."""
    _Process.asked += 1
    return _Process.ruling.time


def throw_bytes(count: int) -> bytes:
    """Return the next ``count`` random bytes."""
    _Process.thrown += 1
    if _Process.ruling.time is None:
        return os.urandom(count)
    if _Process.dice is None:
        _Process.dice = random.Random(_Process.seed)
    return _Process.dice.randbytes(count)


def times_asked() -> int:
    """Return how often SQL has asked this process's clock for the time."""
    return _Process.asked


def times_thrown() -> int:
    """Return how often this process has thrown the dice."""
    return _Process.thrown


@contextmanager
def later() -> Iterator[None]:
    """Let the clock stand a day later in the block, and steps throw other dice.

    What a step makes of both is then seen, as it would be by a user who runs it another day.
    """
    with _ruled(_Ruling(STANDS_AT + _DAY, other_dice=True)):
        yield


@contextmanager
def as_first() -> Iterator[None]:
    """Let the clock stand where it does, and steps throw their own dice, within :func:`later`."""
    with _ruled(_Ruling()):
        yield


@contextmanager
def clock_moves() -> Iterator[None]:
    """Let clock and dice be the real ones in the block."""
    with _ruled(_Process.ruling._replace(time=None)):
        yield


@contextmanager
def _ruled(ruling: _Ruling) -> Iterator[None]:
    before = _Process.ruling
    _Process.ruling = ruling
    try:
        yield
    finally:
        _Process.ruling = before
