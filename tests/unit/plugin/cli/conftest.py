"""Small projects that the command works on, as a person would call it."""

from __future__ import annotations

import re
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner
from pytest_pmd_migrations.cli import main

from tests.warm_python import WarmPython

PROJECTS = Path(__file__).parents[4] / "fixtures/projects"

COMMAND = str(Path(sys.executable).with_name("pmd-migrations"))

FIRST = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL);\n"
SECOND = "ALTER TABLE notes ADD COLUMN pinned INTEGER;\n"
THIRD = "CREATE TABLE tags(note_id INTEGER NOT NULL REFERENCES notes(id), tag TEXT);\n"


@dataclass(frozen=True)
class Project:
    """One project in the folder the test runs in; ``code`` and ``text`` are a command's answer."""

    path: Path
    python: WarmPython

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
        # It asks for its own plugin by name, and each other one takes time to load.
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
            result = CliRunner().invoke(main, arguments)
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, self.plain(result.output)

    def run_apart(self, *arguments: str) -> tuple[int, str, str]:
        """The exit code, the output and the errors of a process of its own."""
        run = self.python.run(COMMAND, *arguments, cwd=self.path)
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

    def all_files(self) -> frozenset[tuple[Path, bytes]]:
        """Every file of the project, as its name and content."""
        files = (file for file in self.path.rglob("*") if file.is_file())
        return frozenset((file.relative_to(self.path), file.read_bytes()) for file in files)


@pytest.fixture
def project(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, warm_python: WarmPython
) -> Callable[..., Project]:
    """Make a project with these scripts in ``db/sql``, and its snapshots where it has any."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest")

    def make(*scripts: str, settings: str = "") -> Project:
        made = Project(pytester.path, warm_python)
        made.write(
            "pyproject.toml",
            f'[tool.pytest.ini_options]\nmigration_source = "db/sql"\n{settings}',
        )
        (made.path / "db/sql").mkdir(parents=True)
        for number, script in enumerate(scripts, 1):
            made.write(f"db/sql/000{number}_step_{number}.sql", script)
        return made

    return make


@pytest.fixture(scope="session")
def snapshots_built() -> dict[frozenset[tuple[Path, bytes]], dict[str, bytes]]:
    """The stored files of each project whose snapshots were built, by its own files."""
    return {}


@pytest.fixture
def build(
    snapshots_built: dict[frozenset[tuple[Path, bytes]], dict[str, bytes]],
) -> Callable[[Project], None]:
    """Build a project's snapshots, or copy those that a project of the same files got before."""

    def build_or_copy(made: Project) -> None:
        files = made.all_files()
        if files not in snapshots_built:
            code, text = made.run("snapshot")
            assert code == 0, text
            snapshots_built[files] = made.files()
            return
        made.snapshots.mkdir(parents=True)
        for name, content in snapshots_built[files].items():
            (made.snapshots / name).write_bytes(content)

    return build_or_copy


@pytest.fixture
def stored(
    project: Callable[..., Project], build: Callable[[Project], None]
) -> Callable[..., Project]:
    """Make a project with these scripts and its snapshots."""

    def make(*scripts: str, settings: str = "") -> Project:
        made = project(*scripts, settings=settings)
        build(made)
        return made

    return make
