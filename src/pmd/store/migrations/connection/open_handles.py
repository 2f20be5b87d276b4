"""A connection's half-read statements and open blobs, of which those of a step are ended.

They would keep a lock on the database. The driver remembers every cursor and blob in lists of the
connection, as weak references; the garbage collector shows what one object refers to, which takes
no search through the heap.
"""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from operator import call
from typing import Any
from weakref import ref

from pmd.store.migrations.connection.driver import driver_of

__all__ = ["OpenHandles", "end_handles"]


class OpenHandles:
    """The cursors that the caller has left half-read, and its open blobs, as they were when made.

    None is found where the garbage collector does not know the driver's objects.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        alive = _alive_handles(connection)
        self._kept = [ref(handle) for handle in _open_ones(connection, alive)]
        self._has_others = len(alive) > 1

    def end_others(self, *, more_references: bool = True) -> None:
        """End every other half-read statement, and close every other blob.

        `more_references` says whether more objects refer to the connection than did before a step,
        as each new cursor and blob does: if not, and the runner's cursor is the only one, there is
        nothing to look for.
        """
        if not more_references and not self._has_others:
            return
        kept = [reference() for reference in self._kept]
        alive = _alive_handles(self._connection)
        self._has_others = len(alive) > 1
        for handle in _open_ones(self._connection, alive):
            if not any(handle is other for other in kept):
                _end(self._connection, handle)


def end_handles(connection: sqlite3.Connection) -> None:
    """End every half-read statement, and close every open blob."""
    for handle in _open_ones(connection, _alive_handles(connection)):
        _end(connection, handle)


def _alive_handles(connection: sqlite3.Connection) -> list[Any]:
    """Return the cursors and blobs that there are."""
    found: list[Any] = []
    for referent in gc.get_referents(connection):
        if type(referent) is list and referent and type(referent[0]) is ref:
            # Most of the references are to cursors that are gone.
            found += [handle for handle in map(call, referent) if handle is not None]
    return found


def _open_ones(connection: sqlite3.Connection, handles: list[Any]) -> Iterator[Any]:
    driver = driver_of(connection)
    cursors, blobs = getattr(driver, "Cursor", ()), getattr(driver, "Blob", ())
    for handle in handles:
        if isinstance(handle, blobs) or (isinstance(handle, cursors) and _is_half_read(handle)):
            yield handle


def _end(connection: sqlite3.Connection, handle: sqlite3.Cursor | sqlite3.Blob) -> None:
    driver = driver_of(connection)
    # One that is just being used, in another thread, is left alone.
    with suppress(connection.Error):
        if driver is not None and isinstance(handle, driver.Cursor):
            # Not its own method: the class of a cursor may be the application's.
            driver.Cursor.execute(handle, "")
        else:
            handle.close()


def _is_half_read(cursor: sqlite3.Cursor) -> bool:
    """Return whether it holds a statement: one that was read to its end is let go."""
    return any(type(referent).__name__ == "Statement" for referent in gc.get_referents(cursor))
