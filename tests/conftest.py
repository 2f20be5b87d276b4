"""What tests need that run pytest in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DOWNSTREAM = Path(__file__).parents[1] / "fixtures/projects/downstream"


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
