"""The command reads pytest's settings wherever it is called, whatever pytest is told to do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.every import holds_for_every
from tests.unit.plugin.cli.conftest import FIRST, PROJECTS, Project

Make = Callable[..., Project]

IN_ORDER = (0, "1 version, 1 snapshot: all in order\n")
UNREADABLE = (
    "Error: the settings cannot be read, since pytest does not start here, for the reason above."
    " See: pytest --collect-only\n"
)
SEVERAL = """
from pathlib import Path

from pytest_pmd_migrations import Location


class Steps:
    def __init__(self, name, *scripts):
        self.name, self.scripts = name, scripts

    def versions(self):
        return list(range(1, len(self.scripts) + 1))

    def location(self, version):
        return Location(Path(__file__))

    def upgrade(self, conn, to):
        print("noise of", self.name)
        for version in range(conn.execute("PRAGMA user_version").fetchone()[0] + 1, to + 1):
            conn.executescript(self.scripts[version - 1] + f"PRAGMA user_version = {version};")


def pytest_migration_sources(config):
    return [Steps("main", "CREATE TABLE a(x);", "CREATE TABLE b(x);"), Steps("cache", CACHE)]
"""


@pytest.mark.parametrize(
    "addopts",
    [
        "-n 2",
        "--migration-matrix -v -s --strict-config --strict-markers",
        "-p no:pmd_migrations",
        "-p no:terminal -p no:capture",
        "-W error --collect-only",
        "--new-first --lf --stepwise",
        "--cache-clear --durations=3",
        "--cache-show",
        "-p no:cacheprovider",
    ],
)
def test_addopts_make_no_difference(stored: Make, addopts: str) -> None:
    made = stored(FIRST)
    with made.path.joinpath("pyproject.toml").open("a") as settings:
        settings.write(f'addopts = "{addopts}"\n')
    assert made.run_apart("check") == (*IN_ORDER, "")
    assert not (made.path / ".pytest_cache").exists()


def test_the_environment_makes_no_difference(stored: Make) -> None:
    made = stored(FIRST)

    def judge(variable: tuple[str, str]) -> None:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv(*variable)
            assert made.run_apart("check") == (*IN_ORDER, "")

    variables = {"CI": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-x --version"}
    holds_for_every({name: (name, value) for name, value in variables.items()}, judge)


def test_a_subfolder_is_as_good_as_the_root(stored: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stored(FIRST)
    monkeypatch.chdir(made.path / "db/sql")
    assert made.run("check") == IN_ORDER


def test_what_the_project_prints_is_not_what_the_command_says(stored: Make) -> None:
    made = stored(FIRST, settings='addopts = "-s"\n')
    made.write("conftest.py", "print('noise')\n")
    assert made.run_apart("check") == (*IN_ORDER, "noise\n")


def test_an_unset_source(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    message = (
        'Error: migration_source is not set; expected "app.migrations", "db/sql" or'
        ' "app.db:thing" (pyproject.toml), or the hook pytest_migration_sources. No migrations were'
        " found here. Write it: pmd-migrations init --source TEXT\n"
    )
    assert made.run_apart("check") == (2, "", message)
    for arguments in (["new", "x"], ["snapshot"], ["release"], ["show", "1", "2"]):
        assert made.run(*arguments) == (2, message)


BROKEN = {
    'migration_source = "app.migratons"': (
        "migration_source 'app.migratons' cannot be imported: No module named 'app.migratons'."
        " Did you mean 'app.migrations'? (pyproject.toml)"
    ),
    'migration_source = "db/gone"': (
        "migration_source 'db/gone' is no folder: ROOT/db/gone does not exist (pyproject.toml)"
    ),
    'migration_source = "app.migrations"\nmigration_snapshots = "pyproject.toml"': (
        "migration_snapshots 'pyproject.toml' is no folder: ROOT/pyproject.toml"
    ),
    'migration_source = "app.migrations"\nmigration_volatile = [1]': (
        'migration_volatile has 1, which is no string; expected migration_volatile = ["..."]'
        " (pyproject.toml)"
    ),
}


def test_a_broken_setting_is_one_line(project: Make) -> None:
    made = project()
    for file in sorted((PROJECTS / "downstream/app").rglob("*.py")):
        made.write(str(file.relative_to(PROJECTS / "downstream")), file.read_text())

    def judge(case: tuple[str, str]) -> None:
        settings, message = case
        made.write("pyproject.toml", f"[tool.pytest.ini_options]\n{settings}\n")
        assert made.run("check") == (2, f"Error: {message}\n")

    holds_for_every({settings: (settings, message) for settings, message in BROKEN.items()}, judge)


def test_a_new_migration_cannot_be_put_where_nothing_can_be_made(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", '[tool.pytest.ini_options]\nmigration_source = "go-ne"\n')
    assert made.run("new", "x") == (
        2,
        "Error: migration_source 'go-ne' cannot be imported: No module named 'go-ne'\n",
    )


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("conftest.py", "import nothing_there\n", "No module named 'nothing_there'"),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\naddopts = "--nonsense"\n',
            "unrecognized arguments: --nonsense",
        ),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\nrequired_plugins = "pytest-nothing"\n',
            "Missing required plugins: pytest-nothing",
        ),
        ("pyproject.toml", "[tool.pytest.ini_options\n", "pyproject.toml"),
    ],
)
def test_where_pytest_does_not_start_its_reason_is_shown(
    project: Make, file: str, text: str, reason: str
) -> None:
    made = project(FIRST)
    made.write(file, text)
    code, output, errors = made.run_apart("check")
    assert (code, output) == (2, "")
    assert reason in errors
    assert errors.endswith(UNREADABLE)
    assert "Traceback" not in errors


def test_an_exception_of_the_project_s_own_code_is_one_line(project: Make) -> None:
    made = project(FIRST)
    made.write("conftest.py", "def pytest_migration_sources(config):\n    return 1 / 0\n")
    assert made.run_apart("check") == (
        2,
        "",
        "Error: pytest_migration_sources raised ZeroDivisionError: division by zero"
        " (conftest.py:2)\n",
    )


def test_a_source_that_cannot_tell_its_version_is_one_line(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    made.write(
        "conftest.py",
        SEVERAL.replace("CACHE", '""')
        + "\n\nSteps.current_version = lambda self, conn: conn.execute('SELECT v FROM nowhere')\n",
    )
    code, text = made.run("check")
    assert code == 1
    assert text.endswith(
        "Error: source main: current_version(conn) raised OperationalError: no such table:"
        " nowhere\n"
    )


def test_several_sources(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    sources = SEVERAL.replace("CACHE", '"CREATE TABLE c(x);"')
    made.write("conftest.py", sources)
    code, output, errors = made.run_apart("snapshot")
    assert (code, output) == (
        0,
        "main:\n"
        "built    fresh -> 0001: same schema, 5 generated\n"
        "built    0001 (stored) -> 0002 and fresh -> 0002: same schema, 5 rows kept, 5 generated\n"
        "wrote    0001.db  2 KiB\n"
        "wrote    0001.sql  text twin, for the reviewer's diff\n"
        "wrote    0002.db  3 KiB\n"
        "wrote    0002.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0001 sha256:*\n"
        "locked   frozen.toml  0002 sha256:*\n"
        "cache:\n"
        "built    fresh -> 0001: same schema, 5 generated\n"
        "wrote    0001.db  2 KiB\n"
        "wrote    0001.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0001 sha256:*\n",
    )
    assert set(errors.splitlines()) == {"noise of main", "noise of cache"}

    def said(*arguments: str) -> tuple[int, str]:
        code, output = made.run(*arguments)
        lines = [line for line in output.splitlines(keepends=True) if "noise" not in line]
        return code, "".join(lines)

    assert sorted(folder.name for folder in made.snapshots.iterdir()) == ["cache", "main"]
    assert said("check") == (0, "3 versions, 3 snapshots: all in order\n")
    assert said("check", "--source", "cache") == (0, "1 version, 1 snapshot: all in order\n")
    assert said("check", "--source", "chache") == (
        2,
        "Error: --source 'chache' is not one of the migration sources: main, cache\n",
    )
    which = (2, "Error: there are several migration sources; expected --source: main, cache\n")
    assert said("snapshot", "--rewrite", "1") == which
    assert said("release", "1") == which
    assert said("show", "1", "2") == which
    assert said("release", "1", "--source", "main") == (0, "released 0001\n")
    made.write("conftest.py", sources.replace("b(x)", "b(x, y)"))
    [name, told] = made.run_apart("check")[1].splitlines()
    rewrite = "pmd-migrations snapshot --rewrite 0002 --source main"
    assert (name, told) == ("main:", f"0002 changed since its snapshot was made.  {rewrite}")
    assert made.run_apart("release")[2].endswith(
        f"Error: main: nothing was released, since this must be mended first:\n{told}\n"
    )
    assert made.run_apart(*rewrite.split()[1:])[0] == 0
    made.write("conftest.py", sources)
    assert made.run_apart(*rewrite.split()[1:])[0] == 0
    assert said("release") == (0, "main:\nreleased 0002\ncache:\nreleased 0001\n")


def test_no_source_is_written_where_one_is_refused(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    made.write("conftest.py", SEVERAL.replace("CACHE", '"DROP TABLE gone;"'))
    code, output, errors = made.run_apart("snapshot")
    assert (code, output) == (1, "")
    assert errors.endswith("OperationalError: no such table: gone\n")
    assert not made.snapshots.exists()


def test_the_script_is_installed_and_helps() -> None:
    script = os.path.join(os.path.dirname(sys.executable), "pmd-migrations")  # noqa: PTH118, PTH120 - a link must stay one
    run = subprocess.run([script, "--help"], capture_output=True, text=True)
    assert run.returncode == 0
    for command in ("new", "snapshot", "release", "check", "show"):
        assert f"\n  {command} " in run.stdout
