"""Define the calls by which an observer is told of a run, and a fault answers them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Protocol

__all__ = ["Fault", "RunControls", "RunObserver", "UnderFault"]


class RunControls(Protocol):
    """Lets an observer ask something of the run that it is told of."""

    def watch_ticks(self, wanted: bool) -> None:
        """Call ``tick`` at every jump of SQLite's virtual machine from now on, or no longer."""
        ...

    def connect_unwatched(self) -> sqlite3.Connection:
        """Return another connection to the database, of which the observer is not told."""
        ...


class RunObserver:
    """Is told what happens in a run. This one does nothing; others override what they need.

    ``wants_statements``, ``wants_ticks`` and ``wants_authorizations`` ask for the calls of
    ``statement``, ``tick`` and ``authorize``, which make a run slower. ``lock_timeout`` replaces
    the seconds a connection waits for a lock. ``keeps_synchronous`` leaves ``PRAGMA synchronous``
    as it is. Without it SQLite flushes no file; only a loss of power would show the difference.
    ``is_waited_for`` says that another process ends the run if it takes too long.
    """

    wants_statements = True
    wants_ticks = False
    wants_authorizations = False
    keeps_synchronous = False
    is_waited_for = False
    lock_timeout: float | None = None

    def started(self, run: RunControls) -> None:
        """Be told that the run begins; no connection is open yet."""

    def opened(self, conn: Any) -> None:  # noqa: ANN401 - a connection of either driver
        """Be told of a new connection to the database, before the runner has it."""

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401 - likewise
        """Be told that a statement begins; ``sql`` has its values filled in."""

    def tick(self) -> bool:
        """Be told of a jump of SQLite's virtual machine; return whether it shall interrupt."""
        return False

    def answers(self) -> Iterator[object]:
        """Return the answers to ticks, of which each takes the next: by default those of ``tick``.

        All connections share them. A run has thousands of ticks: most of them are to be answered
        without a line of Python.
        """
        return iter(self.tick, object())

    def authorize(
        self,
        action: int,  # noqa: ARG002 - what others may ask for
        first: str | None,  # noqa: ARG002 - likewise
        second: str | None,  # noqa: ARG002 - likewise
    ) -> bool:
        """Be told that SQLite prepares a statement that does ``action``; return whether it may."""
        return True

    def returned(self, error: BaseException | None) -> None:
        """Be told that the runner returned, or raised ``error``; its connections are still open."""


class Fault(RunObserver):
    """An observer that does harm to the run, once; ``struck`` is whether it came to that."""

    struck = False
    is_waited_for = True


class UnderFault(RunObserver):
    """An observer that does nothing, of a run that is struck in another way."""

    is_waited_for = True
