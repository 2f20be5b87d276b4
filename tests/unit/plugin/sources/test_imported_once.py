"""Each migration module is executed once a process, whichever runner runs it."""

from __future__ import annotations

import sys

import pytest

from tests.unit.plugin.sources.conftest import write

MODULE = """\
from pathlib import Path

with Path({executions!r}).open("a") as file:
    file.write(Path(__file__).stem + "\\n")

VERSION = {version}
DESCRIPTION = "step {version}"
DELETES = {{"one": ("a = -1", "never there")}}


def up(db):
    db.execute("{sql}")
"""
RUNNER = """\
import importlib

NAMES = {1: "0001_one", 2: "0002_two"}


class MigrationRunner:
    def __init__(self, conn):
        self.conn = conn

    def run_migrations(self, target=2):
        at = self.conn.execute("PRAGMA user_version").fetchone()[0]
        for number in range(at + 1, target + 1):
            self.conn.execute("BEGIN")
            importlib.import_module(f"{__name__}.{NAMES[number]}").up(self.conn)
            self.conn.execute(f"PRAGMA user_version = {number}")
            self.conn.execute("COMMIT")
"""
PLACES = {
    "a bare folder": ("db/migrations", {}),
    "a package that pmd's runner runs": ("app.migrations", {"app/migrations/__init__.py": ""}),
    "a package with a runner of its own": (
        "app.migrations",
        {"app/migrations/__init__.py": RUNNER},
    ),
}


@pytest.mark.parametrize(("source", "files"), PLACES.values(), ids=PLACES)
def test_a_module_is_executed_once_a_process(
    pytester: pytest.Pytester, light_child_runs: None, source: str, files: dict[str, str]
) -> None:
    executions = pytester.path / "executions.txt"
    folder = source.replace(".", "/")
    steps = {"0001_one": "CREATE TABLE one(a INTEGER)", "0002_two": "ALTER TABLE one ADD COLUMN b"}
    settings = f'[tool.pytest.ini_options]\nmigration_source = "{source}"\n'
    modules = {
        f"{folder}/{name}.py": MODULE.format(executions=str(executions), version=number, sql=sql)
        for number, (name, sql) in enumerate(steps.items(), 1)
    }
    write(pytester.path, {"pyproject.toml": settings, **files, **modules})

    def executed(*arguments: str) -> list[str]:
        executions.write_text("")
        assert pytester.run(sys.executable, *arguments).ret == 0
        return sorted(executions.read_text().split())

    command = ("-c", "from pytest_pmd_migrations.cli import main; main()")
    assert executed(*command, "snapshot") == sorted(steps)
    assert executed(*command, "check") == sorted(steps)
    assert executed("-m", "pytest", "-p", "no:xdist", "--migration-matrix") == sorted(steps)
