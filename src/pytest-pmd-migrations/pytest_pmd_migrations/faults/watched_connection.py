"""Connections whose callbacks are shared: ours first, then those that the runner sets."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_pmd_migrations.faults.injector import Injector

__all__ = ["watched_class"]

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]


@cache
def watched_class(factory: type) -> type:
    """Return a subclass of a driver's connection class that can be watched."""
    return type(factory.__name__, (_Watched, factory), {"__module__": factory.__module__})


class _Watched:
    """Lets an injector see what a connection does, whatever else is set on it.

    SQLite keeps one authorizer, one trace and one progress handler a connection; here each is
    ours, and calls the runner's.
    """

    _injector: Injector | None = None
    _authorizer: Authorizer | None = None
    _trace: Callable[[str], object] | None = None
    _progress: Callable[[], int | None] | None = None
    _progress_steps = 1
    _progress_count = 0
    _ticking = False

    def watch(self, injector: Injector) -> None:
        """Begin to tell ``injector`` what happens."""
        self._injector = injector
        self.set_trace_callback(None)
        if injector.ticking:
            self.watch_ticks(True)
        if injector.fault.authorizes:
            self.set_authorizer(None)

    def watch_ticks(self, wanted: bool) -> None:
        """Ask the fault at every jump of the virtual machine from the next statement on, or not."""
        self._ticking = wanted
        if wanted:
            self.set_progress_handler(self._progress, self._progress_steps)
        else:
            parent: Any = super()
            parent.set_progress_handler(self._progress, self._progress_steps)

    def set_trace_callback(self, trace_callback: Callable[[str], object] | None) -> None:
        """Set the runner's trace callback."""
        parent: Any = super()
        if self._injector is None:
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
        parent.set_progress_handler(self._progressed, 1)

    def set_authorizer(self, authorizer_callback: Authorizer | None) -> None:
        """Set the runner's authorizer."""
        parent: Any = super()
        if self._injector is None or not self._injector.fault.authorizes:
            parent.set_authorizer(authorizer_callback)
            return
        self._authorizer = authorizer_callback
        parent.set_authorizer(self._authorized)

    def _traced(self, sql: str) -> None:
        if self._injector is not None:
            self._injector.statement(self, sql)
        if self._trace is not None:
            self._trace(sql)

    def _progressed(self) -> int:
        if self._injector is not None and self._injector.fault.tick():
            return 1
        if self._progress is None:
            return 0
        self._progress_count += 1
        if self._progress_count % self._progress_steps:
            return 0
        return int(bool(self._progress()))

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
        if self._injector is not None and self._injector.fault.denies(action, first, second):
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK
