"""Fork a child process that does one piece of work and tells of it through a pipe."""

from __future__ import annotations

import gc
import os
import pickle
import select
import signal
import struct
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

from pytest_pmd_migrations.errors import InjectionError, MigrationTestError
from pytest_pmd_migrations.processes.termination import add_cleanup, drop_cleanup

__all__ = [
    "CAN_FORK",
    "Child",
    "MessageReader",
    "Tell",
    "child_doing",
    "close_own",
    "own_pipe",
    "start_child",
    "write_message",
]

CAN_FORK = hasattr(os, "fork")
"""Whether this platform can fork a child process."""

Tell: TypeAlias = Callable[[str, object], None]
"""Called in the child: sends the parent a word and a value."""

_LENGTH = struct.Struct("!I")
_PRINTED = (1, 2)
_YOUNG = 10_000
"""Objects made before the collector looks through them: hardly any of a run is in a cycle."""


class _Process:
    """The ends of pipes by which others learn that this process has ended: no child has them."""

    pipes: frozenset[int] = frozenset()


def own_pipe() -> tuple[int, int]:
    """Return the ends of a new pipe, to read and to write: no later child has the second one.

    It is closed by ``close_own``.
    """
    reading, writing = os.pipe()
    _Process.pipes |= {writing}
    return reading, writing


def close_own(writing: int) -> None:
    """Close the end of a pipe that was made by ``own_pipe``."""
    _Process.pipes -= {writing}
    os.close(writing)


@contextmanager
def child_doing(work: Callable[[Tell], None], *, takes_children: bool = False) -> Iterator[Child]:
    """Let a child process do ``work``; it is killed when the block is left.

    With ``takes_children``, so are the children that it has itself, also where this process ends.
    """
    child = start_child(work, takes_children=takes_children)
    try:
        yield child
    finally:
        child.kill()


def start_child(work: Callable[[Tell], None], *, takes_children: bool = False) -> Child:
    """Let a child process do ``work``; whoever asks for it ends it by ``kill`` or ``wait``.

    With ``takes_children``, the children that it has itself are killed with it.
    """
    process, pipe = _fork(work, takes_children=takes_children)
    return Child(process, pipe, takes_children=takes_children)


class MessageReader:
    """Reads what is written to the other end of a pipe by ``write_message``."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._content = b""

    def read(self, limit: float) -> bytes | None:
        """Return the next message: empty where the other end was closed, None where none came.

        ``limit`` are the seconds in which nothing may come.
        """
        while True:
            if len(self._content) >= _LENGTH.size:
                end = _LENGTH.size + _LENGTH.unpack_from(self._content)[0]
                if len(self._content) >= end:
                    content, self._content = self._content[_LENGTH.size : end], self._content[end:]
                    return content
            if not select.select([self._pipe], [], [], limit)[0]:
                return None
            read = os.read(self._pipe, 65536)
            if not read:
                return b""
            self._content += read


def write_message(pipe: int, content: bytes) -> None:
    """Write a message that is not empty; raises BrokenPipeError where nobody can read it."""
    rest = memoryview(_LENGTH.pack(len(content)) + content)
    while rest:
        rest = rest[os.write(pipe, rest) :]


class Child:
    """A child process, from its parent's side."""

    def __init__(self, process: int, pipe: int, *, takes_children: bool = False) -> None:
        self._process = process
        self._pipe = pipe
        self._takes_children = takes_children
        self._messages = MessageReader(pipe)
        self._status: int | None = None
        if takes_children:
            # The others are children of a child, which are killed with it.
            add_cleanup(self.end)

    @property
    def process(self) -> int:
        """The number of the process."""
        return self._process

    def read(self, limit: float) -> tuple[str, Any]:
        """Return the word and value that the child tells next.

        The word is ``late`` where nothing came for ``limit`` seconds, ``finished`` where the work
        is done, and ``ended`` where the process ended before.
        Raises InjectionError where the work raised an error of the package's, RuntimeError where
        it raised any other.
        """
        content = self._messages.read(limit)
        if not content:
            return ("late" if content is None else "ended"), None
        word, value = pickle.loads(content)
        if word == "refused":
            raise InjectionError(str(value))
        if word == "broke":
            raise RuntimeError(f"a fault could not be tried:\n{value}")
        return str(word), value

    def wait(self) -> int:
        """Wait for its end; return the number of the signal that killed it, 0 where none did."""
        if self._status is None:
            self._status = os.waitpid(self._process, 0)[1]
        return os.WTERMSIG(self._status) if os.WIFSIGNALED(self._status) else 0

    def end(self) -> None:
        """Let SIGKILL end it, if nobody has waited for its end yet."""
        if self._status is None:
            with suppress(ProcessLookupError):
                kill = os.killpg if self._takes_children else os.kill
                kill(self._process, signal.SIGKILL)

    def kill(self) -> None:
        """End it and be done with it."""
        drop_cleanup(self.end)
        os.close(self._pipe)
        self.end()
        self.wait()


def _fork(work: Callable[[Tell], None], *, takes_children: bool) -> tuple[int, int]:
    """Let a child do ``work``; return its process id and the end of the pipe to read it by.

    The child runs nothing of the parent's after it: no exit handler, no flush of its buffers.
    Its output is dropped: an application prints the same hundreds of times.
    """
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # The other threads are pytest-xdist's; the child needs none of what they hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        os.close(writing)
        if takes_children:
            # The child asks for the same: whichever of the two comes first.
            with suppress(PermissionError, ProcessLookupError):
                os.setpgid(child, child)
        return child, reading
    try:
        # Else each collection would go through all that the parent has, a whole test session.
        gc.freeze()
        _collect_seldom()
        if takes_children:
            os.setpgid(0, 0)
        for pipe in (reading, *_Process.pipes):
            os.close(pipe)
        _Process.pipes = frozenset((writing,))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in _PRINTED:
            os.dup2(nowhere, descriptor)
        sys.stdout = sys.stderr = os.fdopen(nowhere, "w")
        _do(work, _teller(writing))
    finally:
        os._exit(0)


def _collect_seldom() -> None:
    young, *older = gc.get_threshold()
    # None means that nothing is collected.
    if young:
        gc.set_threshold(max(young, _YOUNG), *older)


def _do(work: Callable[[Tell], None], tell: Tell) -> None:
    """Do the work, and tell how it ended as the last thing."""
    try:
        work(tell)
    except MigrationTestError as error:
        tell("refused", str(error))
    except Exception:
        tell("broke", traceback.format_exc())
    else:
        tell("finished", None)


def _teller(out: int) -> Tell:
    return lambda word, value: write_message(out, pickle.dumps((word, value)))
