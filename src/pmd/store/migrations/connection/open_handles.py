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
from weakref import ref

from pmd.store.migrations.connection.driver import driver_of

__all__ = ["OpenHandles", "end_handles", "find_open_handles"]

OpenHandles = tuple["ref[sqlite3.Cursor | sqlite3.Blob]", ...]
"""The cursors of a connection that are half-read, and its open blobs."""


def find_open_handles(connection: sqlite3.Connection) -> OpenHandles:
    """Return the cursors that are half-read now, and the open blobs.

    None is found where the garbage collector does not know the driver's objects.
    """
    return tuple(map(ref, _open_handles(connection)))


def end_handles(connection: sqlite3.Connection, *, but: OpenHandles = ()) -> None:
    """End the half-read statements and close the open blobs, but those given."""
    kept = [reference() for reference in but]
    driver = driver_of(connection)
    for handle in _open_handles(connection):
        if any(handle is other for other in kept):
            continue
        # One that is just being used, in another thread, is left alone.
        with suppress(connection.Error):
            if driver is not None and isinstance(handle, driver.Cursor):
                # Not its own method: the class of a cursor may be the application's.
                driver.Cursor.execute(handle, "")
            else:
                handle.close()


def _open_handles(connection: sqlite3.Connection) -> Iterator[sqlite3.Cursor | sqlite3.Blob]:
    driver = driver_of(connection)
    cursors, blobs = getattr(driver, "Cursor", ()), getattr(driver, "Blob", ())
    for referent in gc.get_referents(connection):
        if type(referent) is not list or not referent or type(referent[0]) is not ref:
            continue
        # Most of the references are to cursors that are gone.
        for handle in [found for found in map(call, referent) if found is not None]:
            if isinstance(handle, blobs) or (isinstance(handle, cursors) and _is_half_read(handle)):
                yield handle


def _is_half_read(cursor: sqlite3.Cursor) -> bool:
    """Return whether it holds a statement: one that was read to its end is let go."""
    return any(type(referent).__name__ == "Statement" for referent in gc.get_referents(cursor))
