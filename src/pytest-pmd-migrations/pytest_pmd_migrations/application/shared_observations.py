"""What checks saw of one lineage and keep for those that come after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["SharedObservations"]

Kept = TypeVar("Kept")
"""Where a check keeps what it saw."""


class SharedObservations:
    """Keeps something by names that checks give it, while ``trusted``.

    An application that looks at more than SQLite hears of is distrusted: what was seen in one
    lineage says nothing of the others then.
    """

    def __init__(self, *, trusted: bool) -> None:
        self._trusted = trusted
        self._kept: dict[str, Any] = {}

    @property
    def trusted(self) -> bool:
        """Whether what is kept may be looked at."""
        return self._trusted

    def of(self, name: str, make: Callable[[], Kept]) -> Kept | None:
        """Return what is kept by that name, made when it is first asked for; None without trust."""
        if not self._trusted:
            return None
        if name not in self._kept:
            self._kept[name] = make()
        kept: Kept = self._kept[name]
        return kept

    def distrust(self) -> None:
        """Forget everything, and keep nothing from now on."""
        self._trusted = False
        self._kept.clear()
