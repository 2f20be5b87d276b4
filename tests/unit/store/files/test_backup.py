"""Backups: made before the first step, whole, named, few, and good for getting every row back."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from textwrap import indent

import pytest

from pmd.store.database import Database
from pmd.store.errors import BackupError
from pmd.store.files import backup as backup_module
from pmd.store.files.backup import find_backups, in_use, keep_backup, mark_in_use
from pmd.store.files.copying import copy_database
from pmd.store.files.pages import hold_the_same
from pmd.store.files.restore import restore
from pmd.store.migrations import DamagedDatabaseError, MigrationFailedError, load_migrations, runner

SNAPSHOTS = Path(__file__).parents[4] / "fixtures" / "snapshots"
LATEST = 12
NAME = re.compile(r"notes\.db\.[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-0007\.backup")


@pytest.fixture
def path(tmp_path):
    """A database at version 7."""
    return Path(shutil.copyfile(SNAPSHOTS / "0007.db", tmp_path / "notes.db"))


def connect(path):
    return closing(sqlite3.connect(path, isolation_level=None))


def content(path):
    """Every table and row, and the version."""
    with connect(path) as conn:
        return [*conn.iterdump(), conn.execute("PRAGMA user_version").fetchone()]


def add_row(path, key):
    with connect(path) as conn:
        conn.execute("INSERT INTO llm_cache (hash, result, created_at) VALUES (?, '', '')", (key,))


def others(path):
    return sorted(file.name for file in path.parent.iterdir() if file != path)


def back_up(path):
    """Make a backup as the command does: under the write lock."""
    with connect(path) as conn:
        conn.execute("BEGIN IMMEDIATE")
        return keep_backup(path)


def test_an_upgrade_keeps_what_was_there_before(path):
    before = content(path)
    with Database(path, backup=True) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (LATEST,)
        (backup,) = find_backups(path)
        assert NAME.fullmatch(backup.path.name)
        assert (backup.version, content(backup.path)) == (7, before)
        assert not in_use(backup)
    assert others(path) == [backup.path.name]


@pytest.mark.parametrize("case", ["up to date", "new", "empty", "in memory", "not asked for"])
def test_there_is_no_backup_where_nothing_can_be_lost(path, case):
    if case == "up to date":
        Database(path).connect().close()
    elif case == "empty":
        path.write_bytes(b"")
    elif case == "new":
        path.unlink()
    with Database(":memory:" if case == "in memory" else path, backup=case != "not asked for"):
        pass
    assert others(path) == []


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_rows_that_are_only_in_the_wal_are_in_the_backup(path, mode):
    with connect(path) as conn:
        conn.execute(f"PRAGMA journal_mode = {mode}")
        conn.execute("INSERT INTO llm_cache (hash, result, created_at) VALUES ('late', '', '')")
        with Database(path, backup=True):
            pass
        (backup,) = find_backups(path)
        with connect(backup.path) as copy:
            assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)
            assert copy.execute("SELECT count(*) FROM llm_cache WHERE hash = 'late'").fetchone()
    assert others(path) == [backup.path.name]


@pytest.fixture
def add_step(tmp_path, monkeypatch):
    """A function that adds version 13 to pmd's migrations, whose up(db) has this body."""
    steps = tmp_path / "code" / "steps"
    shutil.copytree(load_migrations("pmd.store.migrations")[0].path.parent, steps)

    def add(body):
        text = f"VERSION = 13\nDESCRIPTION = 'A new step'\ndef up(db):\n{indent(body, '    ')}\n"
        (steps / "0013_new_step.py").write_text(text)
        monkeypatch.setattr(runner, "own_migrations", lambda: load_migrations(steps))

    return add


DESTRUCTION = """
for table in ("document_tags", "document_metadata", "documents", "content", "llm_cache"):
    db.execute(f"DELETE FROM {table}")
db.execute("DROP TABLE content_vectors")
"""


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_after_a_destructive_migration_a_restore_brings_every_row_back(path, add_step, mode):
    add_step(DESTRUCTION)
    with connect(path) as conn:
        conn.execute(f"PRAGMA journal_mode = {mode}")
    before = content(path)
    with Database(path, backup=True) as database:
        assert database.execute("SELECT count(*) FROM documents").fetchone() == (0,)
    after = content(path)
    (backup,) = find_backups(path)
    done = restore(path, backup.path, timeout=0)
    assert content(path) == before
    assert (done.version, content(done.aside)) == (7, after)
    assert others(path) == sorted(["code", backup.path.name, done.aside.name])


def test_what_is_written_while_an_opener_waits_is_in_the_backup(path):
    """The copy is made under the lock of the first step, not before it."""
    seen = []
    with connect(path) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO llm_cache (hash, result, created_at) VALUES ('late', '', '')")
        opener = threading.Thread(
            target=lambda: seen.append(Database(path, timeout=60, backup=True).connect().close())
        )
        opener.start()
        writer.execute("COMMIT")
        opener.join()
    (backup,) = find_backups(path)
    with connect(backup.path) as copy:
        assert copy.execute("SELECT 1 FROM llm_cache WHERE hash = 'late'").fetchone()


def test_the_newest_three_are_kept_and_nothing_else_is_deleted(path):
    strangers = [
        "notes.db.backup",
        "notes.db.20200101T000000.000Z-0001.backup.txt",
        "other.db.20200101T000000.000Z-0001.backup",
        "notes.db.old.20200101T000000.000Z-0001.backup",
        "notes.db.20200101T000000.000Z-0001.replaced",
        "other.db.20200101T000000.000Z-0001.backup.partial",
    ]
    for name in strangers:
        path.with_name(name).write_text("mine")
    path.with_name("notes.db.20200101T000000.000Z-0002.backup").mkdir()
    made = []
    for number in range(5):
        add_row(path, f"row {number}")
        made.append(back_up(path).backup)
    assert find_backups(path) == made[-3:]
    left = [*strangers, "notes.db.20200101T000000.000Z-0002.backup"]
    assert others(path) == sorted([*left, *(backup.path.name for backup in made[-3:])])


def test_the_same_content_is_kept_once(path):
    first = back_up(path)
    again = back_up(path)
    assert (first.made, again.made, again.backup) == (True, False, first.backup)
    add_row(path, "new")
    assert back_up(path).made
    assert len(find_backups(path)) == 2


def test_retries_of_a_failing_upgrade_do_not_push_its_beginning_out(path, add_step):
    add_step("raise ValueError('always')")
    before = content(path)
    for _ in range(5):
        with pytest.raises(MigrationFailedError):
            Database(path, backup=True).connect()
    first, second = find_backups(path)
    assert (first.version, content(first.path)) == (7, before)
    assert second.version == LATEST


def test_pages_that_are_free_make_no_difference(path):
    """A step that is rolled back leaves what it wrote over free pages."""
    with connect(path) as conn:
        conn.execute("CREATE TABLE gone AS SELECT zeroblob(100000) AS x")
        conn.execute("DROP TABLE gone")
        other = Path(shutil.copyfile(path, path.with_name("other.db")))
        conn.execute("PRAGMA cache_size = 10")
        conn.execute("BEGIN")
        conn.execute("CREATE TABLE filler AS SELECT randomblob(200000) AS x")
        conn.execute("ROLLBACK")
    assert path.stat().st_size == other.stat().st_size
    assert path.read_bytes() != other.read_bytes()
    assert hold_the_same(path, other)
    add_row(other, "new")
    assert not hold_the_same(path, other)
    path.write_bytes(path.read_bytes()[:-1024])
    assert not hold_the_same(path, other)


def test_a_backup_in_use_is_neither_made_again_nor_deleted(path):
    """Another opener that takes a later step finds the first one's backup, and needs none."""
    first = back_up(path).backup
    with closing(mark_in_use(first)):
        assert in_use(first)
        with Database(path, backup=True):
            pass
        assert find_backups(path) == [first]
        for number in range(4):
            add_row(path, f"row {number}")
            back_up(path)
        assert len(find_backups(path)) == 4
        assert find_backups(path)[0] == first
    assert not in_use(first)


def test_a_reader_of_the_newest_backup_does_not_stand_in_for_one(path):
    first = back_up(path).backup
    add_row(path, "new")
    with connect(first.path) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM content").fetchone()
        with Database(path, backup=True):
            pass
    assert len(find_backups(path)) == 2


def test_a_clock_that_was_set_back_does_not_reorder_backups(path):
    ahead = path.with_name("notes.db.99990101T000000.000Z-0003.backup")
    shutil.copyfile(SNAPSHOTS / "0003.db", ahead)
    path.with_name("notes.db.99990101T000000.001Z-0007.backup").mkdir()  # a name that is taken
    made = back_up(path).backup
    assert made.taken == "99990101T000000.002Z"
    assert [backup.path for backup in find_backups(path)] == [ahead, made.path]


def test_what_a_killed_backup_left_is_cleaned_up(path):
    left = path.with_name("notes.db.20200101T000000.000Z-0007.backup.partial")
    left.write_bytes(b"half")
    with Database(path, backup=True):
        pass
    (backup,) = find_backups(path)
    assert others(path) == [backup.path.name]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_backup_has_the_permissions_of_its_database(path, mode):
    path.chmod(mode)
    made = back_up(path).backup.path
    aside = restore(path, made, timeout=0).aside
    assert [stat.S_IMODE(file.stat().st_mode) for file in (made, aside, path)] == [mode] * 3


def test_a_database_behind_a_link_is_backed_up_where_it_lies(tmp_path, path):
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "other name.db"
    link.symlink_to(path)
    with Database(link, backup=True):
        pass
    (backup,) = find_backups(path)
    assert list(link.parent.iterdir()) == [link]
    assert others(path) == ["links", backup.path.name]


def test_a_damaged_database_is_not_upgraded_nor_backed_up(path):
    damaged = bytearray(path.read_bytes())
    damaged[55] = 9
    path.write_bytes(damaged)
    with pytest.raises(DamagedDatabaseError) as caught:
        Database(path, backup=True).connect()
    assert str(caught.value).startswith(f"the database {path} is damaged: ")
    assert (path.read_bytes(), others(path)) == (damaged, [])


def test_without_the_backup_that_was_asked_for_no_step_is_taken(path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(backup_module, "put_in_place", refuse)
    before = path.read_bytes()
    with pytest.raises(BackupError) as caught:
        Database(path, backup=True).connect()
    assert str(caught.value) == (
        f"no backup of {path} could be made: No space left on device. Nothing was changed; make"
        f" room, make the folder {path.parent} writable, or go on without a backup."
    )
    assert (path.read_bytes(), others(path)) == (before, [])


def test_a_name_too_long_for_a_backup_is_said(tmp_path):
    path = tmp_path / ("n" * 240)
    shutil.copyfile(SNAPSHOTS / "0007.db", path)
    with pytest.raises(BackupError, match=r"could be made: File name too long\. Nothing"):
        Database(path, backup=True).connect()
    assert path.read_bytes() == (SNAPSHOTS / "0007.db").read_bytes()
    with pytest.raises(BackupError, match=r"could be made: File name too long\. Nothing"):
        find_backups(tmp_path / ("n" * 300) / "notes.db")


def test_a_copy_waits_for_no_lock(path):
    with connect(path) as holder, connect(path) as source, connect(":memory:") as target:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(sqlite3.OperationalError, match="database is locked"):
            copy_database(source, target)
