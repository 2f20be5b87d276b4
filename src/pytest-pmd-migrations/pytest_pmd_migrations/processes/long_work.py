"""Say how long a piece of work will take, and how much of it is done, to whoever wants to know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

__all__ = [
    "Pace",
    "WorkListener",
    "expect_work",
    "heard_by",
    "is_heard",
    "part_of_work",
    "tell_work_done",
]


_LITTLE = 0.05


class WorkListener(Protocol):
    """Somebody who wants to know how a piece of work goes; ``what`` says what it is about."""

    def expects(self, seconds: float, what: str) -> None:
        """Hear, before it begins, how long it will take by what was measured so far."""

    def begins(self, done: float) -> None:
        """Hear that work begins of which more will be told, and how much of all is done: 0 to 1."""

    def has_done(self, done: float, what: str) -> None:
        """Hear how much of all is done now."""


class _Heard:
    """Who listens now, if anybody, and which part of its work is told of: from where to where."""

    listener: WorkListener | None = None
    part: tuple[float, float] = (0.0, 1.0)


@contextmanager
def heard_by(listener: WorkListener) -> Iterator[None]:
    """Let ``listener`` hear of the work that is done in the block."""
    before = _Heard.listener, _Heard.part
    _Heard.listener, _Heard.part = listener, (0.0, 1.0)
    try:
        yield
    finally:
        _Heard.listener, _Heard.part = before


@contextmanager
def part_of_work(number: int, sizes: Sequence[float]) -> Iterator[None]:
    """Say that what is told in the block is about one of several parts, counted from 0.

    ``sizes`` are those of the parts: a larger one takes longer.
    """
    before = _Heard.part
    begin, end = before
    share = (end - begin) / sum(sizes)
    _Heard.part = begin + sum(sizes[:number]) * share, begin + sum(sizes[: number + 1]) * share
    try:
        yield
    finally:
        _Heard.part = before


def is_heard() -> bool:
    """Return whether anybody listens."""
    return _Heard.listener is not None


def expect_work(seconds: float, what: str) -> None:
    """Say how long the work that begins now will take."""
    if _Heard.listener is not None:
        _Heard.listener.expects(seconds, what)


def tell_work_done(done: float, what: str) -> None:
    """Say how much of the work is done: 0 as that begins which takes long, 1 at the end."""
    if _Heard.listener is not None:
        begin, end = _Heard.part
        now = begin + done * (end - begin)
        if done:
            _Heard.listener.has_done(now, what)
        else:
            _Heard.listener.begins(now)


class Pace:
    """How fast work goes, by what was done since it began.

    Of too little nothing is said: of a twentieth, unless ``patience`` seconds went by.
    """

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since = 0.0, 0.0

    def begin(self, done: float, now: float) -> None:
        """Note how much is done as the clock shows ``now``: what came before tells nothing."""
        self._since = done, now

    def left(self, done: float, now: float) -> float | None:
        """Return how many seconds the rest will take; None where that cannot be said yet."""
        then, since = self._since
        if done <= then or (done - then < _LITTLE and now - since < self._patience):
            return None
        return max(1 - done, 0) * (now - since) / (done - then)
