"""Tell a forecast in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.forecast.curve import Estimate
from pytest_pmd_migrations.forecast.step_forecast import FEWEST_SIZES, StepForecast
from pytest_pmd_migrations.messages.wording import counted, wrap_text

__all__ = [
    "bytes_text",
    "seconds_text",
    "tell_expected",
    "tell_measured",
    "tell_step",
    "tell_traits",
    "too_few_sizes",
]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_LABELS: Mapping[str, str] = {
    "seconds": "time",
    "locked": "write lock",
    "log": "log",
    "temporary": "sorting",
    "growth": "file grows",
    "memory": "memory",
}
_SMALL = 1_000_000
_EXACT = 10


def tell_step(application: Application, step: StepForecast) -> Iterator[str]:
    """Yield the lines on one step: what it takes, why, and what was measured to say so."""
    yield from tell_expected(application, step)
    yield from tell_traits(step)
    yield from tell_measured(step)


def tell_expected(application: Application, step: StepForecast) -> Iterator[str]:
    """Yield the step's name, and what it is expected to take at the asked size."""
    yield f"{application.title(step.version)}  {application.step_name(step.version)}"
    if step.estimates:
        file = bytes_text(step.estimates["file"].value)
        yield f"  at {step.rows:,} rows, a file of {file}, journal mode {step.journal_mode}"
        for name, label in _labels(step).items():
            yield from _told(name, label, step.estimates[name])
        yield f"  {'grows':<12}{_GROWS[step.grows]}"


def tell_traits(step: StepForecast) -> Iterator[str]:
    """Yield what makes the step slow or large, and what usually helps."""
    for _, alike in groupby(step.traits, key=lambda trait: trait.kind):
        traits = list(alike)
        for trait in traits:
            yield from wrap_text(f"- {trait.text}", indent="  ", hanging="  ")
        yield from wrap_text(f"helps: {traits[0].helps}", indent="    ")


def tell_measured(step: StepForecast) -> Iterator[str]:
    """Yield what was measured, why that is too little for a forecast, and what is to be known."""
    if step.sizes:
        yield from wrap_text(f"measured: {_measured(step)}", indent="  ")
    if step.sizes and not step.estimates:
        yield from wrap_text(too_few_sizes(step), indent="  ")
    for note in step.notes:
        yield from wrap_text(f"note: {note}", indent="  ")


def too_few_sizes(step: StepForecast) -> str:
    """Return why there is no forecast of a step that could be measured."""
    return (
        f"too few sizes were measured for a forecast: {len(step.sizes)} of {FEWEST_SIZES};"
        " it needs more rows, room or time"
    )


_GROWS = {
    "constant": "not with the rows",
    "n": "with the rows (n)",
    "n log n": "a little faster than the rows (n log n)",
    "n squared": "with the square of the rows (n squared)",
}


def _labels(step: StepForecast) -> Mapping[str, str]:
    log = "WAL" if step.journal_mode == "wal" else "journal"
    found = {name: label for name, label in _LABELS.items() if name in step.estimates}
    return {name: log if name == "log" else label for name, label in found.items()}


def _told(name: str, label: str, estimate: Estimate) -> Iterator[str]:
    if name == "temporary" and estimate.high < _SMALL:
        return
    show = seconds_text if name in ("seconds", "locked") else bytes_text
    value, ends = estimate.value, (estimate.low, estimate.high)
    if value < 0:
        label, value, ends = "shrinks by", -value, (-estimate.high, -estimate.low)
    between = f"({show(ends[0])} to {show(ends[1])})"
    yield f"  {label:<12}{show(value):<9} {between}"


def _measured(step: StepForecast) -> str:
    """Return which sizes were measured, how often, and how long the longest took."""
    first, last = step.sizes[0], step.sizes[-1]
    seconds = seconds_text(last.middle(lambda run: run.seconds))
    if len(step.sizes) == 1:
        return f"1 size of {first.rows:,} rows, {counted(len(first.runs), 'run')} of {seconds}"
    most, fewest = len(first.runs), len(last.runs)
    runs = f"{most} runs each" if most == fewest else f"{most} to {fewest} runs each"
    return (
        f"{counted(len(step.sizes), 'size')} from {first.rows:,} to {last.rows:,} rows, {runs};"
        f" the largest took {seconds}"
    )


def seconds_text(seconds: float) -> str:
    """Return a time as people read it: ``0.04 s``, ``12 s``, ``3 min``, ``22 h``, ``3 days``."""
    if seconds < _MINUTE:
        return f"{seconds:.2g} s" if seconds < _EXACT else f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.1f} min"
    if seconds < 2 * _DAY:
        return f"{seconds / _HOUR:.1f} h"
    return f"{seconds / _DAY:,.0f} days"


def bytes_text(size: float) -> str:
    """Return a number of bytes as people read it: ``0 MB``, ``3.1 MB``, ``242 GB``."""
    for unit, bound in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if size >= bound:
            return f"{size / bound:.3g} {unit}"
    return f"{round(size / 1000)} kB" if size else "0"
