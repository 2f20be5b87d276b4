"""A connection that SQLAlchemy may close, while it goes on living for whoever lent it."""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Any

__all__ = ["BorrowedConnection"]

_AS_NEW = ("isolation_level", "row_factory", "text_factory")


class BorrowedConnection:
    """Stands for a connection of sqlite3 until it is closed; then for one that was closed.

    Listeners on connecting set attributes of it, and ask whether it is a ``sqlite3.Connection``.
    """

    def __init__(self, lent: sqlite3.Connection) -> None:
        self._lent = lent
        self._is_open = True
        self._was = {name: getattr(lent, name) for name in _AS_NEW}

    @property  # type: ignore[misc]  # Python lets it be read only
    def __class__(self) -> Any:  # noqa: ANN401 - the type that isinstance() shall find
        return type(self._lent)

    @property
    def is_open(self) -> bool:
        """Whether it was not closed yet."""
        return self._is_open

    def close(self) -> None:
        """Do what closing does: what was not committed is lost, what was set is forgotten."""
        if self._is_open:
            self._is_open = False
            self._lent.rollback()
            for name, value in self._was.items():
                setattr(self._lent, name, value)

    def __enter__(self) -> Any:  # noqa: ANN401 - itself, as sqlite3 has it
        self._opened().__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Any:  # noqa: ANN401 - as sqlite3 has it
        return self._opened().__exit__(kind, error, trace)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as sqlite3 has it
        return getattr(self._opened(), name)

    def __setattr__(self, name: str, value: object) -> None:
        if name.startswith("_"):
            super().__setattr__(name, value)
        else:
            setattr(self._opened(), name, value)

    def _opened(self) -> sqlite3.Connection:
        if not self._is_open:
            raise sqlite3.ProgrammingError("Cannot operate on a closed database.")
        return self._lent
