"""The example with functions of its own, without the setting that adds them: one message."""

from __future__ import annotations

from collections.abc import Callable

from tests.acceptance.conftest import Application, plain

App = Callable[[str], Application]

TESTS = """\

def test_stored(migration_db):
    migration_db(1)


def test_fresh(migration_fresh_db):
    migration_fresh_db()
"""
NEEDED = (
    "table people needs the collation FOLDED, the function folded, the function REGEXP; index"
    " people_by_key needs the function folded: the application adds that to its own connections."
    ' Name the function that does: migration_connection = "app.db:prepare"'
    " (docs/howto/functions-and-collations.md)"
)


def test_matrix_and_fixtures_name_what_is_missing_and_the_setting(application: App) -> None:
    app = application("own-functions")
    app.pytester.makepyfile(test_fixtures=TESTS)
    result = app.matrix("-o", "migration_connection=", "--tb=short")
    result.assert_outcomes(failed=9, skipped=8)
    text = plain(result)
    # Once by the fixture that a test asked for, and once by the matrix.
    assert " ".join(text.split()).count(NEEDED) == 2
    assert text.count("a fresh database cannot be built") == 1
    assert "broken" not in text
    assert "volatile" not in text


def test_a_function_that_is_registered_by_the_hook_is_there_in_fixtures(application: App) -> None:
    app = application("own-functions")
    app.pytester.makeconftest(
        "from app.db import prepare\n\n\n"
        "def pytest_migration_connection(conn):\n    prepare(conn)\n"
    )
    app.pytester.makepyfile(
        test_fixtures=(
            "def test_rows(migration_db, migration_upgrade, assert_schema_matches_fresh):\n"
            "    db = migration_db(1)\n"
            "    assert db.execute(\"SELECT name FROM people WHERE folded(name) = 'ann'\")"
            ".fetchone()[0] == 'Ann'\n"
            "    assert db.execute('PRAGMA foreign_keys').fetchone()[0] == 1\n"
            "    assert db.upgrade() == (2, 3)\n"
            "    db['people'].insert({'name': 'New', 'nickname': 'nn'})\n"
            "    assert_schema_matches_fresh(db)\n"
            "    db.conn.close()\n"
            "    assert_schema_matches_fresh(db.path)\n"
            "    assert migration_upgrade(migration_db(2).path) == (3,)\n"
        )
    )
    app.run("-o", "migration_connection=").assert_outcomes(passed=1)
