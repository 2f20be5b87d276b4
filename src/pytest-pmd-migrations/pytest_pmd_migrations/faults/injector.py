"""See every connection to one database file during a run, and let a fault strike through them.

`sqlite3.connect` (and pysqlite3's, where loaded) is wrapped wherever a module holds it, and gives
connections that let others' callbacks pass through ours: a runner may set an authorizer, a trace
or a progress handler of its own. The audit event ``sqlite3.connect/handle`` tells of every
connection the wrapper did not make: one to our file is a connection lost, and no verdict is
given on what was not seen.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.watched import watched_class

__all__ = ["Fault", "Injector", "wrapped_connects"]

_DRIVERS = ("sqlite3", "pysqlite3")
_FACTORY = 5
_TIMEOUT = 1


class Fault:
    """What strikes a run. This one never does; each kind overrides what it needs.

    ``ticks`` and ``authorizes`` say whether it wants to be asked at every jump of SQLite's
    virtual machine, and whenever a statement is prepared. ``timeout`` replaces the seconds a
    connection waits for a lock. ``syncs`` leaves ``PRAGMA synchronous`` as it is; without, files
    are never flushed, which nothing but a loss of power could tell. ``struck`` is set when the
    fault came to pass; ``injector`` is the one that is entered.
    """

    injector: Injector

    ticks = False
    authorizes = False
    syncs = False
    timeout: float | None = None
    struck = False

    def opened(self, conn: Any) -> None:  # noqa: ANN401 - a connection of either driver
        """Be told of a connection to the file, before the runner has it."""

    def statement(self, conn: Any, sql: str) -> None:  # noqa: ANN401 - likewise
        """Be told that a statement begins; ``sql`` has its values filled in."""

    def tick(self) -> bool:
        """Return whether SQLite shall interrupt the statement."""
        return False

    def denies(
        self,
        action: int,  # noqa: ARG002 - what a kind may ask for
        first: str | None,  # noqa: ARG002 - likewise
        second: str | None,  # noqa: ARG002 - likewise
    ) -> bool:
        """Return whether the statement that is being prepared shall be denied."""
        return False

    def returned(self, error: BaseException | None) -> None:
        """Be told that the runner is done, while its connections are still open."""


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
        _Active.injector = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _Active.injector = None
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


class _Active:
    """The injector that is entered now: of the process, since audit hooks cannot be removed."""

    injector: Injector | None = None
    hooked = False
    opening = threading.local()


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


@contextmanager
def wrapped_connects() -> Iterator[None]:
    """Wrap ``connect`` of every loaded driver, wherever a module holds it, until left."""
    if not _Active.hooked:
        sys.addaudithook(_audit)
        _Active.hooked = True
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for name in _DRIVERS:
        driver = sys.modules.get(name)
        if driver is None:
            continue
        original = driver.connect
        wrapper = _wrapper(driver, original)
        for module in list(sys.modules.values()):
            names = getattr(module, "__dict__", None)
            if not isinstance(names, dict):
                continue
            for key in [key for key, value in list(names.items()) if value is original]:
                replaced.append((names, key, original))
                names[key] = wrapper
    try:
        yield
    finally:
        for names, key, original in replaced:
            names[key] = original


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    """Tell the injector of connections that are no watched ones.

    Python raises the first event with what is to be opened, the second with the connection, which
    cannot be asked yet.
    """
    injector = _Active.injector
    if injector is None:
        return
    if event == "sqlite3.connect":
        _Active.opening.database = arguments[0]
    elif event == "sqlite3.connect/handle" and not hasattr(arguments[0], "watch"):
        injector.found(arguments[0], _Active.opening.database)


def _path_of(database: object) -> str:
    """Return the file that the first argument of ``connect`` names, empty where it names none."""
    if not isinstance(database, (str, bytes, os.PathLike)):
        return ""
    text = os.fsdecode(database)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return os.path.realpath(text) if text and text != ":memory:" else ""


def _wrapper(driver: Any, original: Callable[..., Any]) -> Callable[..., Any]:  # noqa: ANN401
    @wraps(original)
    def connect(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the driver's own
        injector = _Active.injector
        if injector is None or injector.ignores_new:
            return original(*args, **kwargs)
        taken = list(args)
        factory = taken[_FACTORY] if len(taken) > _FACTORY else kwargs.get("factory")
        factory = factory or driver.Connection
        if not (isinstance(factory, type) and issubclass(factory, driver.Connection)):
            # What a function makes cannot be watched: the audit event tells of it.
            return original(*args, **kwargs)
        if len(taken) > _FACTORY:
            taken[_FACTORY] = watched_class(factory)
        else:
            kwargs["factory"] = watched_class(factory)
        if injector.fault.timeout is not None:
            if len(taken) > _TIMEOUT:
                taken[_TIMEOUT] = injector.fault.timeout
            else:
                kwargs["timeout"] = injector.fault.timeout
        conn = original(*taken, **kwargs)
        injector.watch(conn)
        return conn

    return connect
