"""A package or folder whose files pmd's runner runs: pmd finds, loads and checks them."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.sources import Condition, Declarations, Location, resolve_source
from pytest_pmd_migrations.sources.protocol import declared_by

from tests.unit.plugin.sources.conftest import message, package, tables, write


def test_a_folder_of_modules_and_scripts_is_run_by_pmds_runner(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "db/sql/0001_one.sql": "CREATE TABLE one(a);\n",
            "db/sql/0002_two.py": (
                "VERSION = 2\nDESCRIPTION = 'two'\n"
                "def up(db):\n    db.execute('CREATE TABLE two(a)')\n"
                "def verify(before, after):\n    pass\n"
            ),
        },
    )
    source = resolve_source("db/sql", root=tmp_path)
    assert source.location(1) == Location(tmp_path / "db/sql/0001_one.sql", 1)
    assert declared_by(source, 1) == Declarations()
    assert declared_by(source, 2).verify is not None
    with closing(sqlite3.connect(":memory:")) as conn:
        source.upgrade(conn, 2)
        assert tables(conn) == ["one", "two"]


def test_a_package_without_runner_says_what_to_install_where_pmd_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path, runner="")
    for name in [name for name in sys.modules if name.partition(".")[0] == "pmd"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pmd", None)  # type: ignore[arg-type]  # "not installed"
    assert message("shop.migrations", tmp_path) == (
        "migration_source 'shop.migrations' has no MigrationRunner of its own and pmd, whose"
        " runner would run it, is not installed: pip install 'pytest-pmd-migrations[pmd]'"
    )


def test_what_pmds_discovery_refuses_is_said(tmp_path: Path) -> None:
    write(tmp_path, {"db/sql/0002_two.sql": "CREATE TABLE two(a);\n"})
    assert message("db/sql", tmp_path).startswith("migration_source 'db/sql': ")


def test_a_package_without_a_runner_is_run_by_pmds_runner(tmp_path: Path) -> None:
    source = resolve_source("shop.migrations", root=package(tmp_path, runner=""))
    assert (source.name, tuple(source.versions())) == ("shop.migrations", (1, 2))
    assert source.location(1) == Location(tmp_path / "shop/migrations/0001_one.py", 5)
    assert declared_by(source, 1) == Declarations()
    assert declared_by(source, 2) == Declarations(
        deletes={"one": Condition("a IS NULL", "empty")},
        changes={"one.a": Condition("1", "trimmed")},
        moves={"one.a": "two.a"},
    )
    with closing(sqlite3.connect(":memory:")) as conn:
        source.upgrade(conn, 1)
        assert tables(conn) == ["one"]


def test_what_a_folder_declares_is_checked_entry_by_entry(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"db/sql/0001_one.py": "VERSION = 1\nMOVES = {'t': 'u.a'}\n\n\ndef up(db): ...\n"},
    )
    with pytest.raises(SettingError) as caught:
        declared_by(resolve_source("db/sql", root=tmp_path), 1)
    assert str(caught.value) == (
        "0001_one.py: MOVES['t'] is 'u.a'; expected \"old_table.column\": \"new_table.column\","
        " or a tuple of several"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("0003_three.py", "version 0002 is missing before it"),
        ("20240305_two.py", "version 0002 is missing before it"),
        ("0002-two.py", "its name is no migration's"),
    ],
)
def test_files_are_numbered_as_pmd_numbers_them(tmp_path: Path, name: str, reason: str) -> None:
    write(tmp_path, {"db/sql/0001_one.sql": "SELECT 1;\n", f"db/sql/{name}": ""})
    refused = f"migration_source 'db/sql': {tmp_path}/db/sql/{name}: {reason}"
    assert message("db/sql", tmp_path).startswith(refused)


def test_a_linked_package_is_named_by_its_real_path(tmp_path: Path) -> None:
    package(tmp_path / "real", runner="")
    (tmp_path / "shop").symlink_to(tmp_path / "real/shop")
    source = resolve_source("shop.migrations", root=tmp_path)
    assert source.location(1).path == tmp_path / "real/shop/migrations/0001_one.py"


def test_a_folder_in_the_way_does_not_hide_a_package_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path / "src", runner="")
    (tmp_path / "here/shop.migrations").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert tuple(resolve_source("shop.migrations", root=tmp_path).versions()) == (1, 2)
