"""Give a runner that opens its own connection a copy of the database that it may call its own.

What a runner does to a connection that it opened, it expects to be gone when it closed it: pragmas,
functions, temporary tables. A copy goes back by SQLite's backup, and takes all that with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from pytest_pmd_migrations.connections.statement_record import RecordingConnection, StatementRecord
from pytest_pmd_migrations.image import Image

__all__ = ["NeedsFileError", "memory_copy"]


class NeedsFileError(Exception):
    """A run needs a file after all: it opens a second connection, or one of another driver."""


@contextmanager
def memory_copy(conn: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Give a connection to a copy of what ``conn`` shows, and put what becomes of it back.

    What was committed there before an error is put back too, unless that is NeedsFileError. What
    runs on the copy is in the record of ``conn``. Raises NeedsFileError where the copy got pages
    of another size, which a database in memory cannot take over.
    """
    with _unrecorded(conn) as record:
        image, page_size = Image.of_connection(conn), _ask(conn, "page_size")
    with closing(image.connect()) as copy:
        if not image.size:
            copy.execute(f"PRAGMA page_size = {page_size}")
        copy.record = record
        try:
            yield copy
        except NeedsFileError:
            raise
        except BaseException:
            with suppress(sqlite3.Error):
                _put_back(copy, conn)
            raise
        _put_back(copy, conn)


@contextmanager
def _unrecorded(conn: sqlite3.Connection) -> Iterator[StatementRecord | None]:
    """Let nothing of the block be taken for what the runner ran; give the record of that."""
    if not isinstance(conn, RecordingConnection):
        yield None
        return
    record, conn.record = conn.record, None
    try:
        yield record
    finally:
        conn.record = record


def _put_back(copy: sqlite3.Connection, conn: sqlite3.Connection) -> None:
    """Make ``conn`` show what was committed on the copy."""
    copy.rollback()
    if _ask(conn, "page_count") and _ask(copy, "page_size") != _ask(conn, "page_size"):
        raise NeedsFileError
    sqlite3.Connection.backup(copy, conn)


def _ask(conn: sqlite3.Connection, pragma: str) -> int:
    # Nobody takes it for what the runner ran.
    cursor = sqlite3.Connection.cursor(conn)
    cursor.row_factory = None
    return int(cursor.execute(f"PRAGMA {pragma}").fetchone()[0])
