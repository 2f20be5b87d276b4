"""The clock of the repositories: the time now, as text.

Repositories take a clock, so that whoever needs the same rows twice can stop it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

__all__ = ["Clock", "utc_now"]

Clock: TypeAlias = Callable[[], str]


def utc_now() -> str:
    """Return the time now in UTC, as ISO 8601 text with seconds: `2026-11-30T09:15:00+00:00`."""
    return datetime.now(UTC).isoformat(timespec="seconds")
