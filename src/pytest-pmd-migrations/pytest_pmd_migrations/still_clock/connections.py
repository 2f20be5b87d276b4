"""Open connections whose SQL clock stands still and whose SQL dice are seeded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pytest_pmd_migrations.c_library.library import LibraryNotFoundError

if TYPE_CHECKING:
    from pytest_pmd_migrations.still_clock.library_hooks import LibraryHooks

__all__ = ["open_still", "still_connections"]

Opened = TypeVar("Opened", bound=sqlite3.Connection)


def open_still(database: str | Path, factory: type[Opened]) -> Opened:
    """Return a connection of the class ``factory`` with the still clock and the seeded dice.

    Where Python's SQLite cannot be reached, its functions are replaced on the new connection.
    """
    with still_connections():
        conn = sqlite3.connect(database, factory=factory)
    if _hooks() is None:
        # Hardly any Python needs them.
        from pytest_pmd_migrations.still_clock.replaced_functions import replace_functions

        replace_functions(conn)
    return conn


@contextmanager
def still_connections(*, dice: bool = True) -> Iterator[None]:
    """Give every connection that is opened in the block, by whoever, the still clock and dice.

    Without ``dice`` it has the clock alone, which takes no memory. Nothing happens where Python's
    SQLite cannot be reached.
    """
    hooks = _hooks()
    if hooks is None:
        yield
        return
    with hooks.installed(dice=dice):
        yield


@cache
def _hooks() -> LibraryHooks | None:
    """Return the hooks of this process, None where there can be none."""
    try:
        # Imported late: a Python may be built without it.
        import ctypes  # noqa: F401 - asked only whether it is there

        from pytest_pmd_migrations.still_clock.library_hooks import LibraryHooks

        return LibraryHooks()
    except (ImportError, LibraryNotFoundError):
        return None
