"""Two processes of which one runs at a time: each goes on until it gives its turn up.

A run is a forked child, as two openers of a file are two processes. It gives its turn up where it
is told to stop, and wherever it would wait: SQLite's own waits for a lock go through the shim, and
`time.sleep` is replaced wherever a module holds it. No time passes meanwhile; a wait that gets its
turn back looks for the lock again. So the order of events does not depend on the machine.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pytest_pmd_migrations.faults.child import Child, Tell, child_doing
from pytest_pmd_migrations.faults.kinds.power.shim import shim

__all__ = ["ChildRun", "GiveUp", "Message", "Sleepers", "child_run", "find_sleepers", "take_turns"]

MOST_TURNS = 5000
"""How often the turn may change; two runs that wait for each other go on like this for ever."""

_DAY = 86400.0

GiveUp = Callable[[], None]
"""Gives the turn up; returns when it is this run's turn again."""

Sleepers = Sequence[tuple[dict[str, Any], str]]
"""Namespaces that hold `time.sleep`, with the name they have for it."""


@dataclass(frozen=True)
class Message:
    """What a run says when its turn ends: "stopped", "waits" or "done"; "hung" is said of it.

    ``error`` is what the run raised, in words, empty where nothing; ``blind`` why nothing can be
    said of the run.
    """

    word: str
    error: str = ""
    blind: str = ""


class ChildRun:
    """One run in a child; ``last`` is what it said last."""

    def __init__(self, child: Child, go: int) -> None:
        self.last = Message("stopped")
        self._child = child
        self._go = go

    @property
    def done(self) -> bool:
        """Whether the run has come to its end."""
        return self.last.word == "done"

    def turn(self) -> Message:
        """Let the run go on until its turn ends, and return what it says then.

        How long that may take is the business of whoever tries the fault.
        """
        os.write(self._go, b"\n")
        word, value = self._child.read(_DAY)
        if word in ("late", "ended"):
            self.last = Message("done", blind="the process of a run ended before the run did")
        else:
            self.last = value
        return self.last


@contextmanager
def child_run(work: Callable[[GiveUp], Message], sleepers: Sleepers) -> Iterator[ChildRun]:
    """Give a run that waits for its first turn.

    ``work(stop)`` returns its last message, and may call ``stop`` to give its turn up before;
    ``sleepers`` are where it would wait.
    """
    waiting, go = os.pipe()

    def do(tell: Tell) -> None:
        # The end of pipes is how it learns that nobody is left to wait for.
        os.close(go)
        _run(work, sleepers, waiting, tell)

    try:
        with child_doing(do) as child:
            yield ChildRun(child, go)
    finally:
        os.close(waiting)
        os.close(go)


def take_turns(first: ChildRun, second: ChildRun) -> None:
    """Let the two runs go to their ends: the second as far as it can, then the other, and so on."""
    running, other = second, first
    for _ in range(MOST_TURNS):
        running.turn()
        if not other.done:
            running, other = other, running
        elif running.done:
            return
    for run in (first, second):
        if not run.done:
            run.last = Message("hung")


def find_sleepers() -> Sleepers:
    """Return every module's name for `time.sleep`.

    Asked once, before the children: looking through all modules costs a child more than its run,
    since it copies every page of memory that it touches.
    """
    found = []
    for module in list(sys.modules.values()):
        names = getattr(module, "__dict__", None)
        if isinstance(names, dict):
            found += [(names, name) for name, value in list(names.items()) if value is time.sleep]
    return found


def _run(work: Callable[[GiveUp], Message], sleepers: Sleepers, waiting: int, tell: Tell) -> None:
    """Be the child: wait for the first turn, do the work, and tell."""

    def give_up(word: str) -> None:
        tell(word, Message(word))
        _wait(waiting)

    _wait(waiting)
    try:
        with _sleeping(sleepers, lambda: give_up("waits")):
            last = work(lambda: give_up("stopped"))
    except BaseException as error:
        last = Message("done", blind=f"a run ended in {type(error).__name__}: {error}")
    tell(last.word, last)


def _wait(waiting: int) -> None:
    """Wait for the turn; the process ends where nobody is left to give it."""
    if not os.read(waiting, 1):
        os._exit(0)


@contextmanager
def _sleeping(sleepers: Sleepers, give_up: Callable[[], None]) -> Iterator[None]:
    """Replace every wait by ``give_up``; only a child calls this, so no name is put back."""

    def sleep(_seconds: float, /) -> None:
        give_up()

    for names, name in sleepers:
        names[name] = sleep
    with shim().watching(sleep=lambda _microseconds: give_up()):
        yield
