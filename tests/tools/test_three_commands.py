"""Each tool's project as its owner has it, without our settings: three commands, and no editing."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.tools import three_command_projects as projects
from tests.tools.sql_folder.projects import DIALECTS, STEPS, write_scripts
from tests.tools.tried_project import PRECIOUS, TriedProject

GREEN = "2 snapshots, 2 migrations: 10 ok"
Write = Callable[[Path], None]


@dataclass(frozen=True)
class Case:
    """A project, what is found there, and how its matrix ends; ``failed`` is what it truly has.

    Of cells that fail for the same cause, one is in ``failed``, and ``ends`` counts the others.
    """

    write: Write
    source: str
    whose: str
    ends: str
    failed: frozenset[tuple[str, str]] = frozenset()
    needs: str = ""
    databases: tuple[str, ...] = ()
    called_in: str = ""
    settings: str = "pyproject.toml"
    line: str = ""


def atomic(*versions: str) -> frozenset[tuple[str, str]]:
    return frozenset((version, "atomic") for version in versions)


def dialect(name: str) -> Case:
    """Return four steps as a tool has them; the third has a trigger, the fourth fills a column."""

    def write(folder: Path) -> None:
        write_scripts(name, folder / "db/migrations", STEPS[:4])

    failed = frozenset({("0001..0004", "data")})
    ends = "1 failed, 2 more like it, 13 ok, 4 none"
    return Case(write, "db/migrations", name, ends, failed)


def laid_out(files: Mapping[str, str], settings: str, line: str, called_in: str = "") -> Case:
    """Return two scripts in a project that has its settings, or none, elsewhere than usual."""

    def write(folder: Path) -> None:
        projects.write_files(folder, {**projects.SCRIPTS, **files})

    return Case(
        write, "sql", "numbered files", GREEN, called_in=called_in, settings=settings, line=line
    )


IN_INI = "migration_source = sql"

CASES: Mapping[str, Case] = {
    "Alembic": Case(
        projects.alembic, "alembic.ini", "Alembic", GREEN, needs="alembic", databases=("notes.db",)
    ),
    "Alembic below, with dated revisions": Case(
        projects.alembic_below,
        "backend/alembic.ini",
        "Alembic",
        GREEN,
        needs="alembic",
        databases=("notes.db", "backend/notes.db"),
    ),
    "Alembic in pyproject.toml": Case(
        projects.alembic_in_pyproject,
        "alembic.ini",
        "Alembic",
        GREEN,
        needs="alembic",
        databases=("notes.db",),
    ),
    "Flask-Migrate in src": Case(
        projects.flask,
        "flask:webapp:create_app",
        "Flask-Migrate",
        "1 failed, 1 more like it, 8 ok",
        atomic("0001"),
        needs="flask_migrate",
        databases=("instance/notes.db",),
    ),
    "Django": Case(
        projects.django, "django", "Django", GREEN, needs="django", databases=("db.sqlite3",)
    ),
    "Django below, of two apps": Case(
        projects.django_below,
        "django",
        "Django",
        "1 failed, 9 ok",
        atomic("0002"),
        needs="django",
        databases=("backend/db.sqlite3",),
    ),
    "sqlite-utils": Case(projects.sqlite_utils, "db:migrations", "sqlite-utils", GREEN),
    "sqlite-utils in src": Case(
        projects.sqlite_utils_in_src, "app.db:migrations", "sqlite-utils", GREEN
    ),
    "a list": Case(projects.a_list, "db:MIGRATIONS", "a list", "2 migrations: 8 ok, 2 none"),
    "fastmigrate": Case(
        projects.fastmigrate,
        "fastmigrate:migrations",
        "fastmigrate",
        "1 failed, 4 ok",
        atomic("0001"),
        needs="fastmigrate",
    ),
    "yoyo": Case(
        projects.yoyo,
        "yoyo:migrations",
        "yoyo",
        "1 failed, 4 ok",
        atomic("0001"),
        needs="yoyo",
        databases=("notes.db",),
    ),
    "a package in src": Case(projects.package_in_src, "app.migrations", "numbered files", GREEN),
    **{name: dialect(name) for name in DIALECTS},
    "pytest.ini": laid_out({"pytest.ini": "[pytest]\naddopts = -q\n"}, "pytest.ini", IN_INI),
    "setup.cfg": laid_out({"setup.cfg": "[tool:pytest]\n"}, "setup.cfg", IN_INI),
    "tox.ini": laid_out({"tox.ini": "[tox]\n\n[pytest]\n"}, "tox.ini", IN_INI),
    "called in a subfolder": laid_out(
        {"pyproject.toml": "[project]\nname = 'a'\n", "app/__init__.py": ""},
        "{path}/pyproject.toml",
        "",
        "app",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_three_commands_are_enough(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    if case.needs and find_spec(case.needs) is None:
        pytest.skip(f"{case.needs} is not installed in this environment")
    original = tmp_path / "original"
    original.mkdir()
    case.write(original)
    project = TriedProject(
        original, tmp_path, files=(PRECIOUS, *case.databases), called_in=case.called_in
    )
    printed = project.run("pmd-migrations", "init")
    line = case.line or f'migration_source = "{case.source}"'
    assert (printed.code, printed.text) == (
        0,
        f"found    {case.source}  {case.whose}\n"
        f"wrote    {case.settings.format(path=project.path)}  {line}\n"
        "next     pmd-migrations snapshot\n",
    )
    matrix = project.released().matrix()
    assert matrix.failed == case.failed, matrix.text
    assert matrix.code == int(bool(case.failed)), matrix.text
    assert case.ends in matrix.text


def test_of_two_tools_in_one_project_either_is_chosen_by_the_command_that_is_told(
    tmp_path: Path,
) -> None:
    original = tmp_path / "original"
    write_scripts("goose", original / "db/migrations", STEPS[:2])
    projects.sqlite_utils(original)
    project = TriedProject(original, tmp_path)
    told = project.run("pmd-migrations", "init")
    listed = (
        "Error: there are 2 candidates:\n"
        '  migration_source = "db:migrations"  (sqlite-utils)\n'
        '  migration_source = "db/migrations"  (goose)\n'
        "Choose one: "
    )
    assert (told.code, told.text[: len(listed)]) == (2, listed)
    command = shlex.split(told.text.removeprefix(listed))
    settings, snapshots = project.path / "pyproject.toml", project.path / "fixtures/snapshots"
    for source, ends in (("db:migrations", GREEN), ("db/migrations", "8 ok, 2 none")):
        assert project.run(*command[:-1], source).code == 0
        matrix = project.released().matrix()
        assert matrix.code == 0, matrix.text
        assert ends in matrix.text
        settings.unlink()
        shutil.rmtree(snapshots)
    assert command[-1] == "db:migrations"
