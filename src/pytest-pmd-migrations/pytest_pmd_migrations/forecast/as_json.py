"""A forecast as the value that ``--json`` prints; docs/reference/commands.md describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.forecast.curve import Estimate
from pytest_pmd_migrations.forecast.measured_upgrade import Measured
from pytest_pmd_migrations.forecast.step_forecast import MeasuredSize, StepForecast

__all__ = ["FORMAT", "FORMAT_VERSION", "forecast_value"]

FORMAT = "pmd-migrations forecast"
FORMAT_VERSION = 1
_IN_SECONDS = ("seconds", "computing", "locked")


def forecast_value(
    application: Application, steps: Sequence[StepForecast], *, complete: bool
) -> Mapping[str, Any]:
    """Return a forecast as what JSON can hold; ``complete`` is false where it was stopped."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "source": application.source.name,
        "complete": complete,
        "steps": [_step(application, step) for step in steps],
    }


def _step(application: Application, step: StepForecast) -> Mapping[str, Any]:
    return {
        "version": step.version,
        "title": application.title(step.version),
        "file": application.file_name(step.version),
        "rows": step.rows,
        "tables": dict(step.counts),
        "journal_mode": step.journal_mode,
        "grows": step.grows or None,
        "estimates": {
            name if name in _IN_SECONDS else f"{name}_bytes": _estimate(name, estimate)
            for name, estimate in step.estimates.items()
        },
        "traits": [
            {"kind": trait.kind, "text": trait.text, "helps": trait.helps} for trait in step.traits
        ],
        "sizes": [_size(size) for size in step.sizes],
        "notes": list(step.notes),
    }


def _estimate(name: str, estimate: Estimate) -> Mapping[str, float]:
    values = estimate.value, estimate.low, estimate.high
    shown = [round(one, 6) if name in _IN_SECONDS else round(one) for one in values]
    return dict(zip(("value", "low", "high"), shown, strict=True))


def _size(size: MeasuredSize) -> Mapping[str, Any]:
    return {"rows": size.rows, "tables": dict(size.counts), "runs": [*map(_run, size.runs)]}


def _run(run: Measured) -> Mapping[str, Any]:
    return {
        "seconds": round(run.seconds, 6),
        "computing": round(run.computing, 6),
        "locked": None if run.locked is None else round(run.locked, 6),
        "log_bytes": run.log,
        "temporary_bytes": run.temporary,
        "file_bytes": run.before,
        "growth_bytes": run.after - run.before,
        "memory_bytes": run.memory,
    }
