"""Watch every connection to one database file during a run, for an observer or a fault.

A connection to the file that was opened past the patched ``connect`` is a lost one: nothing can be
said of what it does, so the run counts for nothing.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from pytest_pmd_migrations.connections.connection import (
    NO_PREPARATION,
    Preparation,
    prepare_connection,
)
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.watching.events import RunObserver
from pytest_pmd_migrations.faults.watching.opened_file import file_of_argument, file_of_connection
from pytest_pmd_migrations.faults.watching.patched_connect import hand_connections_to
from pytest_pmd_migrations.faults.watching.watched_connection import can_be_watched
from pytest_pmd_migrations.processes.audit_hook import Listener, exchange_listener

__all__ = ["WatchedRun"]


class WatchedRun:
    """Watches the connections to ``path`` while it is entered, and closes them when it is left.

    ``connect`` must be patched meanwhile. ``observer`` is told of the run's events, and
    ``preparation`` is what the application does to the connection that its source is given.
    """

    def __init__(
        self, path: Path, observer: RunObserver, preparation: Preparation = NO_PREPARATION
    ) -> None:
        self._path = str(path)
        self._preparation = preparation
        self._is_given = False
        self._observer = observer
        self._ticks = observer.wants_ticks
        self._connections: list[weakref.ref[Any]] = []
        self._lost: list[str] = []
        self._error: BaseException | None = None
        self._ignores_new = False
        self._heard_before: Listener | None = None

    def __enter__(self) -> WatchedRun:
        self._heard_before = exchange_listener(self._heard)
        hand_connections_to(self)
        self._observer.started(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        hand_connections_to(None)
        exchange_listener(self._heard_before)
        for conn in self._living():
            try:
                conn.close()
            except conn.ProgrammingError:
                # A connection of another thread's cannot be closed here; it goes with its thread.
                continue

    def connect(self) -> sqlite3.Connection:
        """Return the connection that the source is given, prepared before anybody watches it."""
        self._is_given = True
        try:
            return sqlite3.connect(self._path)
        finally:
            self._is_given = False

    def connect_unwatched(self) -> sqlite3.Connection:
        """Return another connection to the file, which waits for no lock: somebody else's."""
        self._ignores_new = True
        try:
            return sqlite3.connect(self._path, timeout=0.0, isolation_level=None)
        finally:
            self._ignores_new = False

    def watch_ticks(self, wanted: bool) -> None:
        """Tell the observer of ticks on every connection from now on, or no longer.

        A statement that runs already goes on as it began.
        """
        self._ticks = wanted
        for conn in self._living():
            try:
                conn.watch_ticks(wanted)
            except conn.ProgrammingError:
                # One that the runner has closed has nothing left to be asked about.
                continue

    def check(self) -> None:
        """Raise what the observer itself raised, or InjectionError where a connection was lost."""
        if self._error is not None:
            raise self._error
        if self._lost:
            raise InjectionError(
                f"the faults lost a connection: a {self._lost[0]} was opened to the database past"
                " sqlite3.connect, so nothing can be said of what it does. Let the runner call"
                " sqlite3.connect"
            )

    @property
    def ignores_new(self) -> bool:
        """Whether a connection that is opened now is none of the runner's."""
        return self._ignores_new

    @property
    def lock_timeout(self) -> float | None:
        """Seconds that the runner's connections wait for a lock; None leaves its own."""
        return self._observer.lock_timeout

    def watch(self, conn: Any) -> None:  # noqa: ANN401 - a connection of either driver
        """Watch a connection that the patched ``connect`` opened, if it is one to the file."""
        if not self._is_given and not self._is_the_file(file_of_connection(conn)):
            return
        self._connections.append(weakref.ref(conn))
        if self._is_given:
            self._is_given = False
            prepare_connection(conn, self._preparation)
        if not self._observer.keeps_synchronous:
            self._flush_nothing(conn)
        try:
            self._observer.opened(conn)
        except BaseException as error:
            self._keep(error)
        conn.watch(self._observer, self._keep, ticks=self._ticks)

    def _flush_nothing(self, conn: Any) -> None:  # noqa: ANN401 - likewise
        try:
            conn.execute("PRAGMA synchronous = OFF").close()
        except (conn.Error, MemoryError):
            # It is slower then.
            return

    def _heard(self, conn: object, database: object) -> None:
        """Note a connection to the file that nobody can watch."""
        if can_be_watched(conn) or self._ignores_new:
            return
        if self._is_the_file(file_of_argument(database)):
            self._lost.append(f"{type(conn).__module__}.{type(conn).__qualname__}")

    def _is_the_file(self, path: str) -> bool:
        """Return whether a path, empty for none, leads to the file: mostly in the same words."""
        return path == self._path or (bool(path) and os.path.realpath(path) == self._real_path)

    @cached_property
    def _real_path(self) -> str:
        return os.path.realpath(self._path)

    def _living(self) -> list[Any]:
        """Return the connections that the runner still holds."""
        return [conn for reference in self._connections if (conn := reference()) is not None]

    def _keep(self, error: BaseException) -> None:
        """Keep the observer's first error until ``check``."""
        self._error = self._error or error
