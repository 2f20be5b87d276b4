"""What it takes that a process touches memory for the first time: the system gives it a page then.

SQLite keeps up to 2 MB of pages (https://www.sqlite.org/pragma.html#pragma_cache_size) and as much
again while it sorts. A step on a small file touches more memory with each row, one on a large file
uses the same memory again. So what this takes is no part of what each row takes.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["FirstTouches", "first_touches"]

_PAGES = 256
_TURNS = 3


class FirstTouches(NamedTuple):
    """How many bytes were touched for the first time, and how many seconds of computing it took."""

    size: int
    seconds: float


def first_touches() -> Callable[[], FirstTouches]:
    """Return what tells the first touches of this process, and of those it waited for, from now."""
    one = min(_seconds_of_one() for _ in range(_TURNS))
    before = _count()

    def since() -> FirstTouches:
        count = _count() - before
        return FirstTouches(count * mmap.PAGESIZE, count * one)

    return since


def _seconds_of_one() -> float:
    """Return the seconds of computing that one page takes, measured on a few of them.

    Included is that the system takes it back, as it does when a connection is closed.
    """
    memory = mmap.mmap(-1, _PAGES * mmap.PAGESIZE)
    first, again = (_touch(memory) for _ in range(2))
    began = time.process_time()
    memory.close()
    taking_back = time.process_time() - began
    return max(first - again, 0.0) / _PAGES + taking_back / _PAGES


def _touch(memory: mmap.mmap) -> float:
    began = time.process_time()
    memory[:: mmap.PAGESIZE] = bytes(_PAGES)
    return time.process_time() - began


def _count() -> int:
    """Return how often the system gave a page that it need not read from the disk."""
    import resource

    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(resource.getrusage(one).ru_minflt for one in who)
