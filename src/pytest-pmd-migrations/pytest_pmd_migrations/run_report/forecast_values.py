"""A forecast as values: what ``pmd-migrations forecast --json`` prints, read for a report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "EstimateReport",
    "ForecastReport",
    "MeasuredRunReport",
    "MeasuredSizeReport",
    "StepForecastReport",
    "TraitReport",
]


@dataclass(frozen=True)
class EstimateReport:
    """What is expected at the asked size, and the interval around it."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class TraitReport:
    """What makes a step slow or large, and what usually helps."""

    kind: str
    text: str
    helps: str


@dataclass(frozen=True)
class MeasuredRunReport:
    """One upgrade that was measured, in seconds and bytes; None where the system does not tell."""

    seconds: float
    computing: float
    locked: float | None
    log_bytes: int
    temporary_bytes: int | None
    file_bytes: int
    growth_bytes: int
    memory_bytes: int


@dataclass(frozen=True)
class MeasuredSizeReport:
    """The upgrades that were measured at one size; ``rows`` are those of the largest table."""

    rows: int
    tables: Mapping[str, int] = field(default_factory=dict)
    runs: tuple[MeasuredRunReport, ...] = ()


@dataclass(frozen=True)
class StepForecastReport:
    """How long one step would take, and what room it needs, at the asked size.

    ``estimates`` are by name; none where too little was measured, as ``grows`` is None then.
    """

    version: int
    title: str
    file: str
    rows: int
    journal_mode: str
    grows: str | None
    tables: Mapping[str, int] = field(default_factory=dict)
    estimates: Mapping[str, EstimateReport] = field(default_factory=dict)
    traits: tuple[TraitReport, ...] = ()
    sizes: tuple[MeasuredSizeReport, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ForecastReport:
    """The forecast of one source; ``complete`` is false where it was interrupted."""

    source: str
    complete: bool
    steps: tuple[StepForecastReport, ...] = ()
