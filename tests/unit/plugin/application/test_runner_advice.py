"""A runner that is not called with a connection is told what its source needs."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.application.upgrade import EMPTY, walk
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.sources import resolve_source

from tests.every import for_every

RUNNER = """
import pathlib, sqlite3

class MigrationRunner:
    def __init__(self, {arguments}):
        {begins}

    def run_migrations(self, target=None):
        self.conn.execute("CREATE TABLE t(a)")
"""
SAID = (
    "{name}.MigrationRunner is called with one argument, an open",
    "    def upgrade_file(self, path, to):",
    "        MigrationRunner(path).run_migrations(target=to)",
)


@for_every(
    "arguments, begins, advised",
    [
        ("path", "self.conn = sqlite3.connect(path)", True),
        ("path", "self.conn = sqlite3.connect(pathlib.Path(path))", True),
        ("path", "self.conn = sqlite3.connect(path.resolve())", True),
        ("path, backup", "pass", True),
        ("conn", "self.conn = conn + 1 if conn is None else None", False),
    ],
)
def test_a_runner_that_wants_a_path_is_told_so(
    arguments: str, begins: str, advised: bool, tmp_path: Path
) -> None:
    # Each package is imported under a name of its own.
    name = f"paths_{len(arguments)}_{len(begins)}"
    (tmp_path / name).mkdir()
    text = RUNNER.format(arguments=arguments, begins=begins)
    (tmp_path / name / "__init__.py").write_text(text)
    (tmp_path / name / "0001_a.sql").write_text("CREATE TABLE t(a);")
    source = resolve_source(name, root=tmp_path)
    with pytest.raises(StepFailedError) as caught:
        list(walk(source, EMPTY))
    lines = caught.value.lines
    assert (lines[-2:] == SAID[1:]) == advised
    assert any(line.startswith(f"{name}.MigrationRunner is called") for line in lines) == advised
