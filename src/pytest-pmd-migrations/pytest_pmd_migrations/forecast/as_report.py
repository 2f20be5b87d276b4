"""Turn a forecast into the values that ``--json`` prints and a report holds."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.forecast.curve import Estimate
from pytest_pmd_migrations.forecast.measured_size import MeasuredSize
from pytest_pmd_migrations.forecast.measured_upgrade import Measured
from pytest_pmd_migrations.forecast.report_values import (
    EstimateReport,
    ForecastReport,
    MeasuredRunReport,
    MeasuredSizeReport,
    StepForecastReport,
    TraitReport,
)
from pytest_pmd_migrations.forecast.step_forecast import StepForecast

__all__ = ["forecast_report", "step_report"]

_IN_SECONDS = ("seconds", "computing", "locked")


def forecast_report(
    application: Application, steps: Sequence[StepForecast], *, complete: bool
) -> ForecastReport:
    """Return the forecast of these steps; ``complete`` is false where it was stopped."""
    return ForecastReport(
        source=application.source.name,
        complete=complete,
        steps=tuple(step_report(application, step) for step in steps),
    )


def step_report(application: Application, step: StepForecast) -> StepForecastReport:
    """Return the forecast of one step."""
    return StepForecastReport(
        version=step.version,
        title=application.title(step.version),
        file=application.file_name(step.version),
        rows=step.rows,
        tables=step.counts,
        journal_mode=step.journal_mode,
        grows=step.grows or None,
        estimates={
            name if name in _IN_SECONDS else f"{name}_bytes": _estimate(name, estimate)
            for name, estimate in step.estimates.items()
        },
        traits=tuple(TraitReport(one.kind, one.text, one.helps) for one in step.traits),
        sizes=tuple(map(_size, step.sizes)),
        notes=step.notes,
    )


def _estimate(name: str, estimate: Estimate) -> EstimateReport:
    values = estimate.value, estimate.low, estimate.high
    return EstimateReport(*(round(one, 6) if name in _IN_SECONDS else round(one) for one in values))


def _size(size: MeasuredSize) -> MeasuredSizeReport:
    return MeasuredSizeReport(size.rows, size.counts, tuple(map(_run, size.runs)))


def _run(run: Measured) -> MeasuredRunReport:
    return MeasuredRunReport(
        seconds=round(run.seconds, 6),
        computing=round(run.computing, 6),
        locked=None if run.locked is None else round(run.locked, 6),
        log_bytes=run.log,
        temporary_bytes=run.temporary,
        file_bytes=run.before,
        growth_bytes=run.after - run.before,
        memory_bytes=run.memory,
    )
