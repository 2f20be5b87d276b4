"""Ask SQLite itself how much memory it has, in the library that Python's sqlite3 is linked with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

__all__ = ["Counters", "memory_counters"]

Counters = tuple[Callable[[], int], Callable[[int], int]]
"""How many bytes SQLite has now, and how many it had at most; 1 begins to count the most anew."""


@cache
def memory_counters() -> Counters | None:
    """Return SQLite's own counters of memory; None where they cannot be reached."""
    try:
        import _sqlite3
        import ctypes

        library = ctypes.CDLL(_sqlite3.__file__)
        used, highest = library.sqlite3_memory_used, library.sqlite3_memory_highwater
    except (AttributeError, ImportError, OSError):
        return None
    used.restype = highest.restype = ctypes.c_int64
    highest.argtypes = [ctypes.c_int]
    return used, highest
