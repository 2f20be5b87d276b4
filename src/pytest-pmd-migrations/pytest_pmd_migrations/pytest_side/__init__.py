"""Meet pytest: its settings and hooks, cells as its items, databases for its fixtures."""

from __future__ import annotations

import pytest

__all__ = ["STARTED"]

STARTED = pytest.StashKey[float]()
"""When a run began, in seconds since 1970; known before it loads any file of the project."""
