"""What a run of the matrix imports beside what pytest itself does, and how."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[4] / "fixtures/projects/scripts"

CONFTEST = """
import json, sys

before = set(sys.modules)


def pytest_unconfigure(config):
    found = {name: module for name, module in sys.modules.items() if name not in before}
    own = {n: m for n, m in found.items() if n.startswith("pytest_pmd_migrations.")}
    told = {
        "top": sorted({name.partition(".")[0] for name in found}),
        "own": sorted(own),
        "loaders": sorted({type(module.__loader__).__name__ for module in own.values()}),
    }
    (config.rootpath / "told.json").write_text(json.dumps(told))
"""
HEAVY = {
    "asyncio",
    "click",
    "dateutil",
    "http",
    "hypothesis",
    "multiprocessing",
    "secrets",
    "sqlite_utils",
    "ssl",
    "tabulate",
    "unittest",
    "yaml",
    "zoneinfo",
}
"""What takes a while to import, and a history of scripts can do without."""

ONLY_SOME_RUNS = {
    "pytest_pmd_migrations.cli",
    "pytest_pmd_migrations.faults.kinds.interleave",
    "pytest_pmd_migrations.faults.kinds.lock",
    "pytest_pmd_migrations.faults.kinds.power",
    "pytest_pmd_migrations.fill",
    "pytest_pmd_migrations.pytest_side.database_factory",
    "pytest_pmd_migrations.templates",
}
"""What commands, all kinds of fault and the fixtures need."""


def test_a_matrix_imports_what_it_needs_as_python_does(pytester: pytest.Pytester) -> None:
    shutil.copytree(SCRIPTS, pytester.path, dirs_exist_ok=True)
    pytester.makeconftest(CONFTEST)
    without = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--migration-matrix", *without],
        cwd=pytester.path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads((pytester.path / "told.json").read_text())
    assert HEAVY & set(told["top"]) == set()
    assert ONLY_SOME_RUNS & set(told["own"]) == set()
    assert told["loaders"] == ["SourceFileLoader"]
