"""The command init: what it finds without running anything, and what it writes where."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_pmd_migrations.cli.init import choose_source, write_source
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.sources.found_here import find_candidates

from tests.every import for_every
from tests.unit.plugin.cli.conftest import Project

LINE = 'migration_source = "db/sql"'
INI_LINE = "migration_source = db/sql"
TABLE = f"[tool.pytest.ini_options]\n{LINE}\n"
# Whoever runs or imports it is found out.
BOOM = "raise SystemExit('imported')\n"

FOUND = {
    "Alembic": ({"alembic.ini": "[alembic]\n"}, {"alembic.ini"}),
    "Alembic, its revisions dated": (
        {
            "alembic.ini": "[alembic]\n",
            "alembic/versions/2024-01-05_9c1f_notes.py": "from alembic import op\n",
        },
        {"alembic.ini"},
    ),
    "Alembic, a half in each file": (
        {"alembic.ini": "[alembic]\n", "pyproject.toml": "[tool.alembic]\n"},
        {"alembic.ini"},
    ),
    "Alembic in pyproject": ({"pyproject.toml": "[tool.alembic]\n"}, {"alembic"}),
    "Flask-Migrate": (
        {
            "migrations/alembic.ini": "[alembic]\n",
            "migrations/env.py": "from flask import current_app\n",
            "webapp/__init__.py": f"import flask\n{BOOM}def create_app():\n    Migrate(app, db)\n",
        },
        {"flask:webapp:create_app"},
    ),
    "Flask-Migrate that another module is told of": (
        {
            "migrations/alembic.ini": "[alembic]\n",
            "migrations/env.py": "from flask import current_app\n",
            "src/site/__init__.py": f"import flask\n{BOOM}def create_app():\n    add(app)\n",
            "src/site/add.py": "from flask_migrate import Migrate\n",
        },
        {"flask:site:create_app"},
    ),
    "Flask-Migrate whose application is not seen": (
        {
            "migrations/alembic.ini": "[alembic]\n",
            "migrations/env.py": "from flask import current_app\n",
            "wsgi.py": f"{BOOM}from site import app\n",
        },
        {"flask"},
    ),
    "Django below": (
        {"backend/manage.py": f"{BOOM}os.environ['DJANGO_SETTINGS_MODULE'] = 'site'\n"},
        {"django"},
    ),
    "Django": (
        {
            "manage.py": f"{BOOM}os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'site')\n",
            "notes/migrations/0001_initial.py": "from django.db import migrations\n",
        },
        {"django"},
    ),
    "sqlite-utils": (
        {
            "src/app/db.py": f"from sqlite_utils import Migrations\n{BOOM}ms = Migrations('a')\n",
            "src/app/broken.py": "migrations = Migrations(\n",
        },
        {"app.db:ms"},
    ),
    "a list": (
        {
            "app/db.py": f"{BOOM}MIGRATIONS = [('one', 'CREATE TABLE a(x)'), two]\n",
            "app/names.py": "MIGRATIONS = ['one', 'two']\nmigrations = []\n",
        },
        {"app.db:MIGRATIONS"},
    ),
    "fastmigrate": ({"migrations/0001-notes.sql": ""}, {"fastmigrate:migrations"}),
    "yoyo": ({"db/one.py": f"from yoyo import step\n{BOOM}"}, {"yoyo:db"}),
    "yoyo in SQL": ({"db/b.sql": "-- depends: a\n"}, {"yoyo:db"}),
    "yoyo.ini": (
        {"yoyo.ini": "[DEFAULT]\nsources = %(here)s/steps\n", "steps/a.sql": ""},
        {"yoyo:steps"},
    ),
    "Flyway": ({"db/V1__notes.sql": ""}, {"db"}),
    "golang-migrate": ({"db/000001_notes.up.sql": "", "db/000001_notes.down.sql": ""}, {"db"}),
    "dbmate": ({"db/migrations/2024_a.sql": "-- migrate:up\n"}, {"db/migrations"}),
    "goose": ({"db/1_a.sql": "-- +goose Up\n"}, {"db"}),
    "drizzle": ({"drizzle/meta/_journal.json": "{}", "drizzle/0000_a.sql": ""}, {"drizzle"}),
    "Prisma": ({"prisma/migrations/2024_a/migration.sql": ""}, {"prisma/migrations"}),
    "diesel": ({"migrations/2024_a/up.sql": "", "migrations/2024_a/down.sql": ""}, {"migrations"}),
    "scripts": ({"db/sql/0001_notes.sql": ""}, {"db/sql"}),
    "a package": (
        {"app/__init__.py": "", "app/m/__init__.py": "", "app/m/0001_a.py": f"{BOOM}def up(db): 0"},
        {"app.m"},
    ),
    "a package with versions": (
        {"src/app/__init__.py": "", "src/app/versions/0001_a.py": "def up(db): 0"},
        {"app"},
    ),
    "foreign ones": (
        {
            "node_modules/a/0001_a.sql": "",
            ".hidden/0001_a.sql": "",
            "env/pyvenv.cfg": "",
            "env/lib/alembic.ini": "[alembic]\n",
            "snapshots/frozen.toml": "",
            "snapshots/0001_a.sql": "",
            "tests/0001_a.sql": "",
        },
        set(),
    ),
    "several": (
        {"alembic.ini": "[alembic]\n", "db/sql/0001_notes.sql": ""},
        {"alembic.ini", "db/sql"},
    ),
}

WRITTEN = {
    "no file": ({}, "pyproject.toml", TABLE),
    "no table": (
        {"pyproject.toml": "[tool.x] # mine\na = 1"},
        "pyproject.toml",
        f"[tool.x] # mine\na = 1\n\n{TABLE}",
    ),
    "a table": (
        {"pyproject.toml": '# a\n[ tool.pytest . ini_options ]  # b\naddopts = """\n[x]"""\n'},
        "pyproject.toml",
        f'# a\n[ tool.pytest . ini_options ]  # b\n{LINE}\naddopts = """\n[x]"""\n',
    ),
    "pytest 9's own table": (
        {"pyproject.toml": "[tool.pytest]\nverbosity = 1\n"},
        "pyproject.toml",
        f"[tool.pytest]\n{LINE}\nverbosity = 1\n",
    ),
    "pytest.toml": ({"pytest.toml": "[pytest]\n"}, "pytest.toml", f"[pytest]\n{LINE}\n"),
    "an empty pytest.ini goes before all others": (
        {"pytest.ini": "", "pyproject.toml": TABLE.replace("db/sql", "other")},
        "pytest.ini",
        f"[pytest]\n{INI_LINE}\n",
    ),
    "tox.ini of Windows": (
        {"tox.ini": "; a\r\n[pytest]\r\naddopts = -q\r\n"},
        "tox.ini",
        f"; a\r\n[pytest]\r\n{INI_LINE}\r\naddopts = -q\r\n",
    ),
    "a tox.ini that is not for pytest": (
        {"tox.ini": "[tox]\n", "setup.cfg": "[tool:pytest]\n# a"},
        "setup.cfg",
        f"[tool:pytest]\n{INI_LINE}\n# a",
    ),
}

REFUSED = {
    "set already": (
        {"pyproject.toml": TABLE.replace("db/sql", "app")},
        'pyproject.toml has migration_source = "app" already, and it was left as it is. Take that'
        " line out first, or go on: pmd-migrations snapshot",
    ),
    "an inline table": (
        {"pyproject.toml": '[tool]\npytest = {ini_options = {addopts = "-q"}}\n'},
        "pyproject.toml has its settings in a form that cannot be added to. Write into"
        f" [tool.pytest.ini_options] yourself: {LINE}",
    ),
    "no TOML": (
        {"pyproject.toml": "[tool\n"},
        "pyproject.toml cannot be read: Expected ']' at the end of a table declaration"
        " (at line 1, column 6)",
    ),
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())


@for_every("case", FOUND.values(), ids=FOUND)
def test_migrations_are_found_without_running_anything(
    tmp_path: Path, case: tuple[dict[str, str], set[str]]
) -> None:
    files, expected = case
    write(tmp_path, files)
    before = {*sys.modules}
    assert {one.source for one in find_candidates(tmp_path)} == expected
    assert not {"app", "db", "webapp", "notes"} & ({*sys.modules} - before)


@for_every("files, name, expected", WRITTEN.values(), ids=WRITTEN)
def test_the_line_goes_where_pytest_reads_it_and_all_else_stays(
    tmp_path: Path, files: dict[str, str], name: str, expected: str
) -> None:
    write(tmp_path, {"db/sql/0001_notes.sql": "", **files})
    for path in files:
        (tmp_path / path).chmod(0o640)
    write_source(choose_source(tmp_path / "db" if files else tmp_path, ""))
    written = tmp_path / name
    assert written.read_bytes().decode() == expected
    assert not files or stat.S_IMODE(written.stat().st_mode) == 0o640
    for path in {*files} - {name}:
        assert (tmp_path / path).read_text() == files[path]


@for_every("files, message", REFUSED.values(), ids=REFUSED)
def test_what_is_there_is_never_destroyed(
    tmp_path: Path, files: dict[str, str], message: str
) -> None:
    write(tmp_path, {"db/sql/0001_notes.sql": "", **files})
    with pytest.raises(SettingError) as caught:
        write_source(choose_source(tmp_path, ""))
    assert str(caught.value).replace(f"{tmp_path}/", "") == message
    for path, text in files.items():
        assert (tmp_path / path).read_text() == text


def test_the_command_lists_candidates_writes_one_and_ends_with_the_next_command(
    project: Callable[..., Project],
) -> None:
    made = project()
    settings = made.path / "pyproject.toml"
    settings.unlink()
    made.write("conftest.py", BOOM)
    code, text = made.run("init")
    assert code == 2
    assert text.startswith("Error: no migrations were found below ROOT: ")
    assert "in the module app/db.py:\n  pmd-migrations init --source app.db:STEPS\n" in text
    assert 'A command:\n  pmd-migrations init --source "command: myapp migrate --to {to}' in text
    made.write("db/sql/0001_notes.sql", "CREATE TABLE notes(id INTEGER PRIMARY KEY);\n")
    made.write("alembic.ini", "[alembic]\n")
    assert made.run("init") == (
        2,
        "Error: there are 2 candidates:\n"
        '  migration_source = "alembic.ini"  (Alembic)\n'
        '  migration_source = "db/sql"  (numbered files)\n'
        "Choose one: pmd-migrations init --source alembic.ini\n",
    )
    assert not settings.exists()
    assert made.run("init", "--source", "db/sql") == (
        0,
        "found    db/sql  numbered files\n"
        'wrote    pyproject.toml  migration_source = "db/sql"\n'
        "next     pmd-migrations snapshot\n",
    )
    made.write("conftest.py", "")
    assert "wrote    0001.db" in made.run("snapshot")[1]
    assert made.run("release") == (0, "released 0001\n")
    made.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    assert made.run("check")[1].endswith(
        'Found here: "alembic.ini" (Alembic), "db/sql" (numbered files).'
        " Write it: pmd-migrations init\n"
    )
