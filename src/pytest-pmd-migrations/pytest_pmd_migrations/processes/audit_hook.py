"""The process's one audit hook: it tells of connections of ``sqlite3``, or of every event.

Python cannot remove an audit hook, so this one stays, and tells nobody while nobody listens.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

__all__ = ["STARTS_PROCESS", "exchange_listener", "hear_of_connections", "hear_of_events"]

STARTS_PROCESS = (
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "subprocess.",
)
"""How the events begin by which another process is started."""

Listener: TypeAlias = Callable[[Any, object], None]
"""Called with a new connection and the ``database`` argument that it was opened with."""


EventListener: TypeAlias = Callable[[str, tuple[Any, ...]], None]
"""Called with each audit event and its arguments; what it raises, the audited call raises."""


class _Hook:
    """The state of the hook; ``opening`` keeps each thread's argument until its connection."""

    listener: Listener | None = None
    of_events: EventListener | None = None
    installed = False
    opening = threading.local()


@contextmanager
def hear_of_connections(listener: Listener) -> Iterator[None]:
    """Call ``listener`` for every connection that is opened inside the block.

    A block inside another one has its own listener; the outer one's listens again behind it.
    The connection cannot be asked anything at that moment: SQLite has not opened it.
    """
    previous = exchange_listener(listener)
    try:
        yield
    finally:
        exchange_listener(previous)


def exchange_listener(listener: Listener | None) -> Listener | None:
    """Call ``listener`` for every connection from now on; return what was called until now."""
    _install()
    previous, _Hook.listener = _Hook.listener, listener
    return previous


@contextmanager
def hear_of_events(listener: EventListener) -> Iterator[None]:
    """Call ``listener`` for every audit event inside the block, of any thread.

    That of a block around this one is called before it.
    """
    _install()
    previous = _Hook.of_events

    def both(event: str, arguments: tuple[Any, ...]) -> None:
        if previous is not None:
            previous(event, arguments)
        listener(event, arguments)

    _Hook.of_events = listener if previous is None else both
    try:
        yield
    finally:
        _Hook.of_events = previous


def _install() -> None:
    if not _Hook.installed:
        sys.addaudithook(_audit)
        _Hook.installed = True


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Join Python's two events: the first has the argument, the second the connection."""
    if _Hook.of_events is not None:
        _Hook.of_events(event, arguments)
    listener = _Hook.listener
    if listener is None:
        return
    if event == "sqlite3.connect":
        _Hook.opening.database = arguments[0]
    elif event == "sqlite3.connect/handle":
        # A thread may have begun to open it before anybody listened.
        listener(arguments[0], getattr(_Hook.opening, "database", ""))
