"""Make estimates for the asked size of what was measured at smaller ones."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Sequence

from pytest_pmd_migrations.forecast.curve import (
    GROWTHS,
    Curve,
    Estimate,
    Growth,
    fit,
    signed_estimate,
)
from pytest_pmd_migrations.forecast.measured_size import MeasuredSize
from pytest_pmd_migrations.forecast.measured_upgrade import Measured
from pytest_pmd_migrations.forecast.traits import TraitKind

__all__ = ["estimates_at"]

_FEW_BYTES = 64 * 1024
_MORE = 1.5
_CACHES = 5 * 1024 * 1024
"""Bytes that SQLite's caches explain: 2 MB of pages, as much for sorting, and a quarter more."""

_WRITTEN: dict[str, Callable[[Measured], float]] = {
    "log": lambda run: run.log,
    "temporary": lambda run: run.temporary or 0,
    "growth": lambda run: run.after - run.before,
}


def estimates_at(
    rows: int, sizes: Sequence[MeasuredSize], traits: Collection[TraitKind]
) -> tuple[dict[str, Estimate], Curve]:
    """Return each measure where the largest table has ``rows``, and the curve of the computing.

    ``traits`` are the kinds of what makes the step slow.
    """
    points = [
        (one.rows, one.least(lambda run: max(run.computing - run.touches.seconds, 0.0)))
        for one in sizes
    ]
    # SQLite sorts the rows for an index.
    sorts = "index" in traits and not {"rewrite", "python"}.intersection(traits)
    curve = fit(points, usual="n log n" if sorts else "n")
    touching = _kept_in_caches(rows, sizes, traits, lambda run: run.touches.seconds)
    computing = _sum(curve.at(rows), touching)
    # What is waited for is the disk: its times are noisy, what is written is not.
    waited = [
        (one.rows, one.middle(lambda run: max(run.seconds - run.computing, 0.0))) for one in sizes
    ]
    waiting = fit(waited, ("n",) if _writes_more(sizes) else ("constant",))
    seconds = _at_least_noisy(_sum(computing, waiting.at(rows)), _noise(sizes[-1]))
    found = {"seconds": seconds, "computing": computing}
    if all(run.locked is not None for one in sizes for run in one.runs):
        last = sizes[-1]
        share = min(last.middle(lambda run: (run.locked or 0.0) / run.seconds), 1.0)
        found["locked"] = Estimate(
            *(share * one for one in (seconds.value, seconds.low, seconds.high))
        )
    # Nothing is written that was not computed.
    growths = _up_to(curve.growth)
    for name, value in _WRITTEN.items():
        measured = [(one.rows, one.most(value)) for one in sizes]
        found[name] = signed_estimate(measured, rows, growths)
    found["memory"] = _kept_in_caches(rows, sizes, traits, lambda run: run.memory)
    found["file"] = fit([(one.rows, one.file) for one in sizes], ("constant", "n")).at(rows)
    return found, curve


def _kept_in_caches(
    rows: int,
    sizes: Sequence[MeasuredSize],
    traits: Collection[TraitKind],
    value: Callable[[Measured], float],
) -> Estimate:
    """Return what comes of the memory that a step takes: bytes of it, or seconds for it.

    While it is no more than SQLite keeps in its caches, it stays what it is. That it goes on
    growing is possible, and part of the interval.
    """
    found = fit([(one.rows, one.most(value)) for one in sizes], ("constant", "n")).at(rows)
    smallest, largest = (
        # Of huge pages there are few touches.
        one.most(lambda run: max(run.touches.size, run.memory))
        for one in (sizes[0], sizes[-1])
    )
    if "python" in traits or largest - smallest > _CACHES:
        return found
    most = max(one.most(value) for one in sizes)
    return Estimate(min(most, found.value), min(most, found.low), found.high)


def _up_to(growth: Growth) -> tuple[Growth, ...]:
    """Return the growths that are no faster than this one, which all are or than n."""
    order = list(GROWTHS)
    return tuple(order[: max(order.index(growth), order.index("n")) + 1])


def _writes_more(sizes: Sequence[MeasuredSize]) -> bool:
    """Return whether a step writes more in a larger database."""

    def written(size: MeasuredSize) -> float:
        return size.most(lambda run: run.log + abs(run.after - run.before))

    first, last = written(sizes[0]), written(sizes[-1])
    return last > _FEW_BYTES and last > _MORE * first


def _noise(size: MeasuredSize) -> float:
    """Return by which part runs of one size differ from their median."""
    seconds = [run.seconds for run in size.runs]
    middle = statistics.median(seconds)
    return max(max(seconds) - middle, middle - min(seconds)) / middle


def _sum(one: Estimate, other: Estimate) -> Estimate:
    return Estimate(one.value + other.value, one.low + other.low, one.high + other.high)


def _at_least_noisy(one: Estimate, noise: float) -> Estimate:
    """Return an estimate whose interval is no smaller than what single runs differ by."""
    low, high = one.value * (1 - min(noise, 1)), one.value * (1 + noise)
    return Estimate(one.value, min(one.low, low), max(one.high, high))
