"""Connections that share their callbacks: the observer's first, then those that the runner sets."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import cache
from itertools import chain, islice, repeat
from typing import Any, TypeAlias

from pytest_pmd_migrations.faults.watching.events import RunObserver

__all__ = ["can_be_watched", "watched_class"]

Authorizer: TypeAlias = Callable[[int, str | None, str | None, str | None, str | None], int]
"""A callback as ``set_authorizer`` takes it."""


@cache
def watched_class(factory: type) -> type:
    """Return a subclass of a driver's connection class that can be watched."""
    return type(factory.__name__, (_Watched, factory), {"__module__": factory.__module__})


def can_be_watched(conn: object) -> bool:
    """Return whether ``conn`` is of a class that ``watched_class`` made."""
    return isinstance(conn, _Watched)


def _with_every(
    steps: int, runners_own: Callable[[], int | None], ticks: Iterator[object]
) -> Iterator[object]:
    """Return the answers to ticks, joined at every so many by that of the runner's own handler.

    Between those it runs no line of Python of its own.
    """

    def told(_: None) -> object:
        return 1 if next(ticks) else runners_own()

    quiet = map(islice, repeat(ticks), repeat(steps - 1))
    # A call that raises ends the part that it is in, and no more.
    both = map(map, repeat(told), repeat((None,)))
    return chain.from_iterable(chain.from_iterable(zip(quiet, both, strict=False)))


class _Watched:
    """Lets an observer see what a connection does, whatever else is set on it.

    SQLite keeps one authorizer, one trace and one progress handler a connection; here each is
    ours, and calls the runner's.
    """

    _observer: RunObserver | None = None
    _failed: Callable[[BaseException], None]
    _authorizer: Authorizer | None = None
    _trace: Callable[[str], object] | None = None
    _progress: Callable[[], int | None] | None = None
    _progress_steps = 1
    _ticking = False

    def watch(
        self, observer: RunObserver, failed: Callable[[BaseException], None], *, ticks: bool
    ) -> None:
        """Begin to tell ``observer`` what happens, of ticks only where ``ticks`` is true.

        The driver drops what a trace callback raises: ``failed`` is called with it instead.
        """
        self._observer, self._failed = observer, failed
        if observer.wants_statements:
            self.set_trace_callback(None)
        if ticks:
            self.watch_ticks(True)
        if observer.wants_authorizations:
            self.set_authorizer(None)

    def watch_ticks(self, wanted: bool) -> None:
        """Tell the observer of ticks from the next statement on, or no longer."""
        self._ticking = wanted
        if wanted:
            self.set_progress_handler(self._progress, self._progress_steps)
        else:
            parent: Any = super()
            parent.set_progress_handler(self._progress, self._progress_steps)

    def set_trace_callback(self, trace_callback: Callable[[str], object] | None) -> None:
        """Set the runner's trace callback."""
        parent: Any = super()
        if self._observer is None or not self._observer.wants_statements:
            parent.set_trace_callback(trace_callback)
            return
        self._trace = trace_callback
        parent.set_trace_callback(self._traced)

    def set_progress_handler(
        self, progress_handler: Callable[[], int | None] | None, n: int
    ) -> None:
        """Set the runner's progress handler."""
        parent: Any = super()
        self._progress, self._progress_steps = progress_handler, max(n, 1)
        if not self._ticking:
            parent.set_progress_handler(progress_handler, n)
            return
        parent.set_progress_handler(self._told_of_ticks(progress_handler), 1)

    def _told_of_ticks(
        self, progress_handler: Callable[[], int | None] | None
    ) -> Callable[[], object]:
        """Return a handler that tells of each tick: a run has thousands, so it is quick."""
        ticks = self._observer.answers() if self._observer is not None else repeat(False)
        if progress_handler is not None:
            ticks = _with_every(self._progress_steps, progress_handler, ticks)
        return ticks.__next__

    def set_authorizer(self, authorizer_callback: Authorizer | None) -> None:
        """Set the runner's authorizer."""
        parent: Any = super()
        if self._observer is None or not self._observer.wants_authorizations:
            parent.set_authorizer(authorizer_callback)
            return
        self._authorizer = authorizer_callback
        parent.set_authorizer(self._authorized)

    def _traced(self, sql: str) -> None:
        if self._observer is not None:
            try:
                self._observer.statement(self, sql)
            except BaseException as error:
                self._failed(error)
        if self._trace is not None:
            self._trace(sql)

    def _authorized(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        if self._authorizer is not None:
            answer = self._authorizer(action, first, second, database, trigger)
            if answer != sqlite3.SQLITE_OK:
                return answer
        if self._observer is not None and not self._observer.authorize(action, first, second):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK
