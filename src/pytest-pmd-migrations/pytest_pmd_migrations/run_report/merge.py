"""Put the runs of several reports into one, each under a name of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from pytest_pmd_migrations.run_report.values import Report, RunReport

__all__ = ["merge_reports"]

_NUMBER = re.compile(r" \(\d+\)$")


def merge_reports(reports: Iterable[Report]) -> Report:
    """Return one report with all runs, in their order.

    Of runs with one name, such as two of one Python, the later ones are numbered: ``... (2)``.
    """
    runs: dict[str, RunReport] = {}
    for run in (run for report in reports for run in report.runs):
        name, number = run.name, 1
        while name in runs:
            number += 1
            name = f"{_NUMBER.sub('', run.name)} ({number})"
        runs[name] = replace(run, name=name)
    return Report(tuple(runs.values()))
