"""Two processes of which one runs at a time: each goes on until it gives its turn up.

A run is a forked child, as two openers of a file are two processes. It gives its turn up where it
is told to stop, and wherever it would wait: SQLite's own waits for a lock go through the shim, and
`time.sleep` is replaced wherever a module holds it. No time passes meanwhile; a wait that gets its
turn back looks for the lock again. So the order of events does not depend on the machine.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager, suppress
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_pmd_migrations.faults.power.vfs import shim

__all__ = ["ChildRun", "GiveUp", "Message", "take_turns"]

SECONDS = 20.0
"""How long one turn may take; a run that does not come back by then is taken to hang."""

MOST_TURNS = 5000
"""How often the turn may change; two runs that wait for each other go on like this for ever."""

GiveUp = Callable[[], None]
"""Gives the turn up; returns when it is this run's turn again."""


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
    """One run in a child. ``work(stop)`` returns what is in its last message; it may call ``stop``.

    Used as a context manager: the child is gone when it is left.
    """

    work: Callable[[GiveUp], Message]
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
            _run(self.work, to_child, from_child)
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


def _run(work: Callable[[GiveUp], Message], receive: int, send: int) -> None:
    """Be the child: wait for the first turn, do the work, tell, and be gone."""
    status = 1
    try:

        def give_up(word: str) -> None:
            _tell(send, Message(word))
            _wait(receive)

        _wait(receive)
        with _sleeping(lambda: give_up("waits")):
            last = work(lambda: give_up("stopped"))
        _tell(send, last)
        status = 0
    except BaseException as error:
        _tell(send, Message("done", blind=f"{type(error).__name__}: {error}"))
        status = 0
    finally:
        # Nothing of the parent's is to be flushed, closed or reported twice.
        os._exit(status)


def _tell(send: int, message: Message) -> None:
    content = {"word": message.word, "error": message.error[:4000], "blind": message.blind[:4000]}
    os.write(send, json.dumps(content).encode() + b"\n")


def _wait(receive: int) -> None:
    if not os.read(receive, 1):
        os._exit(1)


@contextmanager
def _sleeping(give_up: Callable[[], None]) -> Iterator[None]:
    """Replace every wait by ``give_up``; only a child calls this, so nothing is put back."""
    original = time.sleep

    def sleep(_seconds: float, /) -> None:
        give_up()

    for module in list(sys.modules.values()):
        names: Any = getattr(module, "__dict__", {})
        for name in [name for name, value in list(names.items()) if value is original]:
            names[name] = sleep
    with shim().watching(sleep=lambda _microseconds: give_up()):
        yield
