"""An authorizer that a connection has in a `with` block, after which the caller's is put back."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Self

from pmd.store.migrations.callbacks import Authorizer
from pmd.store.migrations.connection.driver import is_open

__all__ = ["InstalledAuthorizer"]


class InstalledAuthorizer(ABC):
    """Hears of what one connection prepares meanwhile; `chained`, the caller's, is asked too.

    The connection's own authorizer cannot be read, so whoever has set one hands it over.
    `was_asked` says whether SQLite has asked it since that was last set to False.
    """

    def __init__(
        self, connection: sqlite3.Connection, *, chained: Authorizer | None = None
    ) -> None:
        self._connection = connection
        self._chained = chained
        self.was_asked = False

    def __enter__(self) -> Self:
        self._connection.set_authorizer(self._authorizer())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if is_open(self._connection):
            self._connection.set_authorizer(self._chained)

    def is_still_asked(self, cursor: sqlite3.Cursor) -> bool:
        """Return whether the connection asks this authorizer, and no other one."""
        self.was_asked = False
        # The comment makes it a text that SQLite has not seen.
        with suppress(self._connection.Error):
            cursor.execute(f"PRAGMA main.user_version -- {id(self)}").fetchone()
        return self.was_asked

    @abstractmethod
    def _authorizer(self) -> Authorizer:
        """Return the function that SQLite is to ask."""
