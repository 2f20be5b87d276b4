"""Two processes of which one runs at a time: each goes on until it gives its turn up.

A run is a forked child, as two openers of a file are two processes. It gives its turn up where it
is told to stop, and wherever it would wait: SQLite's own waits for a lock go through the shim, and
`time.sleep` is replaced wherever a module holds it. No time passes meanwhile; a wait that gets its
turn back looks for the lock again. So the order of events does not depend on the machine.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from pytest_pmd_migrations.faults.power.vfs import shim

__all__ = ["ChildRun", "GiveUp", "Message", "Sleepers", "find_sleepers", "take_turns"]

MOST_TURNS = 5000
"""How often the turn may change; two runs that wait for each other go on like this for ever."""

_LONGEST = 2000

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


@dataclass
class ChildRun:
    """One run in a child. ``work(stop)`` returns its last message; it may call ``stop``.

    ``sleepers`` are where it would wait. Used as a context manager: the child is gone when it is
    left.
    """

    work: Callable[[GiveUp], Message]
    sleepers: Sleepers
    last: Message = Message("stopped")
    _pid: int = 0
    _ends: tuple[int, int, int] = (-1, -1, -1)

    def __enter__(self) -> ChildRun:
        go, may_go = os.pipe()
        told, tell = os.pipe()
        lifeline, held = os.pipe()
        with warnings.catch_warnings():
            # The other threads are pytest-xdist's; the child needs none of what they hold.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            for end in (may_go, told, held):
                os.close(end)
            _run(self.work, self.sleepers, (go, tell, lifeline))
        for end in (go, tell, lifeline):
            os.close(end)
        self._ends = may_go, told, held
        return self

    def __exit__(self, *_: object) -> None:
        for end in self._ends:
            os.close(end)
        if self.last.word != "done":
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    @property
    def done(self) -> bool:
        """Whether the run has come to its end."""
        return self.last.word == "done"

    def turn(self) -> Message:
        """Let the run go on until its turn ends, and return what it says then."""
        may_go, told, _ = self._ends
        os.write(may_go, b"\n")
        text = b""
        while not text.endswith(b"\n"):
            part = os.read(told, 65536)
            if not part:
                self.last = Message("done", blind="the process of a run ended before the run did")
                return self.last
            text += part
        self.last = Message(**json.loads(text))
        return self.last


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


def _run(
    work: Callable[[GiveUp], Message], sleepers: Sleepers, ends: tuple[int, int, int]
) -> NoReturn:
    """Be the child: wait for the first turn, do the work, tell, and be gone."""
    go, tell, lifeline = ends

    def give_up(word: str) -> None:
        _tell(tell, Message(word))
        _wait(go)

    try:
        # A run that never gives its turn up must not outlive who waits for it.
        threading.Thread(target=_wait, args=(lifeline,), daemon=True).start()
        # The parent's objects are not this process's garbage; to look at them is to copy them.
        gc.freeze()
        _wait(go)
        with _sleeping(sleepers, lambda: give_up("waits")):
            last = work(lambda: give_up("stopped"))
        _tell(tell, last)
    except BaseException as error:
        _tell(tell, Message("done", blind=f"a run ended in {type(error).__name__}: {error}"))
    finally:
        # Nothing of the parent's is to be flushed, closed or reported twice.
        os._exit(0)


def _tell(tell: int, message: Message) -> None:
    words = {name: text[:_LONGEST] for name, text in asdict(message).items()}
    os.write(tell, json.dumps(words).encode() + b"\n")


def _wait(end: int) -> None:
    """Wait for a byte; the process ends where nobody is left to send one."""
    if not os.read(end, 1):
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
