"""Keep pytest-testmon from leaving cells out: it cannot know what a cell depends on.

It records which Python files a test ran, and deselects a test when none of them changed. A cell
also depends on scripts, on stored databases and on the lock file.
"""

from __future__ import annotations

import pytest

from pytest_pmd_migrations.grid.cells import PREFIX

__all__ = ["forget_cells", "header_lines"]


def header_lines(config: pytest.Config) -> list[str]:
    """Return what the header of a run says where pytest-testmon chooses the tests."""
    options = ("testmon", "testmon_noselect", "testmon_nocollect", "testmon_forceselect")
    if not any(config.getoption(name, None) for name in options):
        return []
    return ["            testmon leaves no cell out: it sees no script and no stored database"]


def forget_cells(report: pytest.TestReport) -> None:
    """Take the cells out of what pytest-testmon is about to record of a report."""
    recorded = getattr(report, "nodes_files_lines", None)
    if isinstance(recorded, dict):
        for name in [name for name in recorded if str(name).startswith(PREFIX)]:
            del recorded[name]
