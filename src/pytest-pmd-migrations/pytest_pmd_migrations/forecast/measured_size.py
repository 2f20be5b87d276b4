"""The upgrades that were measured at one size."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pytest_pmd_migrations.forecast.measured_upgrade import Measured

__all__ = ["MeasuredSize"]


@dataclass(frozen=True)
class MeasuredSize:
    """What the upgrades took at one size: ``rows`` of the largest table, ``counts`` of each."""

    rows: int
    counts: Mapping[str, int]
    runs: tuple[Measured, ...]

    @property
    def file(self) -> int:
        """The bytes of the database."""
        return self.runs[0].before

    def middle(self, of: Callable[[Measured], float]) -> float:
        """Return the median of what the runs measured."""
        return statistics.median(map(of, self.runs))

    def most(self, of: Callable[[Measured], float]) -> float:
        """Return the most of what the runs measured: what was looked at may have been missed."""
        return max(map(of, self.runs))

    def least(self, of: Callable[[Measured], float]) -> float:
        """Return the least of what the runs measured."""
        return min(map(of, self.runs))
