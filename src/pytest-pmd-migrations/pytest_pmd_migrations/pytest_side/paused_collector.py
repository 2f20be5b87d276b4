"""Import many modules without a search for garbage after every 700 new objects: there is none."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SeldomCollector", "paused_collector"]

_MODULE = "pytest.__main__"
_COMMANDS = ("pytest", "py.test")
_SELDOM = 10_000
_FROZEN = 2_000
"""So many objects are frozen at least where somebody froze them: Python 3.12 does so itself with
a few hundred that never die."""

_RUN = "pytest_runtestloop"
"""The hook of pytest's that all tests of a run are in."""


class _Process:
    """Whether what is kept in this process was kept here."""

    keeps = False


@contextmanager
def paused_collector() -> Iterator[None]:
    """Let the garbage collector rest meanwhile, unless it does so already.

    What was made meanwhile is taken for old: else the next search would go through all of it, and
    count towards a search of everything, which tests would pay for. Where the process ends with
    the run, what was made up to then is kept for good: what pytest and Python search at their ends
    is most of what a short run takes beside its cells.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            if _Process.keeps or gc.get_freeze_count() < _FROZEN:
                gc.freeze()
                _Process.keeps = _ends_with_the_run()
                if not _Process.keeps:
                    gc.unfreeze()
            gc.enable()


class SeldomCollector:
    """Lets the garbage collector search after so many new objects, not after 700, for a while.

    What it finds when the while begins is there again when it ends.
    """

    def __init__(self) -> None:
        self._before: tuple[int, int, int] | None = None

    def begin(self) -> None:
        """Let it search seldom, unless it does so already."""
        first, *others = gc.get_threshold()
        if self._before is None and 0 < first < _SELDOM:
            self._before = gc.get_threshold()
            gc.set_threshold(_SELDOM, *others)

    def end(self) -> None:
        """Let it search as often as before."""
        if self._before is not None:
            gc.set_threshold(*self._before)
            self._before = None


def _ends_with_the_run() -> bool:
    """Return whether pytest is what this process was started for, and this its only run."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is None:
        is_pytest = Path(str(getattr(main, "__file__", ""))).stem in _COMMANDS
    else:
        is_pytest = spec.name == _MODULE
    return is_pytest and not _is_in_a_run()


def _is_in_a_run() -> bool:
    """Return whether a test of another run is waiting for this one."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if frame.f_code.co_name == _RUN:
            return True
    return False
