"""pmd-migrations snapshot: missing files are built, and nothing released is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.cli.build import build_missing, write_built
from pytest_pmd_migrations.snapshots import SnapshotFolder, SnapshotName
from pytest_pmd_migrations.sources import resolve_source

from tests.unit.plugin.built_application import history_of
from tests.unit.plugin.cli.conftest import FIRST, SECOND, THIRD, Project
from tests.unit.plugin.pythons import each_python, find_python

Make = Callable[..., Project]

CHEAP = "--migration-checks=schema,data,again,frozen"
"""All checks that ask the stored files; none that tries hundreds of faults on each step."""

QUICK = "[pytest]\nmigration_source = db/sql\nmigration_step_timeout = 0.2\n"
NOTHING = (0, "nothing to build: every version has its snapshot and its lock line\n")
BUILT = (
    "built    fresh -> 0001: same schema, 5 generated\n"
    "built    0001 (stored) -> 0002 and fresh -> 0002: same schema, 5 rows kept, 1 generated\n"
    "built    0002 (stored) -> 0003 and fresh -> 0003: same schema, 6 rows kept, 5 generated\n"
    "wrote    0001.db  2 KiB\n"
    "wrote    0001.sql  text twin, for the reviewer's diff\n"
    "wrote    0002.db  2 KiB\n"
    "wrote    0002.sql  text twin, for the reviewer's diff\n"
    "wrote    0003.db  3 KiB\n"
    "wrote    0003.sql  text twin, for the reviewer's diff\n"
    "locked   frozen.toml  0001 sha256:*\n"
    "locked   frozen.toml  0002 sha256:*\n"
    "locked   frozen.toml  0003 sha256:*\n"
)


def history(project: Project) -> History:
    source = resolve_source("db/sql", root=project.path)
    return history_of(source, SnapshotFolder(project.snapshots))


def test_everything_is_built_once_and_the_matrix_is_green(
    project: Make, pytester: pytest.Pytester, light_child_runs: None
) -> None:
    made = project(FIRST, SECOND, THIRD)
    assert made.run_apart("snapshot") == (0, BUILT, "")
    files = made.files()
    assert list(files) == sorted(
        ["frozen.toml", *(f"000{n}.{kind}" for n in (1, 2, 3) for kind in ("db", "sql"))]
    )
    assert made.run("snapshot") == NOTHING
    assert made.files() == files
    assert made.run("check") == (0, "3 versions, 3 snapshots: all in order\n")
    pytester.runpytest_subprocess("--migration-matrix").assert_outcomes(passed=15)


@each_python
def test_another_run_on_another_python_gives_the_same_bytes(stored: Make, version: str) -> None:
    python = find_python(version)
    made = stored(FIRST, SECOND, THIRD)
    files = made.files()
    shutil.rmtree(made.snapshots)
    # What is installed here, without this Python's own library.
    installed = [path for path in sys.path if path and not path.startswith(sys.base_prefix)]
    run = subprocess.run(
        [python, "-c", "from pytest_pmd_migrations.cli import main; main()", "snapshot"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(installed)},
        capture_output=True,
        encoding="utf-8",
        cwd=made.path,
    )
    assert (run.returncode, made.plain(run.stdout)) == (0, BUILT)
    assert made.files() == files


def test_only_what_is_missing_is_added(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    files = made.files()
    made.write("db/sql/0003_step_3.sql", THIRD)
    assert made.run("snapshot") == (
        0,
        "built    0002 (stored) -> 0003 and fresh -> 0003: same schema, 6 rows kept, 5 generated\n"
        "wrote    0003.db  3 KiB\n"
        "wrote    0003.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0003 sha256:*\n",
    )
    now = made.files()
    assert {name: now[name] for name in files if name != "frozen.toml"} == {
        name: content for name, content in files.items() if name != "frozen.toml"
    }


def test_a_deleted_snapshot_comes_back_the_same(stored: Make) -> None:
    made = stored(FIRST, SECOND, THIRD)
    files = made.files()
    for name in ("0002.db", "0002.sql"):
        (made.snapshots / name).unlink()
    assert made.run("snapshot") == (
        0,
        "built    0001 (stored) -> 0002 and fresh -> 0002: same schema, 5 rows kept, 1 generated\n"
        "wrote    0002.db  2 KiB\n"
        "wrote    0002.sql  text twin, for the reviewer's diff\n",
    )
    assert made.files() == files


def test_a_released_snapshot_that_is_gone_is_not_made_up(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    made.run("release", "1")
    (made.snapshots / "0001.db").unlink()
    message = "snapshot 0001 is gone.  git checkout HEAD -- fixtures/snapshots/0001.db\n"
    assert made.run("check") == (1, message)
    assert made.run("snapshot") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{message}",
    )


@pytest.mark.parametrize("damage", [None, b"-- other", b"\xff"])
def test_a_text_twin_is_written_again(stored: Make, damage: bytes | None) -> None:
    made = stored(FIRST)
    files = made.files()
    twin = made.snapshots / "0001.sql"
    twin.unlink()
    what = "is missing"
    if damage is not None:
        twin.write_bytes(damage)
        what = "is not the text of 0001.db"
    assert made.run("check") == (1, f"0001.sql {what}.  pmd-migrations snapshot\n")
    assert made.run("snapshot") == (0, "wrote    0001.sql  text twin, for the reviewer's diff\n")
    assert made.files() == files


def test_a_twin_with_other_line_ends_is_fine(stored: Make) -> None:
    made = stored(FIRST)
    twin = made.snapshots / "0001.sql"
    twin.write_bytes(twin.read_bytes().replace(b"\n", b"\r\n"))
    assert made.run("check")[0] == 0
    assert made.run("snapshot") == NOTHING


def test_a_variant_dropped_in_by_hand_gets_its_twin_and_its_line(
    stored: Make, pytester: pytest.Pytester, light_child_runs: None
) -> None:
    """The way to rows of one's own, also after release."""
    made = stored(FIRST, SECOND)
    made.run("release")
    shutil.copy(made.snapshots / "0001.db", made.snapshots / "0001+mine.db")
    made.execute("0001+mine.db", "INSERT INTO notes(title) VALUES ('mine')")
    variant = (made.snapshots / "0001+mine.db").read_bytes()
    assert made.run("check") == (
        1,
        "0001+mine is not in frozen.toml.  pmd-migrations snapshot\n"
        "0001+mine.sql is missing.  pmd-migrations snapshot\n",
    )
    assert made.run("snapshot") == (
        0,
        "wrote    0001+mine.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0002 sha256:*\n"
        "locked   frozen.toml  0001+mine sha256:*\n",
    )
    assert (made.snapshots / "0001+mine.db").read_bytes() == variant
    assert made.run("check") == (0, "2 versions, 3 snapshots: all in order\n")
    pytester.runpytest_subprocess("--migration-matrix", CHEAP).assert_outcomes(passed=10)
    (made.snapshots / "0001+mine.db").unlink()
    gone = "snapshot 0001+mine is gone.  git checkout HEAD -- fixtures/snapshots/0001+mine.db\n"
    assert made.run("check") == (1, gone)


def test_an_unreleased_migration_that_was_edited_asks_for_rewrite(
    stored: Make, pytester: pytest.Pytester, light_child_runs: None
) -> None:
    made = stored(FIRST, SECOND, THIRD)
    made.write("db/sql/0002_step_2.sql", SECOND.replace("INTEGER", "TEXT"))
    message = "0002 changed since its snapshot was made.  pmd-migrations snapshot --rewrite 0002\n"
    assert made.run("check") == (1, message)
    assert made.run("snapshot") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{message}",
    )
    result = pytester.runpytest_subprocess("--migration-matrix", CHEAP)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "note 0002: changed since its snapshot was made",
            "  pmd-migrations snapshot --rewrite 0002",
        ]
    )
    assert made.run("snapshot", "--rewrite", "0002") == (
        0,
        "built    0001 (stored) -> 0002 and fresh -> 0002: same schema, 5 rows kept, 1 generated\n"
        "built    0002 (stored) -> 0003 and fresh -> 0003: same schema, 6 rows kept, 5 generated\n"
        "wrote    0002.db  2 KiB\n"
        "wrote    0002.sql  text twin, for the reviewer's diff\n"
        "wrote    0003.db  3 KiB\n"
        "wrote    0003.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0002 sha256:*\n"
        "locked   frozen.toml  0003 sha256:*\n",
    )
    assert made.run("check")[0] == 0
    pytester.runpytest_subprocess("--migration-matrix", CHEAP).assert_outcomes(passed=12)


def test_rewriting_what_did_not_change_gives_the_same_bytes(stored: Make) -> None:
    made = stored(FIRST, SECOND, THIRD)
    files = made.files()
    code, text = made.run("snapshot", "--rewrite", "1")
    assert code == 0
    assert "locked" not in text
    assert made.files() == files


def test_a_snapshot_changed_by_hand_is_built_anew_on_demand(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    files = made.files()
    made.execute("0002.db", "DELETE FROM notes")
    code, text = made.run("check")
    assert (code, text) == (
        1,
        "snapshot 0002 was changed since it was stored: fixtures/snapshots/0002.db has"
        " sha256:*, frozen.toml has sha256:*. Restore it from version control."
        " Or build it anew.  pmd-migrations snapshot --rewrite 0002\n",
    )
    assert made.run("snapshot", "--rewrite", "2")[0] == 0
    assert made.files() == files


@pytest.mark.parametrize(
    ("released", "which", "message"),
    [
        ("1", "1", "0001 is released: nothing rewrites its snapshot."),
        ("3", "1", "0001 is released: nothing rewrites its snapshot."),
    ],
)
def test_a_released_snapshot_is_never_rewritten(
    stored: Make, released: str, which: str, message: str
) -> None:
    made = stored(FIRST, SECOND, THIRD)
    made.run("release", released)
    files = made.files()
    assert made.run("snapshot", "--rewrite", which) == (
        1,
        f"Error: {message} Put a change into a new migration:"
        ' pmd-migrations new "describe the change"\n',
    )
    assert made.files() == files


def test_nothing_is_rewritten_below_a_released_snapshot(stored: Make) -> None:
    made = stored(FIRST, SECOND, THIRD)
    made.run("release")
    lock = made.lock.read_text()
    made.lock.write_text(lock.replace("released = true", "released = false", 2))
    assert made.run("snapshot", "--rewrite", "2") == (
        1,
        "Error: 0003 is released, and was built from 0002: nothing rewrites its snapshot. Put a"
        ' change into a new migration: pmd-migrations new "describe the change"\n',
    )


def test_a_version_that_does_not_exist_cannot_be_rewritten(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    assert made.run("snapshot", "--rewrite", "7") == (
        2,
        "Error: there is no version 0007 to rewrite; versions are 0001..0002\n",
    )
    assert made.run("snapshot", "--rewrite", "0") == (
        2,
        "Error: there is no version 0000 to rewrite; versions are 0001..0002\n",
    )
    code, text = made.run("snapshot", "--rewrite", "one")
    assert code == 2
    assert text.endswith(
        "Error: Invalid value for '--rewrite': 'one' is not the name of a snapshot; expected four"
        " digits and, for a variant, a plus sign and its name: 0007 or 0007+variant\n"
    )


def test_upgraded_and_fresh_that_differ_are_refused(stored: Make) -> None:
    made = stored(FIRST)
    files = made.files()
    made.write(
        "db/sql/0002_step_2.py",
        "VERSION = 2\nDESCRIPTION = 'Pin'\n\n\ndef up(db):\n"
        "    if db.execute('SELECT count(*) FROM notes').fetchone()[0]:\n"
        "        db.execute('CREATE INDEX leftover ON notes(title)')\n"
        "    db.execute('ALTER TABLE notes ADD COLUMN pinned INTEGER')\n",
    )
    assert made.run("snapshot") == (
        1,
        "Error: 0001 upgraded to 0002: 1 difference from fresh 0002; nothing was written\n"
        "\n"
        "  only in upgraded   index leftover on notes(title)\n"
        "                     mend: DROP INDEX leftover;\n"
        "\n"
        "Mend the migration, so that both ways end alike. Where only some databases\n"
        'are meant to have it: migration_ignore = ["leftover"]\n',
    )
    assert made.files() == files


def test_a_step_that_fails_is_named_and_nothing_is_written(stored: Make) -> None:
    made = stored(FIRST)
    files = made.files()
    made.write("db/sql/0002_step_2.sql", "ALTER TABLE gone ADD COLUMN x;\n")
    failure = (
        "db/sql/0002_step_2.sql:1 fails, upgraded from fresh, 0001: the step to 0002 raised"
        " MigrationFailedError: migration 0002 (step 2) failed and was undone: OperationalError:"
        " no such table: gone\nin the statement: ALTER TABLE gone ADD COLUMN x;\n"
    )
    assert made.run("check") == (1, f"0002 has no snapshot.  pmd-migrations snapshot\n{failure}")
    assert made.run("snapshot") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{failure}",
    )
    assert made.files() == files


HANGS = """
import time

VERSION = 2
DESCRIPTION = "wait"


def up(db):
    time.sleep(9999)
"""


def test_a_step_that_does_not_end_is_named(project: Make) -> None:
    made = project(FIRST)
    made.write("pytest.ini", QUICK)
    made.write("db/sql/0002_wait.py", HANGS)
    code, text = made.run("snapshot")
    assert (code, text.splitlines()) == (
        1,
        [
            "Error: nothing was built, since this must be mended first:",
            "db/sql/0002_wait.py:9 fails, upgraded from fresh: 0002_wait.py makes no progress for"
            " 0.2 s",
            "Upgraded from fresh. No row changed, no other statement began and nothing",
            "grew: it waits, or goes round in circles.",
            "",
            "  db/sql/0002_wait.py:9, in up",
            "    time.sleep(9999)",
            "",
            "If it needs longer: migration_step_timeout (now 0.2)",
        ],
    )


def test_a_trigger_that_does_not_end_is_told_of_the_generated_rows(project: Make) -> None:
    endless = (
        "CREATE TABLE n(x);\nCREATE TRIGGER t AFTER INSERT ON n BEGIN\n"
        "  UPDATE n SET x = (WITH RECURSIVE r(y) AS (SELECT 1 UNION ALL SELECT y + 1 FROM r)"
        " SELECT max(y) FROM r);\nEND;\n"
    )
    made = project(endless)
    made.write("pytest.ini", QUICK)
    code, text = made.run("snapshot")
    assert (code, text) == (
        1,
        "Error: rows for 0001 cannot be generated; inserting them makes no progress for 0.2 s."
        " Nothing was written. Look at its triggers. If it needs longer: migration_step_timeout"
        " (now 0.2)\n",
    )


def test_a_table_that_takes_no_row_is_named_with_the_reason(project: Make) -> None:
    made = project("CREATE TABLE never(n INT NOT NULL CHECK (n < 0 AND n > 0));\n")
    assert made.run("snapshot") == (
        0,
        "built    fresh -> 0001: same schema, 0 generated\n"
        "empty    never: no generated row fits (CHECK constraint failed: n < 0 AND n > 0)\n"
        "         to have rows there, copy 0001.db to 0001+rows.db, insert some and run"
        " pmd-migrations snapshot\n"
        "wrote    0001.db  2 KiB\n"
        "wrote    0001.sql  text twin, for the reviewer's diff\n"
        "locked   frozen.toml  0001 sha256:*\n",
    )


def test_what_generated_rows_do_not_try_is_named_once(project: Make) -> None:
    """One row alone, and a column that is NULL in each row: of a new column too, and only of it."""
    made = project(
        "CREATE TABLE notes(a TEXT CHECK (a = 'x' AND a = 'y'), b, c CHECK (c < 0 AND c > 9));\n"
        "CREATE TABLE settings(id INTEGER PRIMARY KEY CHECK (id = 1), theme TEXT);\n"
        "CREATE TABLE lone(k TEXT NOT NULL UNIQUE CHECK (k IN ('x')), b);\n",
        "ALTER TABLE notes ADD COLUMN d TEXT CHECK (d = 'x' AND d = 'y');\n",
    )
    code, text = made.run("snapshot")
    how = (
        "         to have other rows there, copy {0}.db to {0}+rows.db, insert some and run"
        " pmd-migrations snapshot\n"
    )
    assert (code, text.partition("wrote")[0]) == (
        0,
        "built    fresh -> 0001: same schema, 7 generated\n"
        "single   lone: one generated row, no other one fits"
        " (UNIQUE constraint failed: lone.k)\n"
        "null     notes: no value that was tried fits a, c"
        " (CHECK constraint failed: a = 'x' AND a = 'y')\n"
        + how.format("0001")
        + "built    0001 (stored) -> 0002 and fresh -> 0002: same schema, 7 rows kept,"
        " 3 generated\nnull     notes: no value that was tried fits d"
        " (CHECK constraint failed: d = 'x' AND d = 'y')\n" + how.format("0002"),
    )


def test_a_renumbered_migration_leaves_no_line_behind(stored: Make) -> None:
    """Two branches had a 0002; the one that is merged later, unreleased, is renumbered."""
    made = stored(FIRST, SECOND, THIRD)
    (made.path / "db/sql/0003_step_3.sql").unlink()
    for name in ("0003.db", "0003.sql"):
        (made.snapshots / name).unlink()
    assert made.run("check") == (
        1,
        "snapshot 0003 is gone.  pmd-migrations snapshot\n"
        "frozen.toml has 0003, which the source has not.  pmd-migrations snapshot\n",
    )
    assert made.run("snapshot") == (0, "dropped  frozen.toml  0003\n")
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")


@pytest.mark.parametrize("rewrite", [None, 1])
def test_a_run_killed_between_two_writes_is_finished_by_the_next(
    stored: Make, rewrite: int | None
) -> None:
    made = stored(FIRST, SECOND)
    made.write("db/sql/0003_step_3.sql", THIRD)
    if rewrite:
        made.write("db/sql/0001_step_1.sql", FIRST.replace("title TEXT", "title VARCHAR"))
    before = made.files()

    def lay_out() -> None:
        shutil.rmtree(made.snapshots)
        made.snapshots.mkdir()
        for name, content in before.items():
            (made.snapshots / name).write_bytes(content)

    anew = SnapshotName(rewrite) if rewrite else None
    built = build_missing(history(made), rewrite=anew)
    lines = len(list(write_built(built)))
    complete = made.files()
    for done in range(lines):
        lay_out()
        writing = write_built(built)
        for _ in range(done):
            next(writing)
        writing.close()
        list(write_built(build_missing(history(made), rewrite=anew)))
        assert made.files() == complete


def test_what_a_killed_run_left_beside_the_snapshots_is_removed(stored: Make) -> None:
    made = stored(FIRST)
    files = made.files()
    left = ".0001.db.k3x_9abc.pmd-migrations"
    (made.snapshots / left).write_bytes(b"half")
    assert made.run("check") == (0, "1 version, 1 snapshot: all in order\n")
    assert made.run("snapshot") == (0, f"removed  {left}  left by a run that was killed\n")
    assert made.files() == files


def test_a_folder_that_cannot_be_written_is_named(project: Make) -> None:
    made = project(FIRST)
    made.write("fixtures", "in the way")
    assert made.run("snapshot") == (
        1,
        "built    fresh -> 0001: same schema, 5 generated\n"
        "Error: fixtures/snapshots/0001.db cannot be written: Not a directory; expected a"
        " folder to write into. Make room for it, or set migration_snapshots to another folder.\n",
    )


def test_a_twin_that_cannot_be_read_is_named(stored: Make) -> None:
    made = stored(FIRST)
    twin = made.snapshots / "0001.sql"
    twin.unlink()
    twin.mkdir()
    message = (
        "the text twin of snapshot 0001 cannot be read: fixtures/snapshots/0001.sql:"
        " Is a directory. Restore it from version control.\n"
    )
    assert made.run("check") == (1, message)
    (made.snapshots / "0001.db").unlink()
    assert made.run("snapshot") == (1, f"Error: {message}")


def test_pointers_of_git_lfs_are_no_twins_and_no_snapshots(stored: Make) -> None:
    made = stored(FIRST)
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 36864\n"
    (made.snapshots / "0001.sql").write_bytes(pointer)
    twin = (
        "the text twin of snapshot 0001 is a git-lfs pointer: fixtures/snapshots/0001.sql stands"
        " for the text that git-lfs keeps elsewhere. Fetch it: git lfs install && git lfs pull\n"
    )
    assert made.run("check") == (1, twin)
    refused = "Error: nothing was built, since this must be mended first:\n"
    assert made.run("snapshot") == (1, refused + twin)
    (made.snapshots / "0001+u1.db").write_bytes(pointer)
    files = made.files()
    snapshot = (
        "snapshot 0001+u1 is a git-lfs pointer: fixtures/snapshots/0001+u1.db stands for the"
        " database that git-lfs keeps elsewhere; expected the database itself. Fetch it:"
        " git lfs install && git lfs pull\n"
    )
    assert made.run("check") == (1, twin + snapshot)
    assert made.run("snapshot") == (1, refused + twin + snapshot)
    assert made.files() == files


def test_every_stored_file_stays_as_it_is_when_it_is_only_read(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    files = made.files()
    times = {file: file.stat().st_mtime_ns for file in Path(made.snapshots).iterdir()}
    for arguments in (["check"], ["show", "1", "2"], ["snapshot"]):
        made.run(*arguments)
    assert made.files() == files
    assert {file: file.stat().st_mtime_ns for file in Path(made.snapshots).iterdir()} == times
