"""The file of a forecast: what is written is what is read, key by key."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_pmd_migrations.forecast.report_values import ForecastReport
from pytest_pmd_migrations.run_report.forecast_file import read_forecast, written_forecast
from pytest_pmd_migrations.run_report.json_form import from_values

from tests.unit.plugin.run_report.one_forecast import FORECAST


def test_a_forecast_is_written_with_the_keys_of_its_values_in_their_order() -> None:
    forecast = from_values(ForecastReport, FORECAST, "forecast.json")
    assert written_forecast(forecast) == json.dumps(FORECAST, indent=2)


def test_a_forecast_that_was_written_is_read_as_it_was(tmp_path: Path) -> None:
    forecast = from_values(ForecastReport, FORECAST | {"source": "\u00e4pp"}, "forecast.json")
    path = tmp_path / "forecast.json"
    path.write_text(written_forecast(forecast), encoding="utf-8")
    assert "\u00e4pp" in path.read_text(encoding="utf-8")
    assert read_forecast(path) == forecast
