"""pmd-migrations snapshot, where a step cannot be taken from rows that were generated."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.unit.plugin.cli.conftest import FIRST, SECOND, THIRD, Project

Make = Callable[..., Project]

TITLED = "CREATE UNIQUE INDEX one ON notes(title IS NULL);\n"
"""The step that no five notes can take."""

TAGGED = "CREATE UNIQUE INDEX one ON tags(tag IS 7);\n"
NOT_ALL = "Error: not every stored database can be upgraded:\n"


def told(number: int, sql: str, starts: str, *, before: str = "", table: str, said_of: str) -> str:
    """What is said of such a step, up to the line that declares the databases unsupported."""
    return (
        f"db/sql/000{number}_step_{number}.sql:1 fails, upgraded from {starts}: the step to"
        f" 000{number} raised MigrationFailedError: migration 000{number} (step {number}) failed"
        f" and was undone: IntegrityError: UNIQUE constraint failed: index 'one'\n"
        f"in the statement: {sql}{before}"
        f"The rows of {table} in {starts[:4]}.db were generated from its schema. Let the step take"
        " such rows, or let the schema refuse them (NOT NULL, UNIQUE, CHECK).\n"
        "Where no database can have them, write so into the file that migration_rows names:\n"
        f"  [stored.{said_of}]\n"
        '  unsupported = "why no database has such rows"\n'
    )


def test_the_newest_step_is_mended_before_its_snapshot_is_stored(project: Make) -> None:
    made = project(FIRST, TITLED)
    failure = told(2, TITLED, "0001", table="notes", said_of="0001")
    then = "Then store 0002 too: pmd-migrations snapshot\n"
    assert made.run("snapshot") == (
        1,
        "built    fresh -> 0001: same schema, 5 generated\n"
        "wrote    0001.db  2 KiB\n"
        "wrote    0001.sql  text twin, for the reviewer's diff\n"
        f"locked   frozen.toml  0001 sha256:*\n{NOT_ALL}{failure}{then}",
    )
    files = made.files()
    assert list(files) == ["0001.db", "0001.sql", "frozen.toml"]
    nothing = "Error: nothing was built, since this must be mended first:\n"
    assert made.run("snapshot") == (1, f"{nothing}{failure}{then}")
    assert made.files() == files
    made.write("db/sql/0002_step_2.sql", TITLED.replace(" IS NULL", ""))
    code, text = made.run("snapshot")
    assert (code, text.splitlines()[0]) == (
        0,
        "built    0001 (stored) -> 0002 and fresh -> 0002: same schema, 5 rows kept, 0 generated",
    )
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")
    # Where it is stored, an edit that fails replaces nothing.
    files = made.files()
    made.write("db/sql/0002_step_2.sql", TITLED)
    assert made.run("snapshot", "--rewrite", "2") == (1, f"{nothing}{failure}")
    assert made.files() == files


def test_a_stored_snapshot_that_generated_rows_do_not_reach_is_named(project: Make) -> None:
    """0003.db was made by hand; the rows that 0002.db would get do not survive the step to it."""
    made = project(FIRST, THIRD, TAGGED)
    made.snapshots.mkdir(parents=True)
    made.execute("0003.db", FIRST, THIRD, TAGGED)
    made.execute("0003.db", "PRAGMA user_version = 3")
    by_hand = made.files()["0003.db"]
    code, text = made.run("snapshot")
    where = "  db/sql/0003_step_3.sql:1\n"
    failure = told(3, TAGGED, "0002", before=where, table="tags", said_of="0002")
    assert (code, text[text.index("Error") :]) == (1, f"{NOT_ALL}{failure}".replace(where, ""))
    names = [f"000{n}.{kind}" for n in (1, 2, 3) for kind in ("db", "sql")]
    assert list(made.files()) == [*names, "frozen.toml"]
    assert made.files()["0003.db"] == by_hand


def test_a_history_with_a_step_that_generated_rows_break_is_stored_past_it(
    project: Make, pytester: pytest.Pytester, light_child_runs: None
) -> None:
    made = project(FIRST, THIRD, TITLED, SECOND, settings='migration_rows = "rows.toml"')
    made.write("rows.toml", "")
    # The rows of tags refer to notes: they go with those that the step cannot take.
    failure = told(3, TITLED, "0001, 0002", table="notes", said_of="0001")
    failure += '  [stored.0002]\n  unsupported = "why no database has such rows"\n'
    code, text = made.run("snapshot")
    assert (code, text[text.index("Error") :]) == (1, f"{NOT_ALL}{failure}")
    assert [line for line in text.splitlines() if line.startswith(("built", "single"))][2:5] == [
        "built    0002 (stored) without the rows of notes -> 0003 and fresh -> 0003: same schema,"
        " 0 rows kept, 6 generated",
        "single   notes: one generated row, no other one fits"
        " (UNIQUE constraint failed: index 'one')",
        "built    0003 (stored) -> 0004 and fresh -> 0004: same schema, 6 rows kept, 0 generated",
    ]
    files = made.files()
    assert len(files) == 9
    with closing(sqlite3.connect(made.snapshots / "0002.db")) as conn:
        assert conn.execute("SELECT count(*) FROM notes").fetchone() == (5,)
    assert made.run("snapshot") == (1, f"{NOT_ALL}{failure}")
    assert made.run("check") == (1, failure)
    assert made.files() == files
    # The matrix tells the step; what it keeps from being judged is blocked, the rest is green.
    result = pytester.runpytest_subprocess("--migration-matrix")
    result.assert_outcomes(failed=1, passed=15, skipped=4)
    # A history that has this stored goes on.
    made.write("db/sql/0005_step_5.sql", "CREATE TABLE more(a);\n")
    code, text = made.run("snapshot")
    assert code == 1
    assert text.startswith("built    0004 (stored) -> 0005 and fresh -> 0005: same schema")
    assert text.endswith(f"{NOT_ALL}{failure}")
    assert {name: made.files()[name] for name in files if name != "frozen.toml"} == {
        name: content for name, content in files.items() if name != "frozen.toml"
    }
    assert made.run("release", "2") == (0, "released 0001..0002\n")
    made.write("rows.toml", '[stored."0001..0002"]\nunsupported = "one note a user"\n')
    assert made.run("snapshot")[0] == 0
    assert made.run("release") == (0, "released 0003..0005\n")


BEHIND = """
migrate.sh:1 fails, upgraded from fresh: the step to 0001 ended at version 0000; expected the \
application's runner to apply migrate.sh and to stop there
sh migrate.sh notes {db} ended with 0, and PRAGMA user_version says nothing. It printed:
  skipped notes
{to} was 'notes', as migration_versions 'echo notes' lists it
Where it takes note in a table, say in which: migration_applied = "schema_migrations.version"
"""


def test_what_a_command_printed_that_left_the_database_behind_is_shown(
    project: Callable[..., Project],
) -> None:
    made = project()
    made.write("migrate.sh", "echo skipped $1\n")
    made.write(
        "pyproject.toml",
        "[tool.pytest.ini_options]\nmigration_source = 'command: sh migrate.sh {to} {db}'\n"
        "migration_versions = 'echo notes'\n",
    )
    code, text = made.run("snapshot")
    assert (code, text.partition(":\n")[2]) == (1, BEHIND.lstrip())
    made.write("migrate.sh", "printf '\\033[31mno such version\\033[0m\\n' >&2; exit 1\n")
    code, text = made.run("snapshot")
    assert "ended with 1: no such version\n  {to} was 'notes', as migration_ver" in text
