"""The outcome of one cell: plain values that travel from a worker to the controller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["DIED", "FAIL", "NONE", "NOTE", "NOT_RUN", "OK", "SKIP", "Outcome"]

OK = "ok"
FAIL = "FAIL"
NOTE = "note"
SKIP = "skip"
NONE = "none"
DIED = "died"
NOT_RUN = "-"


@dataclass(frozen=True)
class Outcome:
    """What became of one cell.

    ``status`` is one of the words above; ``used`` are the declarations that a row needed.
    """

    source: str
    row: str
    check: str
    status: str
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    used: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as values that survive JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Outcome:
        """Return the outcome that :meth:`to_json` wrote, on whichever process."""
        told: dict[str, Any] = {
            key: tuple(value) if isinstance(value, (list, tuple)) else value
            for key, value in values.items()
        }
        return cls(**told)
