"""A child process that stays, and does one piece of work after the other.

After a fork each side copies every page of memory that it writes to: that costs more than most of
the work does.
"""

from __future__ import annotations

import io
import operator
import os
import pickle
import weakref
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.child_process import (
    Child,
    MessageReader,
    Tell,
    close_own,
    own_pipe,
    start_child,
    write_message,
)

__all__ = ["StandingChild"]

_IDLE = 10.0
"""Seconds after which a child ends that nobody asks for anything."""

_END = 5.0
"""Seconds that it may take to end."""

_NO_COPY = (pickle.PicklingError, TypeError, AttributeError)


class StandingChild:
    """A child that does ``work`` with each thing it is asked for, until it is closed.

    It has the ``first`` as it is. All later ones are copies, which refer to those objects that are
    ``known`` as the child has them. ``at_end`` is called last in the child. With
    ``takes_children``, the children that it has itself are killed with it.
    """

    def __init__(
        self,
        work: Callable[[Any, Tell], None],
        first: object,
        *,
        known: Sequence[object] = (),
        at_end: Callable[[], None] = lambda: None,
        takes_children: bool = False,
    ) -> None:
        self._known = known
        waiting, asking = own_pipe()

        def serve(tell: Tell) -> None:
            request, requests = first, MessageReader(waiting)
            try:
                while True:
                    work(request, tell)
                    tell("finished", None)
                    content = requests.read(_IDLE)
                    if not content:
                        return
                    request = _Reader(content, known).load()
            finally:
                at_end()

        child = start_child(serve, takes_children=takes_children)
        os.close(waiting)
        self._asking, self._child, self._parent = asking, child, os.getpid()
        self._has_ended = False
        self._end = weakref.finalize(self, _end, child, asking, self._parent)

    def has(self, known: Sequence[object]) -> bool:
        """Return whether these are the objects that it knows.

        It is the child of one process. What that has forked since then has only heard of it.
        """
        same = len(known) == len(self._known) and all(map(operator.is_, known, self._known))
        return same and self.is_own

    @property
    def is_own(self) -> bool:
        """Whether it is a child of this process."""
        return self._parent == os.getpid()

    def ask(self, request: object) -> bool:
        """Ask for work; return whether it can be done: there is a copy, and a child to have it."""
        content = io.BytesIO()
        if self._has_ended:
            return False
        try:
            _Writer(content, self._known).dump(request)
            write_message(self._asking, content.getvalue())
        except (*_NO_COPY, BrokenPipeError):
            return False
        return True

    def read(self, limit: float) -> tuple[str, Any]:
        """Return the word and value that it tells next, as a `Child` does."""
        word, value = self._child.read(limit)
        self._has_ended |= word == "ended"
        return word, value

    def close(self) -> None:
        """Let it come to its end; it must have done all that it was asked for."""
        self._end()

    def kill(self) -> None:
        """End it at once, whatever it does."""
        if self._end.detach() is not None:
            close_own(self._asking)
            self._child.kill()


class _Writer(pickle.Pickler):
    def __init__(self, file: io.BytesIO, known: Sequence[object]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._known = {id(one): number for number, one in enumerate(known)}

    def persistent_id(self, one: object) -> int | None:
        return self._known.get(id(one))


class _Reader(pickle.Unpickler):
    def __init__(self, content: bytes, known: Sequence[object]) -> None:
        super().__init__(io.BytesIO(content))
        self._known = known

    def persistent_load(self, number: int) -> object:
        return self._known[number]


def _end(child: Child, asking: int, process: int) -> None:
    """Let a child learn that nobody asks any more, and wait for its end."""
    if process != os.getpid():
        return
    close_own(asking)
    with suppress(InjectionError, RuntimeError):
        while child.read(_END)[0] not in ("late", "ended"):
            continue
    child.kill()
