"""Notice whether the caller, called between two steps, did anything but read.

If it only read, the runner need not read the connection's settings and the database again.
"""

from __future__ import annotations

import sqlite3

from pmd.store.migrations.callbacks import Authorizer
from pmd.store.migrations.step.guard import QUERY_PRAGMAS, READ_ACTIONS
from pmd.store.migrations.step.installed_authorizer import InstalledAuthorizer

__all__ = ["ReadWatch"]


class ReadWatch(InstalledAuthorizer):
    """Watches the statements of one connection in a `with` block, and lets all of them pass."""

    _only_reads = True

    def saw_only_reads(self, cursor: sqlite3.Cursor) -> bool:
        """Return whether nothing else was done, as far as the connection still asks this watch."""
        return self.is_still_asked(cursor) and self._only_reads

    def _authorizer(self) -> Authorizer:
        return self._authorize

    def _authorize(
        self,
        action: int,
        one: str | None,
        two: str | None,
        database: str | None,
        trigger: str | None,
    ) -> int:
        self.was_asked = True
        if action not in READ_ACTIONS:
            asks = two is None or (one or "").lower() in QUERY_PRAGMAS
            if action != sqlite3.SQLITE_PRAGMA or not asks:
                self._only_reads = False
        if self._chained is not None:
            return self._chained(action, one, two, database, trigger)
        return sqlite3.SQLITE_OK
