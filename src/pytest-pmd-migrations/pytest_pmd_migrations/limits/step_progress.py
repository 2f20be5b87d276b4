"""Notice whether a step gets on, whatever it does: in SQL, in Python, or not at all."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

from pytest_pmd_migrations.limits.sqlite_memory import memory_counters

__all__ = ["Progress"]

_GROWTH = 128 * 1024
_BESIDE = ("", "-journal", "-wal")
_STATM = Path("/proc/self/statm")
_DEBUGGERS = ("bdb", "pydevd", "_pydevd_bundle")


class Progress:
    """Looks at a step from time to time; the first look finds that it has begun.

    It has got on where rows changed, a statement began that the step had not run before, its
    files were written, or the process or SQLite grew: a statement that takes minutes does one of
    these, one that goes round in circles none. Nothing is asked of the connection itself, which
    may be at work.
    """

    def __init__(self, conn: sqlite3.Connection, path: str) -> None:
        self._conn = conn
        self._path = path
        self._statements: set[int] = set()
        self._began = False
        self._marks: tuple[object, ...] | None = None
        self._most = (0, 0)

    def made(self) -> bool:
        """Return whether the step got on since this was asked last, or is being debugged."""
        if self._marks is None:
            # Most steps are done before anybody asks: they are spared the calls.
            _set_trace(self._conn, self._statement)
        marks, sizes = self._read(), (_resident(), _used_by_sqlite())
        grown = any(new > most + _GROWTH for new, most in zip(sizes, self._most, strict=True))
        made = self._began or marks != self._marks or grown or _debugged()
        self._marks, self._began = marks, False
        if grown:
            self._most = sizes
        return made

    def end(self) -> None:
        """Stop watching the connection's statements."""
        if self._marks is not None:
            _set_trace(self._conn, None)

    def _statement(self, sql: str) -> None:
        text = hash(sql)
        if text not in self._statements:
            self._statements.add(text)
            self._began = True

    def _read(self) -> tuple[object, ...]:
        try:
            changes = self._conn.total_changes
        except sqlite3.Error:
            # The step closed it, and may work on another one.
            changes = 0
        return (changes, *(_written(f"{self._path}{ending}") for ending in _BESIDE if self._path))


def _set_trace(conn: sqlite3.Connection, trace: object) -> None:
    try:
        conn.set_trace_callback(trace)  # type: ignore[arg-type]  # a callable, or None
    except sqlite3.Error:
        # A connection that the step has closed runs no statement.
        return


def _written(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - as text, which the endings are added to
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _resident() -> int:
    """Return how many bytes of the process are in memory; the most that ever were, elsewhere."""
    if _STATM.exists():
        return int(_STATM.read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def _used_by_sqlite() -> int:
    """Return how many bytes SQLite has, 0 where it cannot be asked.

    What Python has given back before may be used again, so that the process does not grow.
    """
    counters = memory_counters()
    return counters[0]() if counters else 0


def _debugged() -> bool:
    module = getattr(sys.gettrace(), "__module__", None) or ""
    return module.partition(".")[0] in _DEBUGGERS
