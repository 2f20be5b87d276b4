"""What is wrong with a Django project is told in one line; nothing is written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.tried_project import TriedProject

PROJECTS = Path(__file__).parent / "projects"
SETTINGS = "mysite/settings.py"
STARS = "notes/migrations/0002_note_stars.py"
TITLES = "notes/migrations/0005_longer_titles.py"
NAMED = "Error: migration_source 'django': "
UNREADABLE = f"{NAMED}Django cannot read the migrations: "
END = " (pyproject.toml)\n"

pytest.importorskip("django", reason="Django is not installed in this environment")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TriedProject:
    monkeypatch.setenv("PYTHONPATH", str(PROJECTS / "third-party"))
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    return TriedProject(PROJECTS / "shop", tmp_path, files=("precious.sqlite3",))


def appended(name: str, text: str) -> Callable[[TriedProject], None]:
    def change(project: TriedProject) -> None:
        path = project.path / name
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")

    return change


def edited(name: str, old: str, new: str) -> Callable[[TriedProject], None]:
    return lambda project: project.edit(name, old, new)


def source(text: str) -> Callable[[TriedProject], None]:
    return edited("pyproject.toml", '"django"', f'"{text}"')


def empty_app(project: TriedProject) -> None:
    (project.path / "empty").mkdir()
    (project.path / "empty/__init__.py").touch()
    project.edit(SETTINGS, '    "shelf",', '    "shelf",\n    "empty",')
    source("django:empty")(project)


def no_migrations(project: TriedProject) -> None:
    for app in ("notes", "labels"):
        shutil.rmtree(project.path / app / "migrations")
    project.edit(SETTINGS, '    "shelf",\n', "")


def two_leaves(project: TriedProject) -> None:
    shutil.copy(project.path / TITLES, project.path / "notes/migrations/0005_other.py")


CASES = {
    "settings that raise": (
        appended(SETTINGS, "\nKEY = {}['key']\n"),
        f"{NAMED}the settings mysite.settings, named by manage.py, cannot be imported:"
        " KeyError: 'key' (mysite/settings.py:44)",
    ),
    "settings that exit": (
        appended(SETTINGS, "\nraise SystemExit(3)\n"),
        f"{NAMED}the settings mysite.settings, named by manage.py, cannot be imported:"
        " SystemExit: 3 (mysite/settings.py:44)",
    ),
    "settings that are no Python": (
        appended(SETTINGS, "\nx = (\n"),
        f"{NAMED}the settings mysite.settings, named by manage.py, cannot be imported:"
        " SyntaxError: '(' was never closed (mysite/settings.py:44)",
    ),
    "misspelt settings": (
        edited("manage.py", "mysite.settings", "mysite.setings"),
        f"{NAMED}the settings mysite.setings, named by manage.py, cannot be imported:"
        " ModuleNotFoundError: No module named 'mysite.setings'",
    ),
    "no settings": (
        lambda project: (project.path / "manage.py").unlink(),
        f"{NAMED}no Django settings were found: the environment has no DJANGO_SETTINGS_MODULE,"
        " pytest's settings have none that pytest-django reads, and no manage.py in . names a"
        " module. Name it: DJANGO_SETTINGS_MODULE=mysite.settings in the environment, or, with"
        " pytest-django, in pytest's settings",
    ),
    "another engine": (
        edited(SETTINGS, "backends.sqlite3", "backends.dummy"),
        f"{NAMED}the database 'default' of the settings mysite.settings, named by manage.py, has"
        " the engine 'django.db.backends.dummy'; expected one of SQLite. Name settings that use"
        " SQLite, in the environment: DJANGO_SETTINGS_MODULE=...",
    ),
    "an app that is not there": (
        edited(SETTINGS, '    "shelf",', '    "shelff",'),
        f"{NAMED}the settings mysite.settings, named by manage.py, cannot be used: Django's setup"
        " raised ModuleNotFoundError: No module named 'shelff'",
    ),
    "an unknown label": (
        source("django:note"),
        "Error: migration_source 'django:note': no installed app has the label 'note'."
        " Did you mean 'django:notes'?",
    ),
    "no label": (
        source("django:"),
        "Error: migration_source 'django:' names no app; expected \"django\" for every app of the"
        ' project, or "django:notes" for the one with the label notes',
    ),
    "an app of a third party": (
        source("django:shelf"),
        "Error: migration_source 'django:shelf': the migrations of the app shelf are not the"
        " project's own: they are not below {root}. Did you mean 'django:labels'?",
    ),
    "an app without migrations": (
        empty_app,
        "Error: migration_source 'django:empty': the app empty has no migrations; expected at"
        " least one. Write the first: python manage.py makemigrations empty",
    ),
    "a project without migrations": (
        no_migrations,
        f"{NAMED}no app below {{root}} has migrations; expected at least one. Write the first:"
        " python manage.py makemigrations labels",
    ),
    "a cycle": (
        edited(STARS, '("notes", "0001_initial")', '("notes", "0003_comment")'),
        f"{UNREADABLE}CircularDependencyError: notes.0002_note_stars, notes.0003_comment",
    ),
    "a dependency that is not there": (
        edited(STARS, '("notes", "0001_initial")', '("notes", "0001_initail")'),
        f"{UNREADABLE}NodeNotFoundError: Migration notes.0002_note_stars dependencies reference"
        " nonexistent parent node ('notes', '0001_initail')",
    ),
    "two leaves": (
        two_leaves,
        f"{NAMED}Django refuses to migrate: conflicting migrations detected; multiple leaf nodes"
        " in the migration graph: (0005_longer_titles, 0005_other in notes). To fix them run:"
        " python manage.py makemigrations --merge",
    ),
    "a migration that is no Python": (
        appended(TITLES, "x = (\n"),
        f"{UNREADABLE}SyntaxError: '(' was never closed ({TITLES}:10)",
    ),
    "a migration without its class": (
        lambda project: (project.path / TITLES).write_text(""),
        f"{UNREADABLE}BadMigrationError: Migration 0005_longer_titles in app notes has no"
        " Migration class",
    ),
}


@pytest.mark.parametrize(("change", "message"), CASES.values(), ids=CASES)
def test_it_is_told_in_one_line(
    shop: TriedProject, change: Callable[[TriedProject], None], message: str
) -> None:
    change(shop)
    printed = shop.run("pmd-migrations", "snapshot")
    # In which order Django lists a cycle depends on the seed of its sets.
    text = printed.text.replace(
        "notes.0003_comment, notes.0002_note_stars", "notes.0002_note_stars, notes.0003_comment"
    )
    assert text == message.replace("{root}", str(shop.path)) + END
    assert printed.code != 0
    assert not (shop.path / "fixtures").exists()


def test_a_released_migration_that_is_gone_is_told_by_its_own_number(shop: TriedProject) -> None:
    shop.released()
    (shop.path / TITLES).unlink()
    gone = shop.matrix("--migration-checks=schema,frozen")
    assert gone.failed == {("0006", "frozen")}, gone.text
    assert "0005_longer_titles.py was removed after release" in gone.text


def test_squashed_migrations_stand_behind_those_that_they_replace(shop: TriedProject) -> None:
    shop.released()
    squashed = shop.path / "notes/migrations/0001_squashed_0003_comment.py"
    squashed.write_text(SQUASHED, encoding="utf-8")
    added = shop.run("pmd-migrations", "snapshot")
    assert "0006 (stored) -> 0007 and fresh -> 0007: same schema" in added.text, added.text
    assert shop.run("pmd-migrations", "release").code == 0
    good = shop.matrix("--migration-checks=schema,data,again,frozen")
    assert good.code == 0, good.text
    for name in ("0001_initial", "0002_note_stars", "0003_comment"):
        (shop.path / f"notes/migrations/{name}.py").unlink()
    gone = shop.matrix("--migration-checks=schema,data,again,frozen")
    # Django cannot upgrade these databases any more; those behind them it can.
    released = {"0001", "0002", "0003"}
    lineages = {(f"{version}..0007", "schema") for version in released}
    assert gone.failed == {(version, "frozen") for version in released} | lineages, gone.text


SQUASHED = """\
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("notes", "0001_initial"),
        ("notes", "0002_note_stars"),
        ("notes", "0003_comment"),
    ]
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            "Note",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("title", models.CharField(max_length=200)),
                ("body", models.TextField(default="")),
                ("author", models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)),
                ("stars", models.PositiveIntegerField(default=0)),
                ("slug", models.CharField(max_length=100, default="")),
            ],
        ),
        migrations.CreateModel(
            "Comment",
            [
                ("id", models.BigAutoField(primary_key=True)),
                ("text", models.TextField()),
                ("note", models.ForeignKey("notes.note", models.CASCADE)),
            ],
        ),
    ]
"""


SOURCES = Path(__file__).parents[3] / "src/pytest-pmd-migrations"
ASK = (
    "import pathlib; from pytest_pmd_migrations.errors import SourceError\n"
    "from pytest_pmd_migrations.sources.django import make_source\n"
    "try:\n    make_source('django', pathlib.Path('.'), 'X').versions()\n"
    "except SourceError as error:\n    print(error)\n"
)
VERSIONS = {
    "none": (
        "",
        "X needs Django, which is not installed in this environment: pip install django"
        " (Django 5.2 and 6.1 are known to work)\n",
    ),
    "too old": (
        "(3, 2, 25)",
        "X: Django 3.2.25 is too old; Django 5.2 and 6.1 are known to work:"
        " pip install 'django>=5.2'\n",
    ),
    "too new": (
        "(99, 0, 0)",
        "X: Django 99.0.0 cannot be used, as its django.db.migrations.loader has no"
        " MigrationLoader.build_graph; Django 5.2 and 6.1 are known to work\n",
    ),
}


@pytest.mark.parametrize(("version", "message"), VERSIONS.values(), ids=VERSIONS)
def test_a_django_that_cannot_be_used_is_named(tmp_path: Path, version: str, message: str) -> None:
    if version:
        (tmp_path / "django").mkdir()
        text = (
            f"VERSION = {version}\n\n\ndef get_version():\n    return '.'.join(map(str, VERSION))\n"
        )
        (tmp_path / "django/__init__.py").write_text(text, encoding="utf-8")
    # Without its site-packages a Python has no other Django.
    asked = subprocess.run(
        [sys.executable, "-S", "-c", ASK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(SOURCES)))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.stdout == message, asked.stderr
