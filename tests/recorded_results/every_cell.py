"""A plugin of pytest that writes down what each cell of the matrix found, whole and by itself.

What the terminal shows is folded: a cell that repeats another's story is a word in a grid.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest


class EveryCell:
    """Writes to the file of `--every-cell`, at the end of the run, in the order of the ids."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._told: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a cell's report: of its call, or of what kept it from being called."""
        if report.when != "call" and report.passed:
            return
        outcome = getattr(report, "migration_outcome", None)
        parts = [f"## {report.nodeid} {report.outcome}", report.longreprtext]
        if outcome is not None:
            parts.append(json.dumps(outcome, indent=1, sort_keys=True, ensure_ascii=True))
        self._told[report.nodeid] = "\n".join(parts)

    def pytest_sessionfinish(self) -> None:
        """Write the file."""
        texts = [self._told[one] for one in sorted(self._told)]
        self._path.write_text("".join(f"{one}\n\n" for one in texts), encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file."""
    parser.addoption("--every-cell", metavar="FILE", help="Where to write what each cell found")


def pytest_configure(config: pytest.Config) -> None:
    """Write only where the option is given."""
    if config.option.every_cell:
        config.pluginmanager.register(EveryCell(Path(config.option.every_cell)), "every-cell")
