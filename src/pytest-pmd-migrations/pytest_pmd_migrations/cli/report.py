"""The command report: what the reports of runs say, and one file made of several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.run_report.forecast_file import read_forecast, with_forecast
from pytest_pmd_migrations.run_report.merge import merge_reports
from pytest_pmd_migrations.run_report.report_file import ReportFile, read_report

__all__ = ["report_runs"]


def report_runs(
    paths: Sequence[Path], forecasts: Sequence[Path], output: Path | None
) -> Iterator[str]:
    """Yield a line for each run of the reports, and write them all into ``output``, if given.

    What is written has the forecasts at the applications that they are about.
    Raises ReportError where one is no report, or no forecast of their sources, or the output cannot
    be written or is something else; then nothing is written.
    """
    file = None if output is None else ReportFile(output, f"-o {shown_path(output)}")
    merged = merge_reports(read_report(path) for path in paths)
    for path in forecasts:
        merged = with_forecast(merged, read_forecast(path), path)
    if file is not None:
        file.refuse_unusable()
        file.write(merged)
    for run in merged.runs:
        told = dict.fromkeys((run.verdict, *run.missing))
        yield printable_line(f"{run.name}: {'; '.join(told)}")
    if output is not None:
        yield f"wrote    {shown_path(output)}"
