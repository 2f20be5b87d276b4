"""Variants: stored again until they are released, and none keeps the others from being stored."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from tests.unit.plugin.cli.conftest import FIRST, SECOND, THIRD, Project

Make = Callable[..., Project]

MINE = "INSERT INTO notes(title) VALUES ('mine')"
CHANGED = (
    "snapshot 0001+rows was changed since it was stored: fixtures/snapshots/0001+rows.db has"
    " sha256:*, frozen.toml has sha256:*. Restore it from version control."
)


def add_variant(made: Project, name: str, *statements: str) -> None:
    shutil.copy(made.snapshots / f"{name[:4]}.db", made.snapshots / f"{name}.db")
    made.execute(f"{name}.db", *statements)


def excuse(made: Project, text: str) -> None:
    """Say something of a stored file in the file of migration_rows."""
    settings = (made.path / "pyproject.toml").read_text()
    made.write("pyproject.toml", f'{settings}migration_rows = "rows.toml"\n')
    made.write("rows.toml", text)


def test_a_variant_is_stored_again_until_it_is_released(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    add_variant(made, "0001+rows", MINE)
    assert made.run("snapshot")[0] == 0
    first = made.files()
    made.execute("0001+rows.db", MINE.replace("mine", "another"))
    again = f"{CHANGED} Or store it as it is.  pmd-migrations snapshot --rewrite 0001+rows\n"
    assert made.run("check") == (1, again)
    assert made.run("snapshot") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{again}",
    )
    assert made.run("snapshot", "--rewrite", "1+rows") == (
        0,
        "wrote    0001+rows.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0002 sha256:*\n"
        "locked   frozen.toml  0001+rows sha256:*\n",
    )
    assert made.run("check") == (0, "2 versions, 3 snapshots: all in order\n")
    assert "another" in (made.snapshots / "0001+rows.sql").read_text()
    # The same file again is the same lock line again.
    (made.snapshots / "0001+rows.db").write_bytes(first["0001+rows.db"])
    assert made.run("snapshot", "--rewrite", "0001+rows")[0] == 0
    assert made.files() == first
    assert made.run("release") == (0, "released 0001..0002\n")
    made.execute("0001+rows.db", MINE)
    assert made.run("check") == (1, f"{CHANGED}\n")
    assert made.run("snapshot", "--rewrite", "0001+rows") == (
        1,
        "Error: 0001+rows is released: nothing rewrites it. Store your rows under another name:"
        " copy 0001+rows.db to 0001+rows2.db, restore 0001+rows.db from version control, and run"
        " pmd-migrations snapshot\n",
    )


def test_a_variant_of_a_released_version_is_released_by_the_next_release(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    assert made.run("release", "1") == (0, "released 0001\n")
    add_variant(made, "0001+rows", MINE)
    assert made.run("snapshot")[0] == 0
    assert "\nreleased = false\n[snapshots" in made.lock.read_text()
    made.execute("0001+rows.db", MINE)
    assert made.run("snapshot", "--rewrite", "0001+rows")[0] == 0
    assert made.run("release", "1") == (0, "released 0001+rows\n")
    assert made.run("release", "1")[1].startswith("nothing to release")
    made.execute("0001+rows.db", MINE)
    assert made.run("snapshot", "--rewrite", "0001+rows")[1].startswith(
        "Error: 0001+rows is released"
    )


def test_a_variant_that_is_not_there_cannot_be_stored_again(stored: Make) -> None:
    made = stored(FIRST)
    assert made.run("snapshot", "--rewrite", "0001+rows") == (
        2,
        "Error: there is no snapshot 0001+rows to store again; no variant is stored\n",
    )
    add_variant(made, "0001+mine", MINE)
    assert made.run("snapshot", "--rewrite", "0001+rows") == (
        2,
        "Error: there is no snapshot 0001+rows to store again; variants are 0001+mine\n",
    )


REFUSES_MINE = "CREATE UNIQUE INDEX one ON notes(title = 'mine') WHERE title = 'mine';\n"


def test_a_variant_that_cannot_be_upgraded_keeps_no_other_from_being_stored(stored: Make) -> None:
    made = stored(FIRST)
    add_variant(made, "0001+good", MINE)
    add_variant(made, "0001+twice", MINE, MINE)
    (made.snapshots / "0001+none.db").write_bytes(b"no database")
    made.write("db/sql/0002_step_2.sql", REFUSES_MINE)
    wrong = (
        "snapshot 0001+none is no SQLite database, or is encrypted: fixtures/snapshots/0001+none.db"
        ' (11 bytes); expected a file that begins with "SQLite format 3". Restore it from version'
        " control.\n"
        "db/sql/0002_step_2.sql:1 fails, upgraded from 0001+twice: the step to 0002 raised"
        " MigrationFailedError: migration 0002 (step 2) failed and was undone: IntegrityError:"
        " UNIQUE constraint failed: index 'one'\n"
        "in the statement: CREATE UNIQUE INDEX one ON notes(title = 'mine') WHERE title = 'mine';\n"
    )
    assert made.run("snapshot") == (
        1,
        "built    0001 (stored) -> 0002 and fresh -> 0002: same schema, 5 rows kept, 0 generated\n"
        "wrote    0001+good.sql  text twin, for the reviewer's diff\n"
        "wrote    0002.db  3 KiB\n"
        "wrote    0002.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0002 sha256:*\n"
        "locked   frozen.toml  0001+good sha256:*\n"
        f"Error: not stored, since this must be mended first:\n{wrong}",
    )
    assert "0001+twice" not in made.lock.read_text()
    code, text = made.run("snapshot")
    assert (code, text) == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{wrong}",
    )


def test_what_was_recorded_of_a_variant_stays_when_a_later_step_refuses_it(stored: Make) -> None:
    made = stored(FIRST)
    add_variant(made, "0001+twice", MINE, MINE)
    assert made.run("snapshot")[0] == 0
    before = made.lock.read_text()
    made.write("db/sql/0002_step_2.sql", REFUSES_MINE)
    code, text = made.run("snapshot")
    assert (code, "wrote    0002.db" in text) == (1, True)
    after = made.lock.read_text()
    assert before[before.index('[snapshots."0001+twice"]') :] in after
    made.write("db/sql/0002_step_2.sql", SECOND)
    assert made.run("snapshot", "--rewrite", "2")[0] == 0
    assert made.run("check") == (0, "2 versions, 3 snapshots: all in order\n")


def test_a_variant_that_is_declared_as_unsupported_hinders_nothing(stored: Make) -> None:
    made = stored(FIRST)
    add_variant(made, "0001+twice", MINE, MINE)
    made.write("db/sql/0002_step_2.sql", REFUSES_MINE)
    excuse(made, '[stored."0001+twice"]\nunsupported = "never met"\n')
    assert made.run("snapshot")[0] == 0
    assert made.run("check") == (0, "2 versions, 3 snapshots: all in order\n")
    assert made.run("release") == (0, "released 0001..0002\n")


def test_a_variant_that_is_declared_as_damaged_is_stored(stored: Make) -> None:
    made = stored(FIRST, "CREATE INDEX by_title ON notes(title);\n", THIRD)
    add_variant(
        made,
        "0002+bug",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = replace(sql, '(title)', '(title || 1)')"
        " WHERE name = 'by_title'",
    )
    code, text = made.run("snapshot")
    assert code == 1
    assert "snapshot 0002+bug is corrupt" in text
    excuse(made, '[stored."0002+bug"]\ndamaged = "until 0003"\n')
    assert made.run("snapshot")[0] == 0
    assert made.run("check") == (0, "3 versions, 4 snapshots: all in order\n")
