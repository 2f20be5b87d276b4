"""See every connection to one database file during a run, and let a fault strike through them.

A connection to our file that was not made through the wrapped ``connect`` is one lost, and no
verdict is given on what was not seen.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.fault import Fault
from pytest_pmd_migrations.faults.patched_connect import Active

__all__ = ["Injector"]


class Injector:
    """Watches the connections to ``path`` while it is entered.

    ``statements`` counts what was seen to begin; ``lost`` names connections that were not seen.
    """

    def __init__(self, path: Path, fault: Fault) -> None:
        self.path = os.path.realpath(path)
        self.fault = fault
        fault.injector = self
        self.statements = 0
        self.lost: list[str] = []
        self.error: BaseException | None = None
        self.ticking = fault.ticks
        self._connections: list[weakref.ref[Any]] = []
        self._unseen = False

    def __enter__(self) -> Injector:
        Active.injector = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        Active.injector = None
        for reference in self._connections:
            conn = reference()
            if conn is not None:
                # A connection of another thread's cannot be closed here; it goes with its thread.
                with suppress(conn.ProgrammingError):
                    conn.close()

    def connect(self) -> sqlite3.Connection:
        """Return the connection that the source is given."""
        return sqlite3.connect(self.path)

    def connect_unseen(self, *, timeout: float = 0.0) -> sqlite3.Connection:
        """Return a connection to the file that no fault strikes: somebody else's."""
        self._unseen = True
        try:
            return sqlite3.connect(self.path, timeout=timeout, isolation_level=None)
        finally:
            self._unseen = False

    def watch_ticks(self, wanted: bool) -> None:
        """Let the fault be asked at every jump of SQLite's virtual machine, or no longer.

        A statement that runs already goes on as it began.
        """
        self.ticking = wanted
        for reference in self._connections:
            conn = reference()
            if conn is not None:
                # One that the runner has closed has nothing left to be asked about.
                with suppress(conn.ProgrammingError):
                    conn.watch_ticks(wanted)

    def check(self) -> None:
        """Raise what a fault's own code raised, or InjectionError where a connection was lost."""
        if self.error is not None:
            raise self.error
        if self.lost:
            raise InjectionError(
                f"the faults lost a connection: a {self.lost[0]} was opened to the database past"
                " sqlite3.connect, so nothing can be said of what it does. Let the runner call"
                " sqlite3.connect"
            )

    @property
    def ignores_new(self) -> bool:
        """Whether a connection that is opened now is nobody's business."""
        return self._unseen

    def found(self, conn: Any, database: object) -> None:  # noqa: ANN401 - of either driver
        """Be told of a connection that the wrapper did not make, and what it was opened with."""
        if not self._unseen and _path_of(database) == self.path:
            self.lost.append(f"{type(conn).__module__}.{type(conn).__qualname__}")

    def watch(self, conn: Any) -> None:  # noqa: ANN401 - likewise
        """Watch a connection that the wrapper made, if it is one to the file."""
        if main_file_of(conn) != self.path:
            return
        self._connections.append(weakref.ref(conn))
        if not self.fault.syncs:
            with suppress(conn.Error, MemoryError):
                conn.execute("PRAGMA synchronous = OFF").close()
        self._guarded(lambda: self.fault.opened(conn))
        conn.watch(self)

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401 - likewise
        """Be told by a watched connection that a statement begins."""
        self.statements += 1
        self._guarded(lambda: self.fault.statement(conn, sql))

    def _guarded(self, work: Callable[[], None]) -> None:
        """Keep what ``work`` raises: the driver drops what a callback raises."""
        try:
            work()
        except BaseException as error:
            self.error = self.error or error


def main_file_of(conn: Any) -> str:  # noqa: ANN401 - a connection of either driver
    """Return the path of a connection's main database, empty in memory or where closed."""
    driver: Any = next(kind for kind in type(conn).__mro__[::-1] if kind.__name__ == "Connection")
    try:
        cursor = driver.cursor(conn)
        cursor.row_factory = None
        rows = cursor.execute("PRAGMA database_list").fetchall()
        cursor.close()
    except (conn.Error, MemoryError):
        return ""
    return next((os.path.realpath(row[2]) for row in rows if row[1] == "main" and row[2]), "")


def _path_of(database: object) -> str:
    """Return the file that the first argument of ``connect`` names, empty where it names none."""
    if not isinstance(database, (str, bytes, os.PathLike)):
        return ""
    text = os.fsdecode(database)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return os.path.realpath(text) if text and text != ":memory:" else ""
