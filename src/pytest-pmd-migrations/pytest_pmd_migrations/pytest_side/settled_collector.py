"""At the end of a run, search all there is for garbage once: pytest before 9.1 does so five times.

One search finds all garbage there is in CPython, as later versions of pytest have it. What it went
through is left out of the searches that follow at once; they would take a tenth of a small matrix.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping

import pytest

__all__ = ["SettledCollector"]

_ALL = 2
"""The generation that a search of everything is about."""


class SettledCollector:
    """Registered with the matrix, before pytest's own plugins are configured."""

    def __init__(self, config: pytest.Config) -> None:
        # Cleanups run backwards: this one after that in which pytest searches.
        config.add_cleanup(self._end)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Wait for the search with which pytest ends, unless somebody froze objects himself."""
        if not gc.get_freeze_count():
            gc.callbacks.append(self._searched)

    def _searched(self, phase: str, told: Mapping[str, int]) -> None:
        if phase == "stop" and told["generation"] == _ALL:
            gc.freeze()

    def _end(self) -> None:
        """Let all objects be searched again: who runs pytest inside a program goes on."""
        if self._searched in gc.callbacks:
            gc.callbacks.remove(self._searched)
            gc.unfreeze()
