"""Register the matrix with a pytest run, and its report where one is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_pmd_migrations.pytest_side.paused_collector import paused_collector

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
        config.pluginmanager.register(MatrixPlugin(config, ids), "migration-matrix")
        return
    from pytest_pmd_migrations.pytest_side.run_report import FactsOnReports, begin_report

    begun = begin_report(config)
    try:
        matrix = MatrixPlugin(config, ids)
    except pytest.UsageError as error:
        if begun is not None:
            begun.end_early(f"nothing was checked: {error}")
        raise
    config.pluginmanager.register(matrix, "migration-matrix")
    config.pluginmanager.register(FactsOnReports(matrix), "migration-facts")
    if begun is not None:
        begun.matrix = matrix
        config.pluginmanager.register(begun, "migration-report")
