"""Raise inside a step, wherever it is, when it has made no progress for too long."""

from __future__ import annotations

import gc
import signal
import sqlite3
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

from pytest_pmd_migrations.limits.step_progress import Progress

__all__ = ["LONGEST", "StepStopped", "TimeLimit", "can_limit_time", "let_python_run"]

LONGEST = 30
"""How many times as long as it may stand still a step may take in all, however it gets on."""

_OPCODES = 20_000
_LOOKS = 8
_LONGEST_PAUSE = 5.0
_REPEAT = 0.05
_STUBBORN = 3
_LIMITS = str(Path(__file__).parent)
_PACKAGE = str(Path(__file__).parents[1])


class StepStopped(BaseException):
    """Raised inside a step that made no progress.

    It is no Exception: a step that tries again after any error must not try again after this.
    """


def can_limit_time() -> bool:
    """Return whether time can be limited here: the main thread alone handles signals."""
    return hasattr(signal, "setitimer") and threading.get_ident() == threading.main_thread().ident


class _Running:
    """The limit of the step that runs now, if any."""

    limit: TimeLimit | None = None


def let_python_run(conn: sqlite3.Connection) -> None:
    """Let the limit of the step that runs end the statements of another connection, too."""
    conn.set_progress_handler(_is_over, _OPCODES)


def _is_over() -> int:
    """Let Python handle signals during a statement; break it off once the time is over."""
    return int(_Running.limit is not None and _Running.limit.expired)


class TimeLimit:
    """Looks at a step's progress at times, and raises StepStopped in it when there is none.

    ``expired`` says that it did; ``stood_still`` that there was none, and else the step made some
    for thirty times as long: an endless loop that writes.

    The time is told by SIGALRM: its handler raises wherever Python waits or computes, works in
    workers of pytest-xdist, and needs no thread, which would make each fork of the
    application's a dangerous one. A timer that is set already, such as pytest-timeout's, goes on
    behind it. In the middle of a statement SQLite calls a progress handler, in which Python can
    raise. A single call of C that never returns cannot be stopped.
    """

    def __init__(self, conn: sqlite3.Connection, progress: Progress, seconds: float) -> None:
        self.expired = False
        self.stood_still = False
        self._conn, self._progress, self._seconds = conn, progress, seconds
        self._pause = min(seconds / _LOOKS, _LONGEST_PAUSE)
        self._active = self._looking = False
        self._looks = self._still = self._raised = 0
        self._outer_trace: Any = None

    def start(self) -> None:
        """Set the timer, and put the one that is set already behind it."""
        self._began = time.monotonic()
        self._outer_handler = signal.signal(signal.SIGALRM, self._look)
        pause = self._pause
        self._outer_timer = signal.setitimer(signal.ITIMER_REAL, pause, pause)
        if 0 < self._outer_timer[0] < pause:
            signal.setitimer(signal.ITIMER_REAL, self._outer_timer[0], pause)
        self._active = True
        _Running.limit = self
        self._handle_progress()

    def end(self) -> None:
        """Take the timer away, and set the one behind it again."""
        self._active = False
        _Running.limit = None
        if self._raised >= _STUBBORN:
            sys.settrace(self._outer_trace)
        remaining, interval = self._outer_timer
        signal.setitimer(signal.ITIMER_REAL, 0)
        # None is a handler that is no Python function: it cannot be given back.
        signal.signal(signal.SIGALRM, self._outer_handler or signal.SIG_DFL)
        if remaining:
            left = remaining - (time.monotonic() - self._began)
            signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), interval)
        self._progress.end()
        try:
            self._conn.set_progress_handler(None, 0)
        except sqlite3.Error:
            # The step closed the connection.
            return

    def _handle_progress(self) -> None:
        try:
            let_python_run(self._conn)
        except sqlite3.Error:
            # The step closed the connection, and runs no statement on it.
            return

    def _look(self, number: int, frame: FrameType | None) -> None:
        """Be called by the timer, in the midst of whatever the step does."""
        remaining, _ = self._outer_timer
        passed = time.monotonic() - self._began
        if remaining and passed >= remaining and callable(self._outer_handler):
            self._outer_timer = (0.0, 0.0)
            self._outer_handler(number, frame)
        if not self._active:
            return
        if self._looking:
            # The last look takes longer than the time between two.
            return
        self._looking = True
        try:
            stands_still = self._stands_still()
        finally:
            self._looking = False
        if self.expired or stands_still or self._looks * self._pause >= self._seconds * LONGEST:
            self.stood_still = self.stood_still if self.expired else stands_still
            self._stop(frame)

    def _stands_still(self) -> bool:
        """Return whether there was no progress for as many looks as fit into the time.

        Looks are counted, and no clock is read: of a process that was not let run, or that was
        stopped for a while, nothing can be expected.
        """
        self._looks += 1
        self._still += 1
        if not self.expired and self._progress.made():
            self._still = 0
            # A runner that rolls back may have taken it away.
            self._handle_progress()
        return self._still * self._pause >= self._seconds

    def _stop(self, frame: FrameType | None) -> None:
        if not self.expired:
            self.expired = True
            signal.setitimer(signal.ITIMER_REAL, _REPEAT, _REPEAT)
        if frame is not None and frame.f_code.co_filename.startswith(_LIMITS):
            # In a callback of SQLite's, whose answer ends the statement, or at the end of the
            # block, which must not be left before the timer is.
            return
        is_lost = frame is not None and _is_of_collector(frame)
        self._raised += 1
        if self._raised >= _STUBBORN:
            # It catches whatever is raised, and goes on: so raise at each of its lines too.
            if self._raised == _STUBBORN:
                self._outer_trace = sys.gettrace()
            while frame is not None and not frame.f_code.co_filename.startswith(_PACKAGE):
                frame.f_trace = self._raise_at_line
                frame = frame.f_back
            sys.settrace(self._raise_at_line)
        if not is_lost:
            raise StepStopped(self._why)

    @property
    def _why(self) -> str:
        """What the step reads that catches it."""
        if self.stood_still:
            return f"no progress for {self._seconds:g} s"
        return f"no end within {self._seconds * LONGEST:g} s"

    def _raise_at_line(self, frame: FrameType, event: str, _argument: object) -> Any:  # noqa: ANN401 - as sys.settrace takes it
        own = frame.f_code.co_filename.startswith(_PACKAGE)
        if own or not self._active or _is_of_collector(frame):
            return None
        if event == "line":
            raise StepStopped(self._why)
        return self._raise_at_line


def _is_of_collector(frame: FrameType) -> bool:
    """Return whether a frame is a callback of the garbage collector, which swallows errors."""
    return any(getattr(one, "__code__", None) is frame.f_code for one in gc.callbacks)
