"""Register the matrix with a pytest run, and its report where one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_pmd_migrations.pytest_side.paused_collector import paused_collector

if TYPE_CHECKING:
    from pytest_pmd_migrations.pytest_side.matrix import MatrixPlugin
    from pytest_pmd_migrations.pytest_side.report_plugin import RunReportPlugin

__all__ = ["register_matrix"]


def register_matrix(config: pytest.Config, ids: Sequence[str]) -> None:
    """Register the plugin that adds the matrix, of the cells with these ids or of all.

    Raises UsageError where a report is asked for, but no matrix.
    """
    if not (config.option.migration_matrix or ids):
        raise pytest.UsageError("--migration-report needs --migration-matrix, which it is about")
    with paused_collector():
        from pytest_pmd_migrations.pytest_side.matrix import MatrixPlugin

    if not config.option.migration_report:
        _register(config, MatrixPlugin(config, ids))
        return
    from pytest_pmd_migrations.pytest_side.report_plugin import FactsOnReports, begin_report

    begun = begin_report(config)
    try:
        matrix = MatrixPlugin(config, ids)
    except pytest.UsageError as error:
        if begun is not None:
            begun.end_early(f"nothing was checked: {error}")
        raise
    config.pluginmanager.register(FactsOnReports(matrix), "migration-facts")
    if begun is not None:
        begun.matrix = matrix
    _register(config, matrix, begun)


def _register(
    config: pytest.Config, matrix: MatrixPlugin, report: RunReportPlugin | None = None
) -> None:
    """Register what tells of a run at its end: what is registered last does so first."""
    if config.getoption("durations", None) is not None:
        from pytest_pmd_migrations.pytest_side.slowest_steps import SlowestSteps

        config.pluginmanager.register(SlowestSteps(matrix), "migration-durations")
    if report is not None:
        config.pluginmanager.register(report, "migration-report")
    config.pluginmanager.register(matrix, "migration-matrix")
