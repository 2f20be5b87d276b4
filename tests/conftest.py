"""What tests need that run pytest in a process of its own, and what a run ends with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOWNSTREAM = Path(__file__).parents[1] / "fixtures/projects/downstream"

_DECISION = re.compile(r"/test_decisions\.py::test_decision\[(?P<id>.+)-(?:memory|delete|wal)\]$")


@pytest.fixture(scope="session")
def _compiled_modules(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let child processes find compiled modules where the environment forbids to write them.

    pytest rewrites the modules of plugins; without its cache each run would do so again.
    """
    if not sys.dont_write_bytecode:
        return
    folder = tmp_path_factory.mktemp("compiled")
    shutil.copytree(DOWNSTREAM, folder, dirs_exist_ok=True)
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith(("PYTEST", "COVERAGE"))
    }
    command = [sys.executable, "-m", "pytest", "--migration-matrix", "-n", "1"]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


@pytest.fixture
def light_child_runs(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, _compiled_modules: None
) -> None:
    """Let pytester's child processes start as quickly as they can."""
    # Its plugin imports all of hypothesis at the end of every run.
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many of the documented decisions were checked.

    Counted from the reports, which under pytest-xdist come from the workers.
    """
    passed = (_DECISION.search(report.nodeid) for report in terminalreporter.getreports("passed"))
    ids = {found["id"] for found in passed if found}
    if ids:
        terminalreporter.write_line(f"decisions of docs/MIGRATIONS.md checked: {len(ids)}")
