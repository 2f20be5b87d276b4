"""Say on the terminal that a cell will take long, before or soon after it begins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import perf_counter

import pytest

from pytest_pmd_migrations.processes.long_work import Pace, heard_by

__all__ = ["LongCells"]

_LONG = 10.0
_MINUTES_FROM = 120


class LongCells:
    """Tells each cell that is expected to take more than ``seconds``, in one line.

    On a terminal the line shows what is done, anew after ``shown_every`` seconds. With ``-q``
    nothing is said, and on a worker of pytest-xdist nothing can be.
    """

    def __init__(
        self, config: pytest.Config, *, seconds: float = _LONG, shown_every: float = 1.0
    ) -> None:
        self._config = config
        self._seconds = seconds
        self._shown_every = shown_every

    @contextmanager
    def telling_of(self, cell_id: str) -> Iterator[None]:
        """Tell how long the cell takes that is judged in the block, if it takes long."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        on_worker = hasattr(self._config, "workerinput")
        if reporter is None or on_worker or self._config.get_verbosity() < 0:
            yield
            return
        told = _ToldCell(
            cell_id, reporter, self._uncaptured, limit=self._seconds, shown_every=self._shown_every
        )
        try:
            with heard_by(told):
                yield
        finally:
            told.end()

    def _uncaptured(self) -> AbstractContextManager[None]:
        """Let what is printed in a block reach the terminal, although a test is running."""
        capture = self._config.pluginmanager.get_plugin("capturemanager")
        return nullcontext() if capture is None else capture.global_and_fixture_disabled()


class _ToldCell:
    """Hears of the work on one cell, and tells of it where it takes long."""

    def __init__(
        self,
        cell_id: str,
        reporter: pytest.TerminalReporter,
        uncaptured: Callable[[], AbstractContextManager[None]],
        *,
        limit: float,
        shown_every: float,
    ) -> None:
        self._cell_id = cell_id
        self._reporter = reporter
        self._uncaptured = uncaptured
        self._limit = limit
        self._shown_every = shown_every
        self._begun = perf_counter()
        self._pace = Pace(limit)
        self._shown_at: float | None = None

    def expects(self, seconds: float, what: str) -> None:
        """Tell of work that will take long, before it begins."""
        if self._shown_at is None and seconds > self._limit:
            self._tell(seconds, what)

    def begins(self, done: float) -> None:
        """Look at the clock: what is done from now on tells how long the rest will take."""
        self._pace.begin(done, perf_counter())

    def has_done(self, done: float, what: str) -> None:
        """Tell of work whose first part says that it will take long; then what is done of it."""
        now = perf_counter()
        left = self._pace.left(done, now)
        if left is None:
            return
        seconds = now - self._begun + left
        if self._shown_at is None:
            if seconds > self._limit:
                self._tell(seconds, what)
        elif self._reporter.isatty() and now >= self._shown_at + self._shown_every:
            self._rewrite(f"{self._cell_id} {done:.0%} of {_duration(seconds)}: {what}")

    def end(self) -> None:
        """End the line that shows what is done."""
        if self._shown_at is not None and self._reporter.isatty():
            with self._uncaptured():
                self._reporter.write("\n", flush=True)

    def _tell(self, seconds: float, what: str) -> None:
        text = f"{self._cell_id} takes {_duration(seconds)}: {what}"
        with self._uncaptured():
            self._reporter.ensure_newline()
            if not self._reporter.isatty():
                self._reporter.write_line(text)
        if self._reporter.isatty():
            self._rewrite(text)
        self._shown_at = perf_counter()

    def _rewrite(self, text: str) -> None:
        with self._uncaptured():
            self._reporter.rewrite(text, erase=True)
            self._reporter.flush()
        self._shown_at = perf_counter()


def _duration(seconds: float) -> str:
    """Return how long something takes, as far as anybody can say."""
    if seconds >= _MINUTES_FROM:
        return f"about {seconds / 60:.0f} min"
    return f"about {max(seconds, 1):.0f} s"
