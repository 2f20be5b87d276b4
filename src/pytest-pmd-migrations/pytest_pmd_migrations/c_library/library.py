"""Find the SQLite library that Python's own ``sqlite3`` calls, for ctypes."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ctypes

__all__ = ["LibraryNotFoundError", "find_library"]


class LibraryNotFoundError(Exception):
    """Python's own SQLite cannot be reached here; a cell repeats the message, which says why."""


def find_library() -> ctypes.CDLL:
    """Return the very library that ``sqlite3`` calls; another copy of SQLite would see nothing.

    It is looked for through the extension module, whose dependencies the dynamic linker searches
    too, and else in the process itself, where the module is built in. Raises LibraryNotFoundError.
    """
    if sys.implementation.name != "cpython":
        raise LibraryNotFoundError(f"{sys.implementation.name} has a sqlite3 of another make")
    if sys.platform == "win32":
        raise LibraryNotFoundError("not built for Windows")
    import _sqlite3
    import ctypes

    try:
        library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
        library.sqlite3_vfs_find, library.sqlite3_vfs_register  # noqa: B018 - looks both up
        source_id = library.sqlite3_sourceid
    except (AttributeError, OSError) as error:
        raise LibraryNotFoundError("Python's SQLite exports no symbols") from error
    source_id.restype = ctypes.c_char_p
    with closing(sqlite3.connect(":memory:")) as conn:
        own = conn.execute("SELECT sqlite_source_id()").fetchone()[0]
    found = source_id().decode()
    if found != own:
        raise LibraryNotFoundError(f"Python's SQLite is {own}, the one found is {found}")
    return library
