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
from typing import Any, TypeAlias

from pytest_pmd_migrations.faults.child_process import Child, Tell, child_doing
from pytest_pmd_migrations.faults.vfs.process_shim import process_shim

__all__ = [
    "GiveUpTurn",
    "PausedRun",
    "PausedWork",
    "SleepNames",
    "TurnEnd",
    "find_sleep_names",
    "paused_run",
    "paused_runs",
    "take_turns",
]

MOST_TURNS = 5000
"""How often the turn may change; two runs that wait for each other go on like this for ever."""


GiveUpTurn: TypeAlias = Callable[[], None]
"""Gives the turn up; returns when it is this run's turn again."""

SleepNames: TypeAlias = Sequence[tuple[dict[str, Any], str]]
"""Namespaces that hold `time.sleep`, with the name they have for it."""


@dataclass(frozen=True)
class TurnEnd:
    """Tells how a run's turn ended: it says "stopped", "waits" or "done"; of it is said "hung".

    ``error`` is what the run raised, in words, empty where nothing; ``unusable`` is why nothing
    can be said of the run.
    """

    word: str
    error: str = ""
    unusable: str = ""


PausedWork: TypeAlias = Callable[[GiveUpTurn], TurnEnd]
"""Does a run, and may give turns up meanwhile; returns the end of its last turn."""


class PausedRun:
    """A run in a child process that goes on only in its turn; ``last`` ended its last turn."""

    def __init__(self, child: Child, go: int, patience: float) -> None:
        self.last = TurnEnd("stopped")
        self._patience = patience
        self._child = child
        self._go = go

    @property
    def done(self) -> bool:
        """Whether the run has come to its end."""
        return self.last.word == "done"

    def turn(self) -> TurnEnd:
        """Let the run go on until its turn ends, and return what it tells then.

        A turn that does not end within the patience is "hung".
        """
        os.write(self._go, b"\n")
        word, value = self._child.read(self._patience)
        if word == "late":
            self.last = TurnEnd("hung")
        elif word == "ended":
            self.last = TurnEnd("done", unusable="the process of a run ended before the run did")
        else:
            self.last = value
        return self.last


@contextmanager
def paused_run(work: PausedWork, sleep_names: SleepNames, patience: float) -> Iterator[PausedRun]:
    """Give a run that waits for its first turn.

    ``sleep_names`` are those by which it would sleep, ``patience`` the seconds of a turn.
    """
    with paused_runs((work,), sleep_names, patience) as (run,):
        yield run


@contextmanager
def paused_runs(
    works: Sequence[PausedWork], sleep_names: SleepNames, patience: float
) -> Iterator[Sequence[PausedRun]]:
    """Give runs that wait for their first turns, each done by the one process after the last.

    Each must have come to its end before the next is given a turn.
    """
    waiting, go = os.pipe()

    def be_child(tell: Tell) -> None:
        # When all other ends of the pipe are closed, the child learns that nobody waits for it.
        os.close(go)
        for work in works:
            _be_child(work, sleep_names, waiting, tell)

    try:
        with child_doing(be_child) as child:
            yield [PausedRun(child, go, patience) for _ in works]
    finally:
        os.close(waiting)
        os.close(go)


def take_turns(first: PausedRun, second: PausedRun) -> None:
    """Let the two runs go to their ends: the second as far as it can, then the other, and so on."""
    running, other = second, first
    for _ in range(MOST_TURNS):
        if running.turn().word == "hung":
            return
        if not other.done:
            running, other = other, running
        elif running.done:
            return
    for run in (first, second):
        if not run.done:
            run.last = TurnEnd("hung")


def find_sleep_names() -> SleepNames:
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


def _be_child(work: PausedWork, sleep_names: SleepNames, waiting: int, tell: Tell) -> None:
    """Wait for the first turn, do the work, and tell how each turn ended."""

    def give_up(word: str) -> None:
        tell(word, TurnEnd(word))
        _await_turn(waiting)

    _await_turn(waiting)
    try:
        with _never_sleeping(sleep_names, lambda: give_up("waits")):
            last = work(lambda: give_up("stopped"))
    except BaseException as error:
        last = TurnEnd("done", unusable=f"a run ended in {type(error).__name__}: {error}")
    tell(last.word, last)


def _await_turn(waiting: int) -> None:
    """Wait for the turn; the process ends where nobody is left to give it."""
    if not os.read(waiting, 1):
        os._exit(0)


@contextmanager
def _never_sleeping(sleep_names: SleepNames, give_up: GiveUpTurn) -> Iterator[None]:
    """Replace every wait by ``give_up``; only a child calls this, so no name is put back."""

    def sleep(_seconds: float, /) -> None:
        give_up()

    for names, name in sleep_names:
        names[name] = sleep
    with process_shim().watching(sleep=lambda _microseconds: give_up()):
        yield
