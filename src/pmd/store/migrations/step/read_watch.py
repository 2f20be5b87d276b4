"""Notice whether the caller, called between two steps, did anything but read.

If it only read, the runner need not read the connection's settings and the database again.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from types import TracebackType
from typing import Self

from pmd.store.migrations.callbacks import Authorizer
from pmd.store.migrations.connection.driver import is_open
from pmd.store.migrations.step.guard import QUERY_PRAGMAS, READ_ACTIONS

__all__ = ["ReadWatch"]


class ReadWatch:
    """Watches the statements of one connection in a `with` block, and lets all of them pass.

    At the end of the block the authorizer `chained` is put back, which is asked meanwhile too.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, chained: Authorizer | None = None
    ) -> None:
        self._connection = connection
        self._chained = chained
        self._only_reads = True
        self._was_asked = False

    def __enter__(self) -> Self:
        self._connection.set_authorizer(self._authorize)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if is_open(self._connection):
            self._connection.set_authorizer(self._chained)

    def saw_only_reads(self, cursor: sqlite3.Cursor) -> bool:
        """Return whether nothing else was done, as far as the connection still asks this watch."""
        self._was_asked = False
        with suppress(self._connection.Error):
            cursor.execute(f"PRAGMA main.user_version -- {id(self)}").fetchone()
        return self._was_asked and self._only_reads

    def _authorize(
        self,
        action: int,
        one: str | None,
        two: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        self._was_asked = True
        if action not in READ_ACTIONS:
            asks = two is None or (one or "").lower() in QUERY_PRAGMAS
            if action != sqlite3.SQLITE_PRAGMA or not asks:
                self._only_reads = False
        if self._chained is not None:
            return self._chained(action, one, two, database, trigger)
        return sqlite3.SQLITE_OK
