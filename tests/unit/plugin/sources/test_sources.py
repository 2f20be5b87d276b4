"""Sources: packages, folders and objects, and what is said when one cannot be used."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_pmd_migrations.errors import SettingError, SourceError
from pytest_pmd_migrations.sources import Condition, Declarations, Location, resolve_source
from pytest_pmd_migrations.sources.declarations import merge
from pytest_pmd_migrations.sources.parse_declarations import read_rows_file
from pytest_pmd_migrations.sources.protocol import (
    can_rerun,
    check_source,
    current_version,
    declared_by,
    label_of,
    rerun,
    volatile_columns,
)

RUNNER = """
import importlib
class MigrationRunner:
    def __init__(self, conn):
        self.conn = conn
    def run_migrations(self, target=None):
        for number in (1, 2):
            current = self.conn.execute("PRAGMA user_version").fetchone()[0]
            if current < number <= (target or 2):
                module = importlib.import_module(f"{__name__}.{NAMES[number]}")
                module.up(self.conn)
                self.conn.execute(f"PRAGMA user_version = {number}")
NAMES = {1: "0001_one", 2: "0002_two"}
"""


@pytest.fixture(autouse=True)
def clean_imports() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] in {"shop", "other"} or name.startswith("_migrations_"):
            del sys.modules[name]


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def package(root: Path, runner: str = RUNNER) -> Path:
    return write(
        root,
        {
            "shop/__init__.py": "",
            "shop/migrations/__init__.py": runner,
            "shop/migrations/0001_one.py": (
                "VERSION = 1\nDESCRIPTION = 'one'\n\n\n"
                "def up(conn):\n    conn.execute('CREATE TABLE one(a)')\n"
            ),
            "shop/migrations/0002_two.py": (
                "VERSION = 2\nDESCRIPTION = 'two'\nDELETES = {'one': ('a IS NULL', 'empty')}\n"
                "CHANGES = {'one.a': ('1', 'trimmed')}\nMOVES = {'one.a': 'two.a'}\n"
                "def up(conn):\n    conn.execute('CREATE TABLE IF NOT EXISTS two(a)')\n"
            ),
        },
    )


def message(text: str, root: Path) -> str:
    with pytest.raises(SettingError) as caught:
        resolve_source(text, root=root)
    return str(caught.value)


def tables(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith("sqlite_")]


def test_a_package_is_run_by_its_own_runner_and_stops_where_it_should(tmp_path: Path) -> None:
    source = resolve_source("shop.migrations", root=package(tmp_path))
    assert (source.name, tuple(source.versions())) == ("shop.migrations", (1, 2))
    with closing(sqlite3.connect(":memory:")) as conn:
        source.upgrade(conn, 1)
        assert (current_version(source, conn), tables(conn)) == (1, ["one"])
        source.upgrade(conn, 2)
        assert (current_version(source, conn), tables(conn)) == (2, ["one", "two"])


def test_a_package_below_src_is_found(tmp_path: Path) -> None:
    package(tmp_path / "src")
    assert resolve_source("shop.migrations", root=tmp_path).name == "shop.migrations"


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


def test_an_object_that_implements_the_protocol_is_used_as_it_is(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "other.py": (
                "class Source:\n"
                "    name = 'other'\n"
                "    volatile = ('log.at',)\n"
                "    def versions(self): return [3, 7]\n"
                "    def location(self, version): ...\n"
                "    def upgrade(self, conn, to): conn.execute(f'PRAGMA application_id = {to}')\n"
                "    def current_version(self, conn):\n"
                "        return conn.execute('PRAGMA application_id').fetchone()[0]\n"
                "thing = Source()\n"
            )
        },
    )
    sys.path.insert(0, str(tmp_path))
    for text in ("other:thing", "other:Source"):
        source = resolve_source(text, root=tmp_path)
        assert (source.name, volatile_columns(source), can_rerun(source)) == (
            "other",
            ("log.at",),
            False,
        )
        with closing(sqlite3.connect(":memory:")) as conn:
            source.upgrade(conn, 7)
            assert current_version(source, conn) == 7


def test_a_name_that_cannot_be_imported_is_said_with_what_was_meant(tmp_path: Path) -> None:
    package(tmp_path)
    assert message("shop.migration", tmp_path) == (
        "migration_source 'shop.migration' cannot be imported: No module named 'shop.migration'."
        " Did you mean 'shop.migrations'?"
    )
    assert message("elsewhere", tmp_path) == (
        "migration_source 'elsewhere' cannot be imported: No module named 'elsewhere'"
    )


def test_a_package_that_raises_is_said_with_its_error(tmp_path: Path) -> None:
    package(tmp_path, runner="raise RuntimeError('no settings')")
    assert message("shop.migrations", tmp_path) == (
        "migration_source 'shop.migrations' cannot be imported: RuntimeError: no settings"
    )


def test_a_runner_that_cannot_stop_is_refused(tmp_path: Path) -> None:
    package(tmp_path, runner="class MigrationRunner:\n    def run_migrations(self): ...\n")
    assert message("shop.migrations", tmp_path) == (
        "migration_source 'shop.migrations': its MigrationRunner cannot stop at a version;"
        " expected run_migrations(target=None). Add the argument, or write a source that can stop"
        " (docs/PLUGIN.md, Sources)"
    )


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


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert message("db/sql", tmp_path) == (
        f"migration_source 'db/sql' is no folder: {tmp_path}/db/sql does not exist"
    )


def test_a_package_without_migrations_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/migrations/__init__.py": RUNNER})
    assert message("shop.migrations", tmp_path) == (
        "migration_source 'shop.migrations' has no migrations; expected at least one."
        ' Write the first: pmd-migrations new "initial schema"'
    )


def test_an_attribute_that_is_not_there_is_said_with_what_was_meant(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": "migrations = None\n"})
    assert message("shop.db:migration", tmp_path) == (
        "migration_source 'shop.db:migration' cannot be used: shop.db has no 'migration'."
        " Did you mean 'migrations'?"
    )
    assert message("shop.db:zzz", tmp_path) == (
        "migration_source 'shop.db:zzz' cannot be used: shop.db has no 'zzz'"
    )
    assert message("shop.db:migrations", tmp_path) == (
        "migration_source 'shop.db:migrations' is no migration source: a NoneType without name,"
        " versions, location, upgrade; expected name, versions(), location(version) and"
        " upgrade(conn, to). See docs/PLUGIN.md, Sources"
    )


@pytest.mark.parametrize(
    ("versions", "text"),
    [
        (
            [],
            "x has no migrations; expected at least one."
            ' Write the first: pmd-migrations new "initial schema"',
        ),
        ([1, True], "x has the version True; expected integers from 1 to 2147483647"),
        ([0], "x has the version 0; expected integers from 1 to 2147483647"),
        ([2**31], "x has the version 2147483648; expected integers from 1 to 2147483647"),
        ([2, 1], "x lists its versions as [2, 1]; expected each once, ascending"),
    ],
)
def test_versions_that_cannot_be_walked_are_refused(versions: list[int], text: str) -> None:
    candidate = SimpleNamespace(name="n", versions=lambda: versions, location=print, upgrade=print)
    with pytest.raises(SourceError) as caught:
        check_source(candidate, setting="x")
    assert str(caught.value) == text


def test_declarations_of_another_type_are_refused() -> None:
    source = SimpleNamespace(name="n", declarations=lambda _: {"t": "DROP"})
    with pytest.raises(SourceError) as caught:
        declared_by(source, 3)  # type: ignore[arg-type]  # only what is asked for
    assert str(caught.value) == (
        "source n: declarations(3) returned a dict; expected pytest_pmd_migrations.Declarations"
    )


@pytest.mark.parametrize("label", ["9c1f0a77b2d4", "add the tags", ""])
def test_a_source_may_call_a_migration_by_another_name(label: str) -> None:
    source = SimpleNamespace(name="n", label=lambda version: label if version == 3 else "another")
    assert label_of(source, 3) == label  # type: ignore[arg-type]  # only what is asked for


def test_a_source_without_labels_has_none(tmp_path: Path) -> None:
    assert label_of(resolve_source("shop.migrations", root=package(tmp_path)), 1) == ""


@pytest.mark.parametrize("label", [None, 7, " 9c1f", "9c1f\n", "two\nlines", "\x1b[31mred"])
def test_a_label_that_is_no_line_of_text_is_refused(label: object) -> None:
    source = SimpleNamespace(name="n", label=lambda _: label)
    with pytest.raises(SourceError) as caught:
        label_of(source, 3)  # type: ignore[arg-type]  # only what is asked for
    assert str(caught.value) == (
        f"source n: label(3) returned {label!r}; expected one printable line of text without"
        " spaces at its ends"
    )


def test_a_label_that_cannot_be_asked_for_names_the_call() -> None:
    def label(version: int) -> str:
        raise KeyError(version)

    with pytest.raises(SourceError) as caught:
        label_of(SimpleNamespace(name="n", label=label), 3)  # type: ignore[arg-type]  # only what is asked for
    assert str(caught.value) == "source n: label(3) raised KeyError: 3"


@pytest.mark.parametrize(
    ("constant", "text"),
    [
        ("verify = 3", "0001_one.py: verify is not a function; expected verify(before, after)"),
        (
            "DELETES = ['t']",
            "0001_one.py: DELETES is ['t']; expected a dict of names to"
            ' ("<SQL over the old row>", "<reason>")',
        ),
        (
            "CHANGES = {'t.a': 'all'}",
            "0001_one.py: CHANGES['t.a'] is 'all'; expected"
            ' ("<SQL over the old row>", "<reason>")',
        ),
        (
            "MOVES = {'t': 'u.a'}",
            "0001_one.py: MOVES['t'] is 'u.a'; expected \"old_table.column\": \"new_table.column\"",
        ),
        ("MOVES = 3", '0001_one.py: MOVES is 3; expected a dict of "table.column" names'),
    ],
)
def test_malformed_declarations_are_refused(tmp_path: Path, constant: str, text: str) -> None:
    write(package(tmp_path), {"shop/migrations/0001_one.py": f"{constant}\ndef up(db): ...\n"})
    source = resolve_source("shop.migrations", root=tmp_path)
    with pytest.raises(SettingError) as caught:
        declared_by(source, 1)
    assert str(caught.value) == text


def test_a_rows_file_declares_for_sources_that_have_no_place_for_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.toml"
    path.write_text(
        '[0002.deletes]\nt = ["a IS NULL", "empty"]\n"t.b" = "DROP"\n'
        '[cache.0003.moves]\n"t.a" = "u.a"\n[cache.0003.changes]\n"t.c" = ["1", "why"]\n'
    )
    first = {
        2: Declarations(
            deletes={"t": Condition("a IS NULL", "empty"), "t.b": Condition("DROP", "")}
        )
    }
    assert read_rows_file(path, source="other") == first
    assert read_rows_file(path, source="cache") == {
        **first,
        3: Declarations(changes={"t.c": Condition("1", "why")}, moves={"t.a": "u.a"}),
    }


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (
            None,
            "migration_rows '{path}' cannot be read: No such file or directory;"
            " expected a TOML file",
        ),
        ("[", "migration_rows '{path}' is no TOML: "),
        ("0002 = 1", "rows.toml: 0002 holds 1; expected the tables deletes, changes, moves"),
        (
            "[0002.drops]\na = 1",
            "rows.toml: 0002 holds {{'drops': {{'a': 1}}}};"
            " expected the tables deletes, changes, moves",
        ),
    ],
)
def test_a_malformed_rows_file_is_refused(tmp_path: Path, content: str | None, text: str) -> None:
    path = tmp_path / "rows.toml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingError) as caught:
        read_rows_file(path, source="s")
    assert str(caught.value).startswith(text.format(path=path))


def test_two_declarations_become_one() -> None:
    one = Declarations(deletes={"a": Condition("1", "x")}, moves={"a.b": "c.d"})
    two = Declarations(deletes={"a": Condition("2", "y")}, verify=print)
    assert merge(one, two) == Declarations(
        deletes={"a": Condition("2", "y")}, moves={"a.b": "c.d"}, verify=print
    )
