"""Write a forecast as JSON, read it again, and put it into a report.

There it stands at the applications whose migrations it is about.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from pytest_pmd_migrations.errors import ReportError
from pytest_pmd_migrations.forecast.report_values import FORMAT, FORMAT_VERSION, ForecastReport
from pytest_pmd_migrations.run_report.json_form import Format, from_values, json_values, to_values
from pytest_pmd_migrations.run_report.report_file import read_text
from pytest_pmd_migrations.run_report.values import Report

__all__ = ["read_forecast", "with_forecast", "written_forecast"]

_FORMAT = Format(
    "forecast", FORMAT, FORMAT_VERSION, "expected what pmd-migrations forecast --json prints"
)


def written_forecast(forecast: ForecastReport) -> str:
    """Return the text that ``pmd-migrations forecast --json`` prints of a forecast."""
    mark = {"format": FORMAT, "format_version": FORMAT_VERSION}
    return json.dumps(mark | to_values(forecast), indent=2, ensure_ascii=False)


def read_forecast(path: Path) -> ForecastReport:
    """Return the forecast that a JSON file holds.

    Raises ReportError, which names the file, where it cannot be read or is none.
    """
    text, shown = read_text(path)
    values = json_values(text, shown, _FORMAT)
    forecast: ForecastReport = from_values(ForecastReport, values, shown)
    return forecast


def with_forecast(report: Report, forecast: ForecastReport, path: Path) -> Report:
    """Return the report with a forecast at each application of that source, in every run.

    Raises ReportError where no run has one; ``path`` is the forecast's file.
    """
    sources = {one.source for run in report.runs for one in run.applications}
    if forecast.source not in sources:
        there = ", ".join(sorted(sources)) or "none"
        raise ReportError(
            f"{path} is about the migrations of {forecast.source!r}; the reports have: {there}"
        )
    runs = (
        replace(
            run,
            applications=tuple(
                replace(one, forecast=forecast) if one.source == forecast.source else one
                for one in run.applications
            ),
        )
        for run in report.runs
    )
    return replace(report, runs=tuple(runs))
