"""Draw what a forecast says of each step: seconds measured at growing sizes, and those expected.

It reads what ``pmd-migrations forecast --json`` prints; both axes are logarithmic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from pytest_pmd_migrations.messages.wording import counted

__all__ = ["HEIGHT", "RULE", "WIDTH", "StepCurve", "forecast_curves"]

WIDTH, HEIGHT = 360, 170
RULE = 62, 322
"""Where the lines across the drawing begin and end; beside them stand the texts of the axes."""

_TOP, _BOTTOM = 12, 28
_SHORTEST = 1e-6


@dataclass(frozen=True)
class StepCurve:
    """One step: a sentence, the measured points, the interval expected, and texts of the axes.

    ``dots`` and ``line`` are in units of the drawing; ``expected`` is x, and y of the value, the
    low and the high end. ``measured`` tells the dots as text: rows and seconds.
    """

    title: str
    sentence: str
    dots: tuple[tuple[float, float], ...]
    line: str
    expected: tuple[float, float, float, float]
    columns: tuple[tuple[float, str], ...]
    rows: tuple[tuple[float, str], ...]
    measured: tuple[tuple[str, str], ...]
    traits: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def forecast_curves(forecast: Mapping[str, Any] | None) -> tuple[StepCurve, ...]:
    """Return a curve for each step with an estimate of its seconds; none where there is none."""
    return tuple(_curves(forecast)) if forecast else ()


def _curves(forecast: Mapping[str, Any]) -> Iterator[StepCurve]:
    for step in forecast["steps"]:
        estimate = step["estimates"].get("seconds")
        points = [
            (size["rows"], max(median(run["seconds"] for run in size["runs"]), _SHORTEST))
            for size in step["sizes"]
            if size["rows"] > 0 and size["runs"]
        ]
        if estimate and points and step["rows"] > 0:
            yield _curve(step, points, estimate)


def _curve(
    step: Mapping[str, Any], points: Sequence[tuple[int, float]], estimate: Mapping[str, float]
) -> StepCurve:
    ends = [max(estimate[key], _SHORTEST) for key in ("value", "low", "high")]
    across = _Axis([*(rows for rows, _ in points), step["rows"]], *RULE)
    up = _Axis([*(seconds for _, seconds in points), *ends], HEIGHT - _BOTTOM, _TOP)
    dots = tuple((across.at(rows), up.at(seconds)) for rows, seconds in points)
    x = across.at(step["rows"])
    value, low, high = (up.at(seconds) for seconds in ends)
    grows = f"; grows with {step['grows']}" if step["grows"] else ""
    if step["grows"] == "constant":
        grows = "; does not grow with the rows"
    return StepCurve(
        title=step["title"],
        sentence=(
            f"{step['rows']:,} rows: {_seconds(estimate['value'])}"
            f" ({_seconds(estimate['low'])} to {_seconds(estimate['high'])}){grows}"
        ),
        dots=dots,
        line=" ".join(f"{a:.1f},{b:.1f}" for a, b in [*sorted(dots), (x, value)]),
        expected=(x, value, low, high),
        columns=tuple((across.at(one), f"{one:,.0f}") for one in across.ticks),
        rows=tuple((up.at(one), _seconds(one)) for one in up.ticks),
        measured=tuple(
            (counted(rows, "row"), _seconds(seconds)) for rows, seconds in sorted(points)
        ),
        traits=tuple((trait["text"], trait["helps"]) for trait in step["traits"]),
        notes=tuple(step["notes"]),
    )


class _Axis:
    """A logarithmic axis over whole powers of ten, from one end of the drawing to another."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._first = math.floor(math.log10(min(values)))
        last = max(math.ceil(math.log10(max(values))), self._first + 1)
        self._step = (end - start) / (last - self._first)
        self._start = start
        every = max(1, (last - self._first) // 4)
        self.ticks = [10.0**power for power in range(self._first, last + 1, every)]

    def at(self, value: float) -> float:
        return round(self._start + (math.log10(value) - self._first) * self._step, 1)


def _seconds(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:,.3g} s" if seconds < 1000 else f"{seconds:,.0f} s"
    return f"{seconds * 1000:.3g} ms"
