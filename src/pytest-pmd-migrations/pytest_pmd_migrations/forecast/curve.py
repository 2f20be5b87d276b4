"""Fit a curve through what was measured at several sizes, and say how sure it is further out.

The terms are a constant and one that grows: n, n log n or n squared. Residuals count in relation to
what was measured, as the noise of times does. Curves that fit about equally well all belong to the
interval: how a step goes on far away, those sizes do not tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["GROWTHS", "Curve", "Estimate", "Growth", "Point", "fit", "signed_estimate"]

Growth = Literal["constant", "n", "n log n", "n squared"]
Point = tuple[float, float]
"""A size, above 0, and what was measured there."""

GROWTHS: dict[Growth, Callable[[float], float]] = {
    "constant": lambda _: 0.0,
    "n": lambda n: n,
    "n log n": lambda n: n * math.log2(n + 1),
    "n squared": lambda n: n * n,
}
_ALMOST_ALIKE = {"n", "n log n"}
_NOISE = 0.05
_TINY = 1e-12
_BETTER = 0.7
_FAR_BETTER = 0.2
_EXACT = 1e-7
_MATERIAL = 1.3
_ALIKE = 1.5
_ROUNDS = 5
_FLOOR = 1e-3
_DEVIATIONS = (0.0, 6.31, 2.92, 2.35, 2.13, 2.02, 1.94)
"""Student's t of a nine in ten interval, by how many sizes there are beyond those needed."""


@dataclass(frozen=True)
class Estimate:
    """What a curve says of one size: the value, and between which it lies."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class _Line:
    """One curve, ``constant + slope * growth(n)``, with how far it may be off."""

    growth: Growth
    constant: float
    slope: float
    error: float
    spare: int
    spread: tuple[float, float, float]
    """The variances of constant and slope, and their covariance, for an error of 1."""

    def at(self, size: float) -> float:
        return self.constant + self.slope * GROWTHS[self.growth](size)

    def deviation(self, size: float) -> float:
        term = GROWTHS[self.growth](size)
        first, second, both = self.spread
        deviations = _DEVIATIONS[min(self.spare, len(_DEVIATIONS) - 1)]
        return (
            deviations
            * self.error
            * math.sqrt(max(first + term * term * second + 2 * term * both, 0.0))
        )


@dataclass(frozen=True)
class Curve:
    """The curve that fits best, and others that fit about as well."""

    best: _Line
    others: tuple[_Line, ...] = ()

    @property
    def growth(self) -> Growth:
        """How the best curve grows with the size."""
        return self.best.growth

    def at(self, size: float) -> Estimate:
        """Return the value at a size; the interval holds what every curve that fits says."""
        value = max(self.best.at(size), 0.0)
        low = min(line.at(size) - line.deviation(size) for line in self._all)
        high = max(line.at(size) + line.deviation(size) for line in self._all)
        return Estimate(value, max(min(low, value), 0.0), max(high, value))

    @property
    def _all(self) -> tuple[_Line, ...]:
        return (self.best, *self.others)


def fit(
    points: Sequence[Point],
    growths: Sequence[Growth] = tuple(GROWTHS),
    *,
    usual: Growth = "n",
) -> Curve:
    """Return the curve through ``points``, of at least three sizes, that grows in one of the ways.

    ``growths`` are in their order. One that grows faster must fit clearly better than one that
    grows slower, and is not asked where that leaves no more than the noise of measuring. Any that
    is not the ``usual`` one must fit clearly better than it.
    """
    lines = [_least_squares(points, growth) for growth in growths]
    rising = [line for line in lines if line.slope > 0] or lines[:1]
    flat = lines[0]
    best = next((line for line in rising if line.growth == usual), rising[0])
    for line in rising:
        if _is_better(line, best):
            best = line
    sizes = [size for size, _ in points]
    grows = best.at(max(sizes)) > _MATERIAL * best.at(min(sizes))
    if "constant" in growths and not (grows and _is_better(best, flat)):
        best = flat
    # An error below the noise of any measuring tells nothing of which curve is right.
    limit = max(best.error, _NOISE) * _ALIKE
    others = tuple(
        line
        for line in {id(one): one for one in (flat, *rising)}.values()
        if line is not best
        and best.error > _TINY
        and line.error <= limit
        # Far away a square is more than all else: it must fit better to be thought of.
        and (line.growth != "n squared" or line.error < best.error)
    )
    return Curve(best, others)


def signed_estimate(
    points: Sequence[Point], size: float, growths: Sequence[Growth] = tuple(GROWTHS)
) -> Estimate:
    """Return what the curve through ``points`` says of a size, of what may be below 0 as well.

    A file grows or shrinks: which of the two, most of what was measured says. ``growths`` are those
    of :func:`fit`.
    """
    sign = -1 if sum(value for _, value in points) < 0 else 1
    found = fit([(one, max(sign * value, 0.0)) for one, value in points], growths).at(size)
    return found if sign > 0 else Estimate(-found.value, -found.high, -found.low)


def _is_better(line: _Line, than: _Line) -> bool:
    """Return whether a curve fits so much better that it is the right one of the two.

    Of two that hardly differ among the sizes that are measured, noise would choose.
    """
    is_alike = {line.growth, than.growth} == _ALMOST_ALIKE
    limit = _BETTER if than.error > _NOISE and not is_alike else _FAR_BETTER
    return than.error > _EXACT and line.error < limit * than.error


def _least_squares(points: Sequence[Point], growth: Growth) -> _Line:
    """Return the curve of one growth whose relative residuals are the smallest.

    They are relative to the curve, which is fitted again and again: relative to what was measured,
    a size that happened to take long would count for little.
    """
    floor = max((abs(value) for _, value in points), default=0.0) * _FLOOR or 1.0
    expected = [value for _, value in points]
    for _ in range(_ROUNDS):
        weights = [1 / max(abs(value), floor) ** 2 for value in expected]
        line = _weighted(points, weights, growth)
        expected = [line.at(size) for size, _ in points]
    return line


def _weighted(points: Sequence[Point], weights: Sequence[float], growth: Growth) -> _Line:
    """Return the curve of one growth whose weighted residuals are the smallest."""
    terms = [GROWTHS[growth](size) for size, _ in points]
    scale = max(terms) or 1.0
    # Of numbers near one, sums lose the least.
    scaled = [term / scale for term in terms]
    rows = list(zip(weights, scaled, (value for _, value in points), strict=True))
    ones, right = sum(weights), sum(w * v for w, _, v in rows)
    cross, squares = sum(w * x for w, x, _ in rows), sum(w * x * x for w, x, _ in rows)
    product = sum(w * x * v for w, x, v in rows)
    determinant = ones * squares - cross * cross
    if growth == "constant" or determinant <= _EXACT * ones * squares:
        constant, slope, spread = right / ones, 0.0, (1 / ones, 0.0, 0.0)
    else:
        constant = (right * squares - cross * product) / determinant
        slope = (ones * product - cross * right) / determinant
        spread = squares / determinant, ones / determinant, -cross / determinant
    if slope < 0:
        # Nothing takes less for more rows: it is the noise.
        constant, slope, spread = right / ones, 0.0, (1 / ones, 0.0, 0.0)
    if constant < 0:
        # Nothing costs less than nothing before it begins.
        constant, slope, spread = 0.0, product / squares, (0.0, 1 / squares, 0.0)
    spare = len(points) - (1 if growth == "constant" else 2)
    left = sum(w * (v - constant - slope * x) ** 2 for w, x, v in rows)
    first, second, both = spread
    return _Line(
        growth,
        constant,
        slope / scale,
        math.sqrt(left / max(spare, 1)),
        spare,
        (first, second / scale**2, both / scale),
    )
