"""Do what must be done before a signal ends the process: end children, remove temporary folders.

Python ends at once by SIGTERM and SIGHUP, without leaving a ``with`` block.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeAlias

__all__ = ["add_cleanup", "drop_cleanup"]

Cleanup: TypeAlias = Callable[[], object]
"""Called before the process ends."""

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


class _Wanted:
    """The cleanups of one process: a forked child has none until it asks for its own."""

    process = 0
    cleanups: tuple[Cleanup, ...] = ()


def add_cleanup(cleanup: Cleanup) -> None:
    """Call ``cleanup`` should SIGTERM or SIGHUP end the process; the newest is called first.

    Nothing is called where the application handles the signal itself, nor for what was added
    in another thread than the main one before anything was in the main one.
    """
    if _Wanted.process != os.getpid():
        _Wanted.process, _Wanted.cleanups = os.getpid(), ()
    if not _Wanted.cleanups:
        _replace_handlers(signal.SIG_DFL, _terminate)
    _Wanted.cleanups = (*_Wanted.cleanups, cleanup)


def drop_cleanup(cleanup: Cleanup) -> None:
    """Call ``cleanup`` no more; the last one that is dropped gives the signals back."""
    if _Wanted.process != os.getpid() or cleanup not in _Wanted.cleanups:
        return
    _Wanted.cleanups = tuple(one for one in _Wanted.cleanups if one != cleanup)
    if not _Wanted.cleanups:
        _replace_handlers(_terminate, signal.SIG_DFL)


def _replace_handlers(old: signal.Handlers | _Handler, new: signal.Handlers | _Handler) -> None:
    # Python lets only the main thread handle signals.
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if signal.getsignal(number) == old:
                signal.signal(number, new)


def _terminate(number: int, _frame: FrameType | None) -> None:
    """Do all that was asked for, then end as if nobody had handled the signal."""
    if _Wanted.process == os.getpid():
        for cleanup in reversed(_Wanted.cleanups):
            cleanup()
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


_Handler: TypeAlias = Callable[[int, FrameType | None], object]
