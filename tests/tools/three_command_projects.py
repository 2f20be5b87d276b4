"""Small projects of each tool as their owners have them: nothing of ours stands in them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "a_list",
    "alembic",
    "alembic_below",
    "alembic_in_pyproject",
    "django",
    "django_below",
    "fastmigrate",
    "flask",
    "package_in_src",
    "sqlite_utils",
    "sqlite_utils_in_src",
    "write_files",
    "yoyo",
]

_HERE = Path(__file__).parent
_NOTES = _HERE / "alembic/projects/notes"
_REVISIONS = ("9c1f0a77b2d4_create_notes.py", "4be2c19d0f63_add_pinned.py")
_NOTES_SQL = "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL)"
_STARS_SQL = "ALTER TABLE notes ADD COLUMN stars INTEGER NOT NULL DEFAULT 0"

SCRIPTS = {"sql/0001_notes.sql": f"{_NOTES_SQL};\n", "sql/0002_stars.sql": f"{_STARS_SQL};\n"}
"""Two scripts that nothing but their numbers tells of."""


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write texts to paths below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def alembic(folder: Path) -> None:
    """Write what `alembic init` makes, with two revisions that are each one transaction."""
    compiled = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_NOTES / "alembic", folder / "alembic", ignore=compiled)
    shutil.copy(_NOTES / "alembic.ini", folder)
    for path in (folder / "alembic/versions").iterdir():
        if path.name not in _REVISIONS:
            path.unlink()


def alembic_below(folder: Path) -> None:
    """Write the same below a project's folder, its files named by a file_template with a date."""
    inner = folder / "backend"
    inner.mkdir()
    alembic(inner)
    for name in _REVISIONS:
        path = inner / "alembic/versions" / name
        path.rename(path.with_name(f"2024-01-05-1200_{name}"))


def alembic_in_pyproject(folder: Path) -> None:
    """Write the same as its template `pyproject` does: two files, each with a half of it."""
    alembic(folder)
    ini = folder / "alembic.ini"
    text, place = ini.read_text(encoding="utf-8"), "script_location = %(here)s/alembic\n"
    assert place in text
    ini.write_text(text.replace(place, ""), encoding="utf-8")
    table = '[project]\nname = "notes"\n\n[tool.alembic]\nscript_location = "%(here)s/alembic"\n'
    write_files(folder, {"pyproject.toml": table})


def flask(folder: Path) -> None:
    """Write what `flask db init` makes for a package in src, whose extensions are a module."""
    extensions = (
        "from flask_migrate import Migrate\nfrom flask_sqlalchemy import SQLAlchemy\n\n"
        "db = SQLAlchemy()\nmigrate = Migrate()\n"
    )
    application = (
        "from flask import Flask\n\nfrom webapp.extensions import db, migrate\n\n\n"
        "def create_app(settings=None):\n"
        "    app = Flask(__name__, instance_path='/instance')\n"
        '    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///notes.db"\n'
        "    db.init_app(app)\n    migrate.init_app(app, db)\n    return app\n"
    ).replace("'/instance'", repr(str(folder / "instance")))
    files = {"src/webapp/extensions.py": extensions, "src/webapp/__init__.py": application}
    write_files(folder, files)
    program = Path(sys.executable).with_name("flask")
    subprocess.run(
        [program, "--app", "src/webapp:create_app", "db", "init"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    for name in _REVISIONS:
        shutil.copy(_NOTES / "alembic/versions" / name, folder / "migrations/versions")


_MANAGE = """\
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_settings")
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
_SETTINGS = """\
from pathlib import Path

SECRET_KEY = "of a test"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [{apps}]
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).parent / "db.sqlite3",
    }}
}}
"""
_MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [{dependencies}]
    operations = [{operation}]
"""
_ID = '("id", models.BigAutoField(primary_key=True))'
_NOTE = f'migrations.CreateModel("Note", [{_ID}, ("title", models.CharField(max_length=40))])'
_LABEL = (
    f'migrations.CreateModel("Label", [{_ID}, ("note", models.ForeignKey("notes.note",'
    " models.CASCADE))])"
)
_STARS = 'migrations.AddField("note", "stars", models.IntegerField(default=0))'


def django(folder: Path) -> None:
    """Write a project with one app of two migrations."""
    _django(folder, "notes")
    _migrations(folder / "notes", {"0001_initial": ("", _NOTE), "0002_stars": (_AFTER, _STARS)})


_AFTER = '("notes", "0001_initial")'


def django_below(folder: Path) -> None:
    """Write a project below the folder, with an app more, whose table refers to the other's."""
    inner = folder / "backend"
    _django(inner, "notes", "labels")
    _migrations(inner / "notes", {"0001_initial": ("", _NOTE)})
    _migrations(inner / "labels", {"0001_initial": (_AFTER, _LABEL)})


def _django(folder: Path, *apps: str) -> None:
    named = ", ".join(f'"{app}"' for app in apps)
    write_files(folder, {"manage.py": _MANAGE, "site_settings.py": _SETTINGS.format(apps=named)})


def _migrations(app: Path, migrations: Mapping[str, tuple[str, str]]) -> None:
    texts = {
        f"migrations/{name}.py": _MIGRATION.format(dependencies=dependencies, operation=operation)
        for name, (dependencies, operation) in migrations.items()
    }
    write_files(app, {"__init__.py": "", "migrations/__init__.py": "", **texts})


_SQLITE_UTILS = """\
from sqlite_utils import Migrations

migrations = Migrations("notes")


@migrations()
def notes(db):
    db["notes"].create({"id": int, "title": str}, pk="id")


@migrations()
def stars(db):
    db["notes"].add_column("stars", int, not_null_default=0)
"""


def sqlite_utils(folder: Path) -> None:
    """Write a module with two functions."""
    write_files(folder, {"db.py": _SQLITE_UTILS})


def sqlite_utils_in_src(folder: Path) -> None:
    """Write the same as a module of a package in src."""
    write_files(folder, {"src/app/__init__.py": "", "src/app/db.py": _SQLITE_UTILS})


def a_list(folder: Path) -> None:
    """Write a list of a script and a function."""
    text = (
        f'def stars(conn):\n    conn.execute("{_STARS_SQL}")\n\n\n'
        f'MIGRATIONS = [\n    "{_NOTES_SQL}",\n    stars,\n]\n'
    )
    write_files(folder, {"db.py": text})


def fastmigrate(folder: Path) -> None:
    """Write a folder of one script, as fastmigrate names it."""
    write_files(folder, {"migrations/0001-notes.sql": f"{_NOTES_SQL};\n"})


def yoyo(folder: Path) -> None:
    """Write yoyo.ini and a folder of one module."""
    shutil.copy(_HERE / "yoyo/projects/notes/yoyo.ini", folder)
    text = f'from yoyo import step\n\nsteps = [step("{_NOTES_SQL}", "DROP TABLE notes")]\n'
    write_files(folder, {"migrations/notes.py": text})


def package_in_src(folder: Path) -> None:
    """Write a package in src, with a module and a script."""
    module = (
        'VERSION = 1\nDESCRIPTION = "notes"\n\n\n'
        f'def up(db):\n    db.execute("{_NOTES_SQL.replace("TABLE", "TABLE IF NOT EXISTS")}")\n'
    )
    write_files(
        folder,
        {
            "src/app/__init__.py": "",
            "src/app/migrations/__init__.py": "",
            "src/app/migrations/0001_notes.py": module,
            "src/app/migrations/0002_stars.sql": f"{_STARS_SQL};\n",
        },
    )
