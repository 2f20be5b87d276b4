"""The text of a setting names a package, a folder or an object; similar names are offered."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.sources import resolve_source
from pytest_pmd_migrations.sources.abilities import can_rerun
from pytest_pmd_migrations.sources.applied.current_version import current_version
from pytest_pmd_migrations.sources.protocol import volatile_columns
from pytest_pmd_migrations.sources.resolve import resolve_connection

from tests.unit.plugin.sources.conftest import RUNNER, message, package, write


def test_a_package_below_src_is_found(tmp_path: Path) -> None:
    package(tmp_path / "src")
    assert resolve_source("shop.migrations", root=tmp_path).name == "shop.migrations"


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


def test_a_name_that_cannot_be_imported_is_said_with_what_was_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path)
    (tmp_path / "db").mkdir()
    for name in ("alembic.ini", "db/alembic.ini"):
        (tmp_path / name).write_text("[alembic]\n")
        monkeypatch.setitem(sys.modules, "alembic", None)
        assert message(name, tmp_path) == (
            f"migration_source {name!r} needs alembic, which is not installed here; known to work:"
            " Alembic 1.20 with SQLAlchemy 2.1. pip install alembic"
        )
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
        f" ({tmp_path}/shop/migrations/__init__.py:1)"
    )


def test_a_module_that_python_cannot_read_or_that_misses_another_is_said_with_its_line(
    tmp_path: Path,
) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": "x = 1\nif x\n    pass\n"})
    assert message("shop.db:x", tmp_path) == (
        "migration_source 'shop.db:x' cannot be imported: SyntaxError: expected ':'"
        f" ({tmp_path}/shop/db.py:2)"
    )
    write(tmp_path, {"shop/store.py": "x = 1\nimport nowhere\n"})
    assert message("shop.store:x", tmp_path) == (
        "migration_source 'shop.store:x' cannot be imported: No module named 'nowhere'"
        f" ({tmp_path}/shop/store.py:2)"
    )


def test_a_folder_beside_the_settings_comes_before_a_module_of_its_name(tmp_path: Path) -> None:
    write(tmp_path, {"json/0001_one.sql": "CREATE TABLE one(a);\n"})
    source = resolve_source("json", root=tmp_path)
    assert (source.name, tuple(source.versions())) == ("json", (1,))
    write(tmp_path, {"db/of the shop/0001_one.sql": "CREATE TABLE one(a);\n"})
    assert resolve_source("db/of the shop", root=tmp_path).name == "of_the_shop"


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
        " upgrade(conn, to) or upgrade_file(path, to). See docs/reference/sources.md"
    )


@pytest.mark.parametrize(
    ("raising", "raised"),
    [
        ("pytest.skip('not here', allow_module_level=True)", "Skipped: not here"),
        ("sys.exit(0)", "SystemExit: 0"),
        ("raise GeneratorExit", "GeneratorExit"),
    ],
)
def test_what_ends_an_import_or_a_call_is_said_and_skips_nothing(
    tmp_path: Path, raising: str, raised: str
) -> None:
    text = f"import sys\nimport pytest\n{raising}\n"
    called = f"import sys\nimport pytest\ndef source():\n    {raising}\n"
    write(tmp_path, {"shop/__init__.py": "", "shop/raises.py": text, "shop/called.py": called})
    assert message("shop.raises:x", tmp_path) == (
        f"migration_source 'shop.raises:x' cannot be imported: {raised}"
        f" ({tmp_path}/shop/raises.py:3)"
    )
    assert message("shop.called:source", tmp_path) == (
        f"migration_source 'shop.called:source' cannot be used: source() raised {raised};"
        " expected a source, or a function without arguments that returns one"
    )


PREPARE = "def prepare(conn):\n    conn.create_function('fold', 1, str.casefold)\n"


def connection_message(text: str, root: Path) -> str:
    with pytest.raises(SettingError) as caught:
        resolve_connection(text, root=root)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_function_that_prepares_connections_is_found(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": PREPARE})
    ((name, prepare),) = resolve_connection("shop.db:prepare", root=tmp_path)
    assert name == "migration_connection 'shop.db:prepare'"
    with closing(sqlite3.connect(":memory:")) as conn:
        prepare(conn)
        assert conn.execute("SELECT fold('A')").fetchone() == ("a",)
    assert resolve_connection("", root=tmp_path) == ()


def test_what_names_no_function_is_refused(tmp_path: Path) -> None:
    for text in ("shop.db", "shop.db:", ":prepare", "shop/db.py:prepare", " a:b"):
        assert connection_message(text, tmp_path) == (
            f'migration_connection {text!r} names no function; expected "app.db:prepare", a'
            " module's dotted name and, after a colon, a function prepare(conn) in it"
        )


def test_a_function_that_is_not_there_is_said_with_what_was_meant(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": f"{PREPARE}\nname = 'shop'\n"})
    assert connection_message("shop.db:prepar", tmp_path) == (
        "migration_connection 'shop.db:prepar' cannot be used: shop.db has no 'prepar'."
        " Did you mean 'prepare'?"
    )
    assert connection_message("shop.dx:prepare", tmp_path) == (
        "migration_connection 'shop.dx:prepare' cannot be imported: No module named 'shop.dx'"
    )
    assert connection_message("shop.db:name", tmp_path) == (
        "migration_connection 'shop.db:name' cannot be called: it is a str; expected a function"
        " prepare(conn) that adds functions and collations to a connection"
    )


def test_a_module_that_cannot_be_imported_says_why(tmp_path: Path) -> None:
    write(tmp_path, {"shop/__init__.py": "", "shop/db.py": "import sys\nsys.exit('no config')\n"})
    assert connection_message("shop.db:prepare", tmp_path) == (
        "migration_connection 'shop.db:prepare' cannot be imported: SystemExit: no config"
        f" ({tmp_path}/shop/db.py:2)"
    )
