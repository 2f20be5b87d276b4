"""An object of sqlite_utils.Migrations as a source: sqlite-utils itself applies its functions."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources import resolve_source
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.sources.applied.recorded_order import (
    inserted_before,
    keep_recorded_order,
)
from pytest_pmd_migrations.sources.in_python.sqlite_utils_source import SqliteUtilsSource
from pytest_pmd_migrations.sources.run import rerun, upgrade

from tests.every import for_every
from tests.unit.plugin.sources.conftest import write

MODULE = """from sqlite_utils import Migrations
migrations = Migrations("shop notes")


@migrations()
def create(db):
    db["notes"].create({"id": int}, pk="id")


@migrations(name="inserted")
def later_inserted(db):
    db["tags"].create({"tag": str}, if_not_exists=True)


@migrations()
def titles(db):
    db["notes"].add_column("title", str)


def get():
    return migrations
"""


@pytest.fixture
def source(tmp_path: Path) -> Any:
    write(tmp_path, {"shop.py": MODULE})
    return resolve_source("shop:get", root=tmp_path)


def test_it_has_the_name_places_and_table_of_the_object(source: Any, tmp_path: Path) -> None:
    assert (source.name, source.runner) == ("shop_notes", "sqlite-utils")
    assert source.bookkeeping == ("_sqlite_migrations", "idx__sqlite_migrations_*")
    lines = MODULE.splitlines()
    found = [source.location(version) for version in source.versions()]
    assert {place.path for place in found} == {tmp_path / "shop.py"}
    assert [lines[place.line - 1] for place in found] == [
        "@migrations()",
        '@migrations(name="inserted")',
        "@migrations()",
    ]


@for_every("text", ["async def f(db): pass", "def f(db): yield", "async def f(db): yield db"])
def test_a_function_that_would_not_run_when_called_is_refused(tmp_path: Path, text: str) -> None:
    name = f"shop_{tmp_path.parent.name}_{tmp_path.name}".replace("-", "_")
    head = "from sqlite_utils import Migrations\nall = Migrations('shop')\n@all()\n"
    write(tmp_path, {f"{name}.py": f"{head}{text}\n"})
    with pytest.raises(SourceError, match="f would not run when called: it is async or a gener"):
        resolve_source(f"{name}:all", root=tmp_path)


def test_a_function_inserted_before_released_ones_comes_after_them(source: Any) -> None:
    keep_recorded_order(source, {1: "create", 2: "titles"})
    assert [source.label(version) for version in source.versions()] == [
        "create",
        "titles",
        "inserted",
    ]
    assert inserted_before(source, 3) == 2
    with closing(sqlite3.connect(":memory:")) as conn:
        tables = []
        for version in source.versions():
            upgrade(source, conn, version)
            assert current_version(source, conn) == version
            sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('notes', 'tags')"
            tables.append(conn.execute(sql).fetchone()[0])
        assert tables == [1, 1, 2]


def test_one_that_refuses_to_run_twice_stays_applied(source: Any) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        upgrade(source, conn, 3)
        before = conn.execute("SELECT * FROM _sqlite_migrations").fetchall()
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            rerun(source, conn, 1)
        assert conn.execute("SELECT * FROM _sqlite_migrations").fetchall() == before
        rerun(source, conn, 2)
        assert current_version(source, conn) == 3


def test_an_object_that_is_made_otherwise_is_told() -> None:
    other = SimpleNamespace(name="shop", migrations_table="_sqlite_migrations")
    with pytest.raises(SourceError) as raised:
        SqliteUtilsSource(other, "migration_source 'shop:migrations'")
    assert str(raised.value).startswith(
        "migration_source 'shop:migrations' is not as sqlite-utils 4.2 makes it: "
    )
