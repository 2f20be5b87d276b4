"""Small projects that the command works on, as a person would call it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_pmd_migrations.cli import main

PROJECTS = Path(__file__).parents[4] / "fixtures/projects"

FIRST = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL);\n"
SECOND = "ALTER TABLE notes ADD COLUMN pinned INTEGER;\n"
THIRD = "CREATE TABLE tags(note_id INTEGER NOT NULL REFERENCES notes(id), tag TEXT);\n"


@dataclass(frozen=True)
class Project:
    """One project in the folder the test runs in; ``code`` and ``text`` are a command's answer."""

    path: Path

    @property
    def snapshots(self) -> Path:
        return self.path / "fixtures/snapshots"

    @property
    def lock(self) -> Path:
        return self.snapshots / "frozen.toml"

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def run(self, *arguments: str) -> tuple[int, str]:
        """The exit code and everything printed, in this process."""
        result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, self.plain(result.output)

    def run_apart(self, *arguments: str) -> tuple[int, str, str]:
        """The exit code, the output and the errors of a process of its own."""
        run = subprocess.run(
            [
                sys.executable,
                "-c",
                "from pytest_pmd_migrations.cli import main; main()",
                *arguments,
            ],
            capture_output=True,
            encoding="utf-8",
            cwd=self.path,
        )
        return run.returncode, self.plain(run.stdout), self.plain(run.stderr)

    def plain(self, text: str) -> str:
        text = text.replace(str(self.path), "ROOT")
        return re.sub(r"sha256:[0-9a-f]+", "sha256:*", text)

    def execute(self, name: str, *statements: str) -> None:
        """Change a stored file by hand."""
        with closing(sqlite3.connect(self.snapshots / name)) as conn, conn:
            for statement in statements:
                conn.execute(statement)

    def files(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in sorted(self.snapshots.iterdir())}


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Project]:
    """Make a project with these scripts in ``db/sql``, and its snapshots where it has any."""
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)

    def make(*scripts: str, settings: str = "") -> Project:
        made = Project(pytester.path)
        made.write(
            "pyproject.toml",
            f'[tool.pytest.ini_options]\nmigration_source = "db/sql"\n{settings}',
        )
        (made.path / "db/sql").mkdir(parents=True)
        for number, script in enumerate(scripts, 1):
            made.write(f"db/sql/000{number}_step_{number}.sql", script)
        return made

    return make


@pytest.fixture
def stored(project: Callable[..., Project]) -> Callable[..., Project]:
    """Make a project with these scripts, and build its snapshots."""

    def make(*scripts: str, settings: str = "") -> Project:
        made = project(*scripts, settings=settings)
        code, text = made.run("snapshot")
        assert code == 0, text
        return made

    return make
