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
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from pytest_pmd_migrations.faults.power.vfs import shim

__all__ = ["ChildRun", "GiveUp", "Message", "Sleepers", "find_sleepers", "take_turns"]

SECONDS = 20.0
"""How long one turn may take; a run that does not come back by then is taken to hang."""

MOST_TURNS = 5000
"""How often the turn may change; two runs that wait for each other go on like this for ever."""

GiveUp = Callable[[], None]
"""Gives the turn up; returns when it is this run's turn again."""

Sleepers = Sequence[tuple[dict[str, Any], str]]
"""Namespaces that hold `time.sleep`, with the name they have for it."""


@dataclass(frozen=True)
class Message:
    """What a run says when its turn ends: "stopped", "waits", "done" or "hung"; and what it found.

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
    _send: int = -1
    _receive: int = -1

    def __enter__(self) -> ChildRun:
        to_child, self._send = os.pipe()
        self._receive, from_child = os.pipe()
        with warnings.catch_warnings():
            # The child runs one thread of its own and takes none of the parent's locks with it.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            os.close(self._send)
            os.close(self._receive)
            _run(self.work, self.sleepers, to_child, from_child)
        os.close(to_child)
        os.close(from_child)
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._send)
        os.close(self._receive)
        if self.last.word != "done":
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    @property
    def done(self) -> bool:
        """Whether the run has come to its end, or never will."""
        return self.last.word in ("done", "hung")

    def turn(self) -> Message:
        """Let the run go on until its turn ends, and return what it says then."""
        with suppress(BrokenPipeError):
            os.write(self._send, b"\n")
        self.last = self._listen()
        return self.last

    def _listen(self) -> Message:
        text = b""
        until = time.monotonic() + SECONDS
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self._receive], [], [], max(0, until - time.monotonic()))
            if not ready:
                return Message("hung")
            part = os.read(self._receive, 65536)
            if not part:
                return Message("hung", error="its process ended")
            text += part
        return Message(**json.loads(text))


def take_turns(first: ChildRun, second: ChildRun) -> None:
    """Let the two runs go to their ends: the second as far as it can, then the other, and so on."""
    running, other = second, first
    for _ in range(MOST_TURNS):
        if running.done:
            return
        running.turn()
        if running.last.word == "hung":
            return
        if not other.done:
            running, other = other, running
    running.last = Message("hung")


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
    work: Callable[[GiveUp], Message], sleepers: Sleepers, receive: int, send: int
) -> NoReturn:
    """Be the child: wait for the first turn, do the work, tell, and be gone."""

    def give_up(word: str) -> None:
        _tell(send, Message(word))
        _wait(receive)

    try:
        # The parent's objects are not this process's garbage; to look at them is to copy them.
        gc.freeze()
        _wait(receive)
        with _sleeping(sleepers, lambda: give_up("waits")):
            last = work(lambda: give_up("stopped"))
        _tell(send, last)
    except BaseException as error:
        _tell(send, Message("done", blind=f"a run ended in {type(error).__name__}: {error}"))
    finally:
        # Nothing of the parent's is to be flushed, closed or reported twice.
        os._exit(0)


def _tell(send: int, message: Message) -> None:
    content = {"word": message.word, "error": message.error[:4000], "blind": message.blind[:4000]}
    os.write(send, json.dumps(content).encode() + b"\n")


def _wait(receive: int) -> None:
    if not os.read(receive, 1):
        os._exit(1)


@contextmanager
def _sleeping(sleepers: Sleepers, give_up: Callable[[], None]) -> Iterator[None]:
    """Replace every wait by ``give_up``; only a child calls this, so no name is put back."""

    def sleep(_seconds: float, /) -> None:
        give_up()

    for names, name in sleepers:
        names[name] = sleep
    with shim().watching(sleep=lambda _microseconds: give_up()):
        yield
