"""A setting that names something else than a source says what that is, and what was meant."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.sources import resolve_source

from tests.every import for_every
from tests.unit.plugin.sources.conftest import message, package, tables, write

DOT = "begins with a dot, as no name does that is imported from anywhere"
FORMS = 'expected a package "app.migrations", a folder "db/sql" or an object "app.db:thing"'
OWN = (
    "class Steps:\n    name = 'steps'\n    def versions(self): return [1]\n"
    "    def location(self, version): ...\n    def upgrade(self, conn, to): ...\n"
)


def said(text: str, root: Path) -> str:
    """The message without the setting and its value, which begin every one."""
    whole, beginning = message(text, root), f"migration_source {text!r} "
    assert whole.startswith(beginning)
    return whole.removeprefix(beginning).replace(str(root), "ROOT")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """An application with a package of migrations, a folder of scripts, a source and a database."""
    write(
        package(tmp_path, runner=""),
        {
            "shop/db.py": f"{OWN}steps = Steps()\n_hidden = Steps()\n",
            "shop/views.py": "from pytest_pmd_migrations import Location, Source\nx = 1\n",
            "shop/migrations/runner.py": "def run(conn): ...\n",
            "db/sql/0001_x.sql": "CREATE TABLE x(a);\n",
            "db/sql/notes.sql": "",
            "settings.py": "",
        },
    )
    with closing(sqlite3.connect(tmp_path / "shop.sqlite")) as conn:
        conn.execute("CREATE TABLE one(a)")
    return tmp_path


@for_every(
    "text, expected",
    [
        (
            "shop.db",
            "is a module; expected, after a colon, the name of the source in it."
            " Did you mean 'shop.db:Steps' or 'shop.db:steps'?",
        ),
        (
            "shop.db.steps",
            "cannot be imported: No module named 'shop.db.steps'; 'shop.db' is not a package."
            " Did you mean 'shop.db:steps'?",
        ),
        (
            "shop.views",
            "is a module without a class MigrationRunner; expected the package, whose files pmd's"
            " runner runs, or a source in the module."
            " Did you mean 'shop.migrations' or 'shop.views:NAME'?",
        ),
        (
            "settings",
            f"is a module without migrations, and no source stands in it; {FORMS}",
        ),
        (
            "shop.migrations.runner",
            "is a module without a class MigrationRunner; expected the package, whose files pmd's"
            " runner runs, or a source in the module."
            " Did you mean 'shop.migrations' or 'shop.migrations.runner:NAME'?",
        ),
        (
            "shop/db.py",
            "is a file; expected a module's dotted name and, after a colon, the name of the source"
            " in it. Did you mean 'shop.db:NAME'?",
        ),
        (
            "./shop/db.py:steps",
            "is a file; expected a module's dotted name and, after a colon, the name of the source"
            " in it. Did you mean 'shop.db:steps'?",
        ),
        (
            "shop/db:steps",
            "is a path with an object; expected a module's dotted name before the colon."
            " Did you mean 'shop.db:steps'?",
        ),
        (
            "./db/sql/0001_x.sql",
            "is one migration; expected the folder that holds all. Did you mean 'db/sql'?",
        ),
        (
            "shop/migrations/0002_two.py",
            "is one migration; expected the folder that holds all. Did you mean 'shop.migrations'?",
        ),
        ("db/sql/notes.sql", f"is a file; {FORMS}"),
        (
            "shop.sqlite",
            f"is a database; its migrations are expected: {FORMS}. Did you mean 'db/sql'?",
        ),
        (
            "./shop.sqlite",
            f"is a database; its migrations are expected: {FORMS}. Did you mean 'db/sql'?",
        ),
        ("..", f"{DOT}; {FORMS}. Did you mean '../'?"),
        (".shop.migrations", f"{DOT}; {FORMS}. Did you mean 'shop.migrations'?"),
        (".shop.db:steps", f"{DOT}; {FORMS}. Did you mean 'shop.db:steps'?"),
        ("db", "has no migrations; there are some below it. Did you mean 'db/sql'?"),
        ("db/sq", "is no folder: ROOT/db/sq does not exist. Did you mean 'db/sql'?"),
        (
            '"shop.migrations"',
            "has quotes or blanks around it, which an ini file takes as they are."
            " Did you mean 'shop.migrations'?",
        ),
        (
            "shop.db:step",
            "cannot be used: shop.db has no 'step'. Did you mean 'steps'?",
        ),
        (
            "shop.db:",
            "cannot be used: shop.db has no ''. Did you mean 'Steps' or 'steps'?",
        ),
        (
            "shop.db:migrations",
            "cannot be used: shop.db has no 'migrations'. Did you mean 'Steps' or 'steps'?",
        ),
    ],
)
def test_what_was_meant(shop: Path, text: str, expected: str) -> None:
    assert said(text, shop) == expected


def test_a_folder_that_is_empty_and_one_of_other_files(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert said("empty", tmp_path) == (
        "has no migrations; expected at least one."
        ' Write the first: pmd-migrations new "initial schema"'
    )
    write(tmp_path, {f"sql/{name}.sql": "" for name in ("V1_init", "a", "b", "c")})
    assert said("sql", tmp_path) == (
        "has no migrations; expected names that begin with a number, as in 0001_initial.sql, and"
        " there are V1_init.sql, a.sql, b.sql and others. Rename them, or write the first:"
        ' pmd-migrations new "initial schema"'
    )


def test_migrations_of_sqlite_utils_in_a_module_are_named(tmp_path: Path) -> None:
    made = "from sqlite_utils import Migrations\nmigrations = Migrations('shop')\n"
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": made})
    assert said("shop.db", tmp_path) == (
        "is a module; expected, after a colon, the name of the source in it."
        " Did you mean 'shop.db:migrations'?"
    )


def test_a_package_whose_source_stands_in_it(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/steps/__init__.py": f"{OWN}one = Steps()\n"})
    assert said("shop.steps", tmp_path) == (
        "is a module; expected, after a colon, the name of the source in it."
        " Did you mean 'shop.steps:Steps' or 'shop.steps:one'?"
    )


def test_an_object_that_cannot_be_made(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": "def connect(path): ...\n"})
    assert said("shop:connect", tmp_path) == (
        "cannot be used: connect() raised TypeError: connect() missing 1 required positional"
        " argument: 'path'; expected a source, or a function without arguments that returns one"
    )
    write(tmp_path, {"other.py": "raise SystemExit(3)\n"})
    assert said("other:thing", tmp_path) == "cannot be imported: SystemExit: 3 (ROOT/other.py:1)"


def test_an_object_written_as_a_call_is_taken(tmp_path: Path) -> None:
    write(tmp_path, {"shop.py": f"{OWN}def get(): return Steps()\n"})
    assert resolve_source("shop:get()", root=tmp_path).name == "steps"


def test_a_runner_imported_from_pmd_runs_the_application_s_files(tmp_path: Path) -> None:
    runner = "from pmd.store.migrations import MigrationRunner, load_migrations\n"
    source = resolve_source("shop.migrations", root=package(tmp_path, runner=runner))
    with closing(sqlite3.connect(":memory:")) as conn:
        source.upgrade(conn, 2)
        assert tables(conn) == ["one", "two"]
    write(tmp_path, {"shop/db.py": runner})
    assert said("shop.db", tmp_path) == (
        "is a module without a class MigrationRunner; expected the package, whose files pmd's"
        " runner runs, or a source in the module."
        " Did you mean 'shop.migrations' or 'shop.db:NAME'?"
    )
