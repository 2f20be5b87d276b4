"""pmd-migrations check and release: every problem is named with what mends it."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.unit.plugin.cli.conftest import FIRST, SECOND, THIRD, Project

Make = Callable[..., Project]

NOTHING = (0, "nothing to build: every version has its snapshot and its lock line\n")


def test_a_project_in_order(stored: Make) -> None:
    made = stored(FIRST)
    assert made.run_apart("check") == (0, "1 version, 1 snapshot: all in order\n", "")


def test_a_project_without_snapshots(project: Make) -> None:
    made = project(FIRST, SECOND)
    message = (
        "0001 has no snapshot.  pmd-migrations snapshot\n"
        "0002 has no snapshot.  pmd-migrations snapshot\n"
    )
    assert made.run_apart("check") == (1, message, "")
    assert made.run("release") == (
        1,
        f"Error: nothing was released, since this must be mended first:\n{message}",
    )
    assert not made.snapshots.exists()


def test_every_problem_is_named_at_once(stored: Make) -> None:
    made = stored(FIRST, SECOND, THIRD)
    made.run("release", "1")
    for name in ("0001.db", "0002.sql", "0003.db"):
        (made.snapshots / name).unlink()
    (made.snapshots / "0002+broken.db").write_bytes(b"no database")
    made.write("db/sql/0004_step_4.sql", "DROP TABLE gone;\n")
    assert made.run("check") == (
        1,
        "snapshot 0001 is gone.  git checkout HEAD -- fixtures/snapshots/0001.db\n"
        "0002.sql is missing.  pmd-migrations snapshot\n"
        "snapshot 0002+broken is no SQLite database, or is encrypted:"
        " fixtures/snapshots/0002+broken.db (11 bytes); expected a file that begins with"
        ' "SQLite format 3". Restore it from version control.\n'
        "snapshot 0003 is gone.  pmd-migrations snapshot\n"
        "0004 has no snapshot.  pmd-migrations snapshot\n"
        "db/sql/0004_step_4.sql:1 fails, upgraded from fresh, 0002: the step to 0004 raised"
        " MigrationFailedError: migration 0004 (step 4) failed and was undone: OperationalError:"
        " no such table: gone\n"
        "in the statement: DROP TABLE gone;\n",
    )


def test_a_released_snapshot_and_a_variant_are_restored_and_never_built_anew(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    shutil.copy(made.snapshots / "0002.db", made.snapshots / "0002+mine.db")
    made.run("snapshot")
    made.run("release", "1")
    for name in ("0001.db", "0002.db"):
        (made.snapshots / name).write_bytes(b"no database")
    (made.snapshots / "0002+mine.db").unlink()
    code, text = made.run("check")
    released, unreleased, variant, *_ = text.splitlines()
    assert code == 1
    assert released.endswith("Restore it from version control.")
    assert unreleased.endswith(" Or build it anew.  pmd-migrations snapshot --rewrite 0002")
    assert variant == (
        "snapshot 0002+mine is gone.  git checkout HEAD -- fixtures/snapshots/0002+mine.db"
    )


def test_a_lost_lock_file_is_written_again_and_a_lost_line_restored(stored: Make) -> None:
    """Written again, a line would not say whether its version is released."""
    made = stored(FIRST, SECOND)
    files = made.files()
    lock = made.lock.read_text()
    made.lock.unlink()
    assert made.run("check") == (
        1,
        "0001 is not in frozen.toml.  pmd-migrations snapshot\n"
        "0002 is not in frozen.toml.  pmd-migrations snapshot\n",
    )
    begin, end = lock.index("[versions.0002]"), lock.index('[snapshots."0001"]')
    made.lock.write_text(lock[:begin] + lock[end:])
    lost = "0002 has no line in frozen.toml.  git checkout HEAD -- fixtures/snapshots/frozen.toml\n"
    assert made.run("check") == (1, lost)
    assert made.run("snapshot") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{lost}",
    )
    made.lock.write_text(lock[:begin] + lock[end : lock.index('[snapshots."0002"]')])
    assert made.run("snapshot") == (0, "locked   frozen.toml  0002 sha256:*\n")
    assert made.files() == files


def test_a_corrupt_snapshot_is_not_locked(stored: Make) -> None:
    made = stored(FIRST)
    content = bytearray((made.snapshots / "0001.db").read_bytes())
    content[1024:1100] = b"z" * 76
    (made.snapshots / "0001+x.db").write_bytes(content)
    message = (
        "snapshot 0001+x is corrupt: fixtures/snapshots/0001+x.db: database disk image is"
        " malformed. Restore it from version control; or, where users have such databases, write"
        " into the file that migration_rows names, with the version that mends it:"
        ' [stored."0001+x"] damaged = "until NNNN"\n'
    )
    assert made.run("check") == (1, message)
    assert made.run("snapshot") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{message}",
    )


def test_damage_that_sqlite_finds_by_looking_is_told(stored: Make) -> None:
    made = stored("CREATE TABLE t(a TEXT NOT NULL);\n")
    shutil.copy(made.snapshots / "0001.db", made.snapshots / "0001+x.db")
    made.execute(
        "0001+x.db",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a TEXT NOT NULL CHECK (a > 1e9))'",
    )
    made.execute("0001+x.db", "PRAGMA ignore_check_constraints = ON", "INSERT INTO t VALUES (1)")
    code, text = made.run("check")
    assert code == 1
    assert "snapshot 0001+x is corrupt: fixtures/snapshots/0001+x.db: CHECK const" in text


def test_a_released_migration_that_was_edited(stored: Make) -> None:
    made = stored(FIRST, SECOND, THIRD)
    assert made.run_apart("release", "0002") == (0, "released 0001..0002\n", "")
    made.write("db/sql/0002_step_2.sql", SECOND.replace("INTEGER", "TEXT"))
    message = (
        "0002_step_2.sql no longer does what it did at release."
        "  pytest --migration-matrix -k 0002\n"
    )
    later = "0003 changed since its snapshot was made.  pmd-migrations snapshot --rewrite 0003\n"
    assert made.run("check") == (1, message + later)
    assert made.run("release") == (
        1,
        f"Error: nothing was released, since this must be mended first:\n{message}{later}",
    )
    assert made.run("snapshot", "--rewrite", "3") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{message}",
    )


def test_a_released_migration_that_fails_since_it_was_edited(stored: Make) -> None:
    made = stored(FIRST, SECOND, THIRD)
    made.run("release", "2")
    # Before its release, an edit is what a contributor does.
    made.write("db/sql/0003_step_3.sql", "SELEC 1;\n")
    assert "edited" not in made.run("check")[1]
    made.write("db/sql/0003_step_3.sql", THIRD)
    made.write("db/sql/0002_step_2.sql", "SELEC 1;\n")
    told = made.run("check")[1]
    assert told.count("0002_step_2.sql was edited after release: undo the edit\n") == 1


def test_an_edited_update_of_a_released_migration_is_seen_in_the_rows(stored: Make) -> None:
    made = stored(FIRST, "UPDATE notes SET title = trim(title);\n")
    made.run("release")
    made.write("db/sql/0002_step_2.sql", "UPDATE notes SET title = trim(title) || '!';\n")
    assert made.run("check")[1].startswith("0002_step_2.sql no longer does what it did at release.")


def test_a_text_only_edit_of_a_released_migration_is_in_order(stored: Make) -> None:
    made = stored(FIRST)
    made.run("release")
    made.write("db/sql/0001_step_1.sql", f"-- The first\n{FIRST}")
    assert made.run("check") == (0, "1 version, 1 snapshot: all in order\n")


def test_what_is_ignored_is_no_part_of_what_a_version_gives(stored: Make) -> None:
    made = stored(FIRST, "CREATE TABLE log(y);\n", settings='migration_ignore = ["log"]\n')
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")
    made.write("db/sql/0002_step_2.sql", "CREATE TABLE log(y, z);\n")
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")


def test_what_a_migration_makes_and_is_ignored_can_be_released(stored: Make) -> None:
    """One rule for what is recorded and what is compared: a table, its index, its rows, a glob."""
    made = stored(
        "CREATE TABLE a(x); CREATE TABLE log(y); INSERT INTO log VALUES (1);\n",
        "CREATE INDEX log_y ON log(y); CREATE TRIGGER a_log AFTER INSERT ON a BEGIN"
        " INSERT INTO log VALUES (new.x); END;\n",
        "DELETE FROM log; CREATE TABLE log_old(y); DROP TABLE log;\n",
        settings='migration_ignore = ["log*", "a_log"]\n',
    )
    assert made.run("snapshot") == NOTHING
    assert made.run("check") == (0, "3 versions, 3 snapshots: all in order\n")
    assert made.run("release") == (0, "released 0001..0003\n")
    assert made.run("check") == (0, "3 versions, 3 snapshots: all in order\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'migration_ignore = ["log"]\n'),
        ('migration_ignore = ["log"]\n', ""),
        ('migration_ignore = ["log"]\n', 'migration_ignore = ["a", "l*"]\n'),
    ],
)
def test_a_later_setting_changes_nothing_that_is_recorded(
    stored: Make, before: str, after: str
) -> None:
    scripts = (
        "CREATE TABLE a(x); CREATE TABLE log(y);\n",
        "INSERT INTO log VALUES (1); INSERT INTO a VALUES (2);\n",
    )
    made = stored(*scripts, settings=before)
    assert made.run("release")[0] == 0
    settings = (made.path / "pyproject.toml").read_text()
    made.write("pyproject.toml", settings.removesuffix(before) + after)
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")
    made.write("db/sql/0003_step_3.sql", "INSERT INTO log VALUES (3);\n")
    assert made.run("snapshot")[0] == 0
    assert made.run("release") == (0, "released 0003\n")
    edited = scripts[1].replace("a VALUES (2)", "a VALUES (20)")
    made.write("db/sql/0002_step_2.sql", edited)
    code, text = made.run("check")
    assert code == 1
    assert text.startswith("0002_step_2.sql no longer does what it did at release")


def test_released_migrations_that_follow_an_edited_one_are_told_with_it(stored: Make) -> None:
    inserts = (f"INSERT INTO log VALUES ({one});\n" for one in range(2, 8))
    scripts = ["CREATE TABLE log(a);\n", *inserts]
    made = stored(*scripts)
    assert made.run("release")[0] == 0
    made.write("db/sql/0002_step_2.sql", "INSERT INTO log VALUES (20);\n")
    made.write("db/sql/0006_step_6.sql", "INSERT INTO log VALUES (60);\n")
    assert made.run("check") == (
        1,
        "0002_step_2.sql no longer does what it did at release; the same goes for 0003..0005."
        "  pytest --migration-matrix -k 0002\n"
        "0006_step_6.sql no longer does what it did at release; the same goes for 0007."
        "  pytest --migration-matrix -k 0006\n",
    )


def test_a_released_migration_that_was_removed(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    made.run("release")
    (made.path / "db/sql/0002_step_2.sql").unlink()
    code, text = made.run("check")
    assert (code, text) == (
        1,
        "snapshot 0002 is newer than the newest migration: fixtures/snapshots/0002.db; the"
        " source ends at 0001. Restore the migration that made it.\n"
        "0002_step_2.sql was removed after release.  git checkout HEAD -- db/sql/0002_step_2.sql\n",
    )


DATED = """
from pathlib import Path

from pytest_pmd_migrations import Location


class Dated:
    name = "dated"

    def versions(self):
        return sorted(int(file.stem) for file in Path("dated").iterdir())

    def location(self, version):
        return Location(Path("dated") / f"{version}.sql")

    def upgrade(self, conn, to):
        at = conn.execute("PRAGMA user_version").fetchone()[0]
        for version in (v for v in self.versions() if at < v <= to):
            script = (Path("dated") / f"{version}.sql").read_text()
            conn.executescript(f"{script};PRAGMA user_version = {version}")


def pytest_migration_sources(config):
    return [Dated()]
"""


def test_a_migration_that_was_inserted_before_a_release(project: Make) -> None:
    """Dates as numbers have gaps, into which a late branch may fall."""
    made = project()
    made.write("pyproject.toml", "[tool.pytest.ini_options]\n")
    made.write("conftest.py", DATED)
    for number, script in ((20260101, FIRST), (20260301, SECOND)):
        made.write(f"dated/{number}.sql", script)
    assert made.run("snapshot")[0] == 0
    assert made.run("release") == (0, "released 20260101..20260301\n")
    made.write("dated/20260201.sql", THIRD)
    code, text = made.run("snapshot")
    assert (code, text) == (
        1,
        "Error: nothing was built, since this must be mended first:\n"
        "20260201.sql was inserted before 20260301, which is released: databases at it never run"
        " 20260201.  Give it the next free number\n"
        "20260301.sql no longer does what it did at release."
        "  pytest --migration-matrix -k 20260301\n",
    )
    assert not (made.snapshots / "20260201.db").exists()


def test_a_flag_that_was_flipped_is_mended_by_release(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    made.run("release")
    lock = made.lock.read_text()
    made.lock.write_text(lock.replace("released = true", "released = false", 1))
    message = "0001 is not released, but 0002 is.  pmd-migrations release 0001\n"
    assert made.run("check") == (1, message)
    assert made.run("snapshot") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{message}",
    )
    assert made.run("release", "1") == (0, "released 0001\n")
    assert made.lock.read_text() == lock
    assert made.run("release") == (0, "nothing to release: these versions are released already\n")


def test_a_later_version_does_not_hinder_the_release_of_an_earlier_one(stored: Make) -> None:
    made = stored(FIRST)
    made.write("db/sql/0002_step_2.sql", SECOND)
    assert made.run("release", "1") == (0, "released 0001\n")
    assert made.run("release", "2")[0] == 1
    assert made.run("release", "3") == (
        2,
        "Error: there is no version 0003 to release; versions are 0001..0002\n",
    )


def test_a_stale_snapshot_is_named_and_not_the_step_that_it_meets_next(stored: Make) -> None:
    made = stored(FIRST, SECOND)
    made.write("db/sql/0002_step_2.sql", SECOND.replace("pinned", "starred"))
    made.write("db/sql/0003_step_3.sql", "CREATE INDEX by_starred ON notes(starred);\n")
    changed = "0002 changed since its snapshot was made.  pmd-migrations snapshot --rewrite 0002\n"
    assert made.run("check") == (
        1,
        f"0003 has no snapshot.  pmd-migrations snapshot\n{changed}",
    )
    assert made.run("snapshot") == (
        1,
        f"Error: nothing was built, since this must be mended first:\n{changed}",
    )
    assert made.run("snapshot", "--rewrite", "2")[0] == 0
    assert made.run("check") == (0, "3 versions, 3 snapshots: all in order\n")


@pytest.mark.parametrize("command", ["check", "snapshot", "release"])
def test_a_lock_file_that_cannot_be_read(stored: Make, command: str) -> None:
    made = stored(FIRST)
    made.lock.write_text("<<<<<<< ours")
    assert made.run(command) == (
        1,
        "Error: fixtures/snapshots/frozen.toml has a merge conflict in line 1. Take all snapshots"
        " of the side that was merged first (--ours in a rebase): git checkout --theirs --"
        " fixtures/snapshots. Where a migration of the other side has a number that is taken then,"
        " give it the next free one. Then: pmd-migrations snapshot\n",
    )


def test_a_stray_file_among_the_snapshots(stored: Make) -> None:
    made = stored(FIRST)
    (made.snapshots / "backup.db").write_bytes(b"")
    assert made.run("check") == (
        1,
        "Error: fixtures/snapshots/backup.db: 'backup' is not the name of a snapshot; expected"
        " four digits and, for a variant, a plus sign and its name: 0007 or 0007+variant. Rename"
        " it or move it elsewhere.\n",
    )
