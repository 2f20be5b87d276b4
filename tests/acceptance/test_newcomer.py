"""What somebody new meets in the first quarter of an hour, and the whole text that says so."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.conftest import NO_FAULTS, Application, plain

COMMAND = Path(sys.executable).with_name("pmd-migrations")
FIRST = 'def up(db):\n    db.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)")\n'
HEAD = 'VERSION = {0}\nDESCRIPTION = "step {0}"\n\n\n'


@pytest.fixture
def app(pytester: pytest.Pytester, plain_environment: None) -> Application:
    """An empty folder with a setting."""
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmigration_source = "shop.migrations"\n')
    return Application(pytester)


def command(app: Application, *arguments: str) -> str:
    result = app.pytester.run(COMMAND, *arguments)
    return result.stdout.str() + result.stderr.str()


def write(app: Application, name: str, body: str) -> None:
    number = int(name.partition("_")[0])
    path = app.path / "shop/migrations" / f"{name}.py"
    path.write_text(HEAD.format(number) + body, encoding="utf-8")


def failures(app: Application, *arguments: str) -> str:
    """What a run of the matrix prints between its dots and its grid."""
    text = plain(app.matrix("-m", "migration", *arguments))
    _, _, rest = text.partition("FAILURES ===================================\n")
    return rest.partition("===============================")[0]


def test_from_an_empty_folder_to_the_second_migration(app: Application) -> None:
    assert command(app, "new", "initial schema") == (
        "created  shop/__init__.py\n"
        "created  shop/migrations/__init__.py\n"
        "created  shop/migrations/0001_initial_schema.py\n"
        "next     write up(db), then: pytest --migration-matrix -k 0001"
    )
    assert command(app, "snapshot") == (
        "Error: nothing was built, since this must be mended first:\n"
        "shop/migrations/0001_initial_schema.py:8 fails, upgraded from fresh: 0001 changes nothing"
        " yet\n"
        "  shop/migrations/0001_initial_schema.py:8, in up\n"
        '    raise NotImplementedError("0001 changes nothing yet")'
    )
    write(app, "0001_initial_schema", FIRST)
    assert "wrote    0001.db" in command(app, "snapshot")
    command(app, "new", "second")
    assert failures(app, "-k", "0001..0002[data]") == (
        "________________________ migrations::0001..0002[data]  _________________________\n"
        "0002 changes nothing yet\n"
        "\n"
        "  seen from 0001\n"
        "\n"
        "  shop/migrations/0002_second.py:8, in up\n"
        '    raise NotImplementedError("0002 changes nothing yet")\n'
        "\n"
        "copy of the database: .pytest_cache/d/migrations/0001..0002.db\n"
        'again: pytest --migration-matrix "migrations::0001..0002[data]"\n'
    )
    write(app, "0002_second", 'def up(db):\n    if "a" not in db.table_names()\n        pass\n')
    assert failures(app, "-k", "0001..0002[schema]") == (
        "_______________________ migrations::0001..0002[schema]  ________________________\n"
        "0002_second.py cannot be imported: line 6: expected ':'\n"
        "\n"
        "  seen from 0001\n"
        "\n"
        "  shop/migrations/0002_second.py:6\n"
        '    6 |     if "a" not in db.table_names()\n'
        "                                          ^\n"
        "\n"
        "copy of the database: .pytest_cache/d/migrations/0001..0002.db\n"
        'again: pytest --migration-matrix "migrations::0001..0002[schema]"\n'
    )
    write(app, "0002_second", "def up(db):\n    pass\n")
    passing = plain(app.matrix("-m", "migration", "-k", "frozen"))
    assert "note 0002: changes nothing: neither the schema nor a stored row\n" in passing


def test_databases_from_before_versioning(app: Application) -> None:
    command(app, "new", "initial schema")
    write(app, "0001_initial_schema", FIRST)
    command(app, "snapshot")
    with closing(sqlite3.connect(app.path / "fixtures/snapshots/0000+customer.db")) as conn:
        conn.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)")
    assert failures(app, "--migration-checks=data") == (
        "____________________ migrations::0000+customer..0001[data]  ____________________\n"
        "0001_initial_schema.py failed\n"
        "\n"
        "  seen from 0000+customer\n"
        "\n"
        "the step to 0001 raised MigrationFailedError: migration 0001 (step 1) failed\n"
        "and was undone: OperationalError: table notes already exists\n"
        "in the statement: CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)\n"
        "  shop/migrations/0001_initial_schema.py:6, in up\n"
        '    db.execute("CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)")\n'
        "\n"
        "This database is unversioned: it has tables, but no version, so the runner\n"
        "began with 0001_initial_schema.py.\n"
        "To adopt such databases, let that migration make only what is missing\n"
        "(CREATE TABLE IF NOT EXISTS) and give old shapes the new one in a later\n"
        "migration. Or, where its schema is that of a version N, let the application\n"
        "stamp it with N before the first upgrade, and store it as N+name.db.\n"
        "\n"
        "copy of the database: .pytest_cache/d/migrations/0000+customer..0001.db\n"
        'again: pytest --migration-matrix "migrations::0000+customer..0001[data]"\n'
    )
    write(app, "0001_initial_schema", FIRST.replace("TABLE notes", "TABLE IF NOT EXISTS notes"))
    result = app.matrix("-m", "migration", "--migration-checks=data")
    assert plain(result).partition("migration matrix ===============================\n")[2] == (
        "note 0000+customer: its file is not in frozen.toml yet\n"
        "  pmd-migrations snapshot\n"
        "2 snapshots, 1 migration: 2 ok in 0.00s\n"
        "============================== 2 passed in 0.00s ==============================="
        "\n"
    )


def test_a_snapshot_older_than_its_migration(app: Application) -> None:
    command(app, "new", "initial schema")
    write(app, "0001_initial_schema", FIRST)
    command(app, "snapshot")
    write(app, "0001_initial_schema", FIRST.replace("title", "heading"))
    write(app, "0002_second", 'def up(db):\n    db.execute("CREATE INDEX h ON notes(heading)")\n')
    assert failures(app, "-k", "0001..0002[schema]") == (
        "_______________________ migrations::0001..0002[schema]  ________________________\n"
        "0001.db was built by another 0001\n"
        "\n"
        "0001_initial_schema.py was changed after 0001.db was built, so that this\n"
        "database is not what an upgrade makes now. It is not released.\n"
        "\n"
        "Build it anew, and those after it:\n"
        "  pmd-migrations snapshot --rewrite 1\n"
        "\n"
        "copy of the database: .pytest_cache/d/migrations/0001..0002.db\n"
        'again: pytest --migration-matrix "migrations::0001..0002[schema]"\n'
    )
    shutil.rmtree(app.path / ".pytest_cache")
    assert "wrote    0001.db" in command(app, "snapshot", "--rewrite", "1")
    assert app.matrix(NO_FAULTS, "-m", "migration").ret == 0
