"""A package whose own MigrationRunner runs its files: the plugin finds and imports them."""

from __future__ import annotations

import email
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.errors import SettingError, StepFailedError
from pytest_pmd_migrations.sources import Condition, Declarations, Location, resolve_source
from pytest_pmd_migrations.sources.abilities import can_rerun
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.sources.protocol import declared_by, runner_of
from pytest_pmd_migrations.sources.run import rerun

from tests.unit.plugin.sources.conftest import RUNNER, message, package, tables, write


def test_a_package_is_run_by_its_own_runner_and_stops_where_it_should(tmp_path: Path) -> None:
    source = resolve_source("shop.migrations", root=package(tmp_path))
    assert (source.name, tuple(source.versions())) == ("shop.migrations", (1, 2))
    with closing(sqlite3.connect(":memory:")) as conn:
        source.upgrade(conn, 1)
        assert (current_version(source, conn), tables(conn)) == (1, ["one"])
        source.upgrade(conn, 2)
        assert (current_version(source, conn), tables(conn)) == (2, ["one", "two"])


def test_the_files_may_lie_in_a_folder_of_the_package(tmp_path: Path) -> None:
    runner = RUNNER.replace("{__name__}.{NAMES", "{__name__}.versions.{NAMES")
    folder = package(tmp_path, runner=runner) / "shop/migrations"
    (folder / "versions").mkdir()
    for file in folder.glob("000*.py"):
        file.rename(folder / "versions" / file.name)
    source = resolve_source("shop.migrations", root=tmp_path)
    with closing(sqlite3.connect(":memory:")) as conn:
        source.upgrade(conn, 2)
        assert tables(conn) == ["one", "two"]
    assert declared_by(source, 2).moves == {"one.a": "two.a"}
    assert f"{source.name}.0002_two" not in sys.modules


def test_a_runner_may_take_the_target_among_any_other_words(tmp_path: Path) -> None:
    runner = (
        "class MigrationRunner:\n"
        "    def __init__(self, conn): ...\n"
        "    def run_migrations(self, **options): ...\n"
    )
    source = resolve_source("shop.migrations", root=package(tmp_path, runner=runner))
    assert tuple(source.versions()) == (1, 2)


def test_a_migrations_location_is_the_line_of_its_up(tmp_path: Path) -> None:
    source = resolve_source("shop.migrations", root=package(tmp_path))
    assert source.location(1) == Location(tmp_path / "shop/migrations/0001_one.py", 5)


def test_a_migration_can_be_run_again(tmp_path: Path) -> None:
    source = resolve_source("shop.migrations", root=package(tmp_path))
    assert can_rerun(source)
    with closing(sqlite3.connect(":memory:")) as conn:
        source.upgrade(conn, 2)
        rerun(source, conn, 2)
        assert current_version(source, conn) == 2
        with pytest.raises(sqlite3.OperationalError, match="already exists"):
            rerun(source, conn, 1)


def test_declarations_are_the_modules_constants(tmp_path: Path) -> None:
    source = resolve_source("shop.migrations", root=package(tmp_path))
    assert declared_by(source, 1) == Declarations()
    assert declared_by(source, 2) == Declarations(
        deletes={"one": Condition("a IS NULL", "empty")},
        changes={"one.a": Condition("1", "trimmed")},
        moves={"one.a": "two.a"},
    )


@pytest.mark.parametrize(
    ("constant", "text"),
    [
        ("verify = 3", "0001_one.py: verify is not a function; expected verify(before, after)"),
        (
            "DELETES = ['t']",
            "0001_one.py: DELETES is ['t']; expected a dict,"
            ' {"table": ("<SQL over the old row>", "<reason>")} for some rows, {"table": "DROP"} or'
            ' {"table.column": "DROP"} for all rows or values',
        ),
        (
            "CHANGES = {'t.a': 'all'}",
            "0001_one.py: CHANGES['t.a'] is 'all'; expected"
            ' ("<SQL over the old row>", "<reason>")',
        ),
        (
            "MOVES = {'t': 'u.a'}",
            "0001_one.py: MOVES['t'] is 'u.a'; expected \"old_table.column\": \"new_table.column\","
            " or a tuple of several",
        ),
        (
            "MOVES = 3",
            '0001_one.py: MOVES is 3; expected a dict, {"old_table.column": "new_table.column"}',
        ),
    ],
)
def test_malformed_declarations_are_refused(tmp_path: Path, constant: str, text: str) -> None:
    write(package(tmp_path), {"shop/migrations/0001_one.py": f"{constant}\ndef up(db): ...\n"})
    source = resolve_source("shop.migrations", root=tmp_path)
    with pytest.raises(SettingError) as caught:
        declared_by(source, 1)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    ("method", "text"),
    [
        (
            "run_migrations(self)",
            "cannot stop at a version; expected run_migrations(target=None). Add the argument, or"
            " write a source that can stop",
        ),
        (
            "__init__(self, conn)",
            "has no run_migrations; expected run_migrations(target=None). Add the method, or write"
            " a source that calls the runner",
        ),
    ],
)
def test_a_runner_that_cannot_stop_is_refused(tmp_path: Path, method: str, text: str) -> None:
    package(tmp_path, runner=f"class MigrationRunner:\n    def {method}: ...\n")
    assert message("shop.migrations", tmp_path) == (
        f"migration_source 'shop.migrations': its MigrationRunner {text} (docs/howto/own-runner.md)"
    )


def test_a_runner_that_leaves_no_user_version_is_told_where_it_is_read(tmp_path: Path) -> None:
    runner = (
        "class MigrationRunner:\n    def __init__(self, conn): ...\n"
        "    def run_migrations(self, target=None): ...\n"
    )
    source = resolve_source("shop.migrations", root=package(tmp_path, runner=runner))
    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(StepFailedError) as caught:
        take_step(source, conn, 1)
    assert str(caught.value) == (
        "the step to 0001 ended at version 0000; expected the application's runner to apply"
        " 0001_one.py and to stop there. Its version is read from PRAGMA user_version: a runner"
        " that keeps it elsewhere needs a source with current_version(conn), one that opens the"
        " database by its path a source with upgrade_file(path, to) (docs/howto/own-runner.md)"
    )


def test_two_files_with_one_number_are_refused(tmp_path: Path) -> None:
    package(tmp_path)
    write(tmp_path, {"shop/migrations/0002_zwei.py": "VERSION = 2\ndef up(db): ...\n"})
    assert message("shop.migrations", tmp_path) == (
        "migration_source 'shop.migrations' has two migrations numbered 2: 0002_two.py and"
        f" 0002_zwei.py in {tmp_path}/shop/migrations; expected one. Renumber the newer one"
    )


def test_a_gap_in_the_numbers_is_refused(tmp_path: Path) -> None:
    package(tmp_path)
    write(tmp_path, {"shop/migrations/0004_four.py": "VERSION = 4\ndef up(db): ...\n"})
    assert message("shop.migrations", tmp_path) == (
        "migration_source 'shop.migrations' has a gap: 0002_two.py is followed by 0004_four.py"
        f" in {tmp_path}/shop/migrations; expected version 3. Restore the missing file"
    )


def test_numbers_that_are_dates_may_have_gaps(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "shop/__init__.py": "",
            "shop/migrations/__init__.py": RUNNER,
            "shop/migrations/20240101_one.py": "",
            "shop/migrations/20240305_two.py": "",
        },
    )
    source = resolve_source("shop.migrations", root=tmp_path)
    assert tuple(source.versions()) == (20240101, 20240305)


EMPTY = "import abc\nclass MigrationRunner:\n    def run_migrations(self, target=None): ...\n"


@pytest.mark.parametrize(
    ("setting", "files", "runner"),
    [
        ("shop/db", {"shop/db/__init__.py": EMPTY}, "shop.db"),
        ("shop.db", {"shop/db/__init__.py": EMPTY}, "shop.db"),
        ("shop", {"shop/__init__.py": "", "shop/run.py": EMPTY}, "shop.run"),
        ("shop/db", {"shop/db/runner.py": EMPTY}, "db.runner"),
        ("shop/db/versions", {"shop/db/__init__.py": EMPTY}, "shop.db"),
        ("shop.db.versions", {"shop/db/__init__.py": EMPTY, "shop/db/versions/__init__.py": ""},
         "shop.db"),
    ],
)  # fmt: skip
def test_the_applications_runner_is_found_however_its_files_are_named(
    tmp_path: Path, setting: str, files: dict[str, str], runner: str
) -> None:
    folder = setting.replace(".", "/")
    package_file = {"shop/__init__.py": ""} if runner.startswith("shop.") else {}
    write(tmp_path, {**package_file, **files, f"{folder}/0001_one.sql": "CREATE TABLE one(a);"})
    source = resolve_source(setting, root=tmp_path)
    assert (source.name, runner_of(source)) == (runner, f"{runner}.MigrationRunner")
    assert source.location(1).path.name == "0001_one.sql"


@pytest.mark.parametrize(
    "text", ["", "# no MigrationRunner here", "from pmd.store.migrations import MigrationRunner"]
)
def test_a_package_without_a_runner_is_run_by_pmds(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"other/__init__.py": text, "other/0001_one.sql": "CREATE TABLE one(a);"})
    for setting in ("other", "other/"):
        source = resolve_source(setting, root=tmp_path)
        assert (source.name, runner_of(source)) == ("other", "pmd")


def test_another_module_of_the_runners_name_is_told(tmp_path: Path) -> None:
    write(tmp_path, {"email/0001_one.sql": "CREATE TABLE one(a);", "email/__init__.py": EMPTY})
    assert message("email", tmp_path) == (
        "migration_source 'email': its runner is in the module email, but Python has "
        f"{email.__file__} under that name. Rename the folder, or name the migrations by their"
        " package"
    )
