"""Import many modules without a search for garbage after every 700 new objects: there is none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["paused_collector"]


@contextmanager
def paused_collector() -> Iterator[None]:
    """Let the garbage collector rest meanwhile, unless it does so already.

    What was made meanwhile is taken for old: else the next search would go through all of it, and
    count towards a search of everything, which tests would pay for.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if not gc.get_freeze_count():
                gc.freeze()
                gc.unfreeze()
            gc.enable()
