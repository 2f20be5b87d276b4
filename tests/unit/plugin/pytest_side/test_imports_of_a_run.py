"""What a run of the matrix imports beside what pytest itself does, and how."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.warm_python import WarmPython

COMMAND = str(Path(sys.executable).with_name("pmd-migrations"))
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
    "pytest_pmd_migrations.forecast",
    "pytest_pmd_migrations.pytest_side.report_plugin",
    "pytest_pmd_migrations.pytest_side.database_factory",
    "pytest_pmd_migrations.rows.row_tally",
    "pytest_pmd_migrations.run_report",
    "pytest_pmd_migrations.templates",
}
"""What commands, all kinds of fault, the fixtures and a report need."""

ONLY_WHAT_DIFFERS = {
    "pytest_pmd_migrations.application.step_error",
    "pytest_pmd_migrations.application.varying_schema",
    "pytest_pmd_migrations.application.varying_step",
    "pytest_pmd_migrations.checks.changed_verdict",
    "pytest_pmd_migrations.rows.step_comparison",
    "pytest_pmd_migrations.schema.lost",
    "pytest_pmd_migrations.schema.showing",
    "pytest_pmd_migrations.snapshots.write",
}
"""What tells of a change or a finding, and what compares the rows of a step that changed some."""


def imported(folder: Path, *arguments: str) -> dict[str, set[str]]:
    """What a run of the matrix in that folder imports, and by which loaders."""
    (folder / "conftest.py").write_text(CONFTEST)
    without = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:xdist")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "--migration-matrix", *without, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = json.loads((folder / "told.json").read_text())
    return {kind: set(names) for kind, names in told.items()}


def of_debugger() -> set[str]:
    """What `pdb` imports, which each run of pytest does: since Python 3.14 that is a lot."""
    code = "import sys; before = {*sys.modules}; import pdb; print(*({*sys.modules} - before))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in ran.stdout.split()}


def test_a_matrix_imports_what_it_needs_as_python_does(tmp_path: Path) -> None:
    shutil.copytree(SCRIPTS, tmp_path, dirs_exist_ok=True)
    told = imported(tmp_path)
    assert HEAVY & (told["top"] - of_debugger()) == set()
    assert ONLY_SOME_RUNS & told["own"] == set()
    assert told["loaders"] == {"SourceFileLoader"}


def test_a_matrix_that_finds_nothing_imports_nothing_that_tells_findings(
    tmp_path: Path, warm_python: WarmPython
) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\nmigration_source = 'db/'")
    (tmp_path / "db").mkdir()
    (tmp_path / "db/0001_notes.sql").write_text("CREATE TABLE notes(id INTEGER PRIMARY KEY)")
    assert warm_python.run(COMMAND, "snapshot", cwd=tmp_path).returncode == 0
    told = imported(tmp_path)
    assert ONLY_WHAT_DIFFERS & told["own"] == set()
    assert "pytest_pmd_migrations.faults" in told["own"]
    told = imported(tmp_path, "--migration-checks=schema,data,again,frozen")
    assert "pytest_pmd_migrations.faults" not in told["own"]
