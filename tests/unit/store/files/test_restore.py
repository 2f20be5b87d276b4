"""Restoring: nothing is lost, nothing half, nothing of the old file mixed into the new."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pmd.store.database import Database
from pmd.store.errors import BackupError, DatabasePathError
from pmd.store.files import restore as restore_module
from pmd.store.files.restore import restore
from pmd.store.migrations import DatabaseLockedError

SNAPSHOTS = Path(__file__).parents[4] / "fixtures" / "snapshots"


@pytest.fixture
def backup(tmp_path):
    return Path(shutil.copyfile(SNAPSHOTS / "0007.db", tmp_path / "a.backup"))


@pytest.fixture
def path(tmp_path):
    """A database at the latest version."""
    (tmp_path / "here").mkdir()
    return Path(shutil.copyfile(SNAPSHOTS / "0012.db", tmp_path / "here" / "notes.db"))


def connect(path, **options):
    return closing(sqlite3.connect(path, isolation_level=None, timeout=0, **options))


def content(path):
    with connect(path) as conn:
        return [*conn.iterdump(), conn.execute("PRAGMA user_version").fetchone()]


def files(path):
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_the_content_is_replaced_and_kept_aside(path, backup, mode):
    with connect(path) as conn:
        conn.execute(f"PRAGMA journal_mode = {mode}")
        conn.execute("INSERT INTO llm_cache (hash, result, created_at) VALUES ('late', '', '')")
        before = content(path)
    done = restore(path, backup, timeout=0)
    assert (content(path), content(done.aside)) == (content(backup), before)
    assert done.aside.name.endswith("Z-0012.replaced")
    with connect(path) as conn:
        assert conn.execute("PRAGMA journal_mode").fetchone() == (mode,)
    with Database(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (12,)


def test_what_a_killed_restore_left_is_cleared_away(path, backup):
    path.with_name("notes.db.replaced.partial").write_bytes(b"half")
    done = restore(path, backup, timeout=0)
    assert sorted(files(path)) == ["notes.db", done.aside.name]


def test_an_open_connection_sees_the_restored_content(path, backup):
    with connect(path) as other:
        assert other.execute("PRAGMA user_version").fetchone() == (12,)
        restore(path, backup, timeout=0)
        assert other.execute("PRAGMA user_version").fetchone() == (7,)


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_database_in_use_is_left_alone(path, backup, mode):
    with connect(path) as other:
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute("BEGIN IMMEDIATE")
        before = files(path)
        with pytest.raises(DatabaseLockedError):
            restore(path, backup, timeout=0)
        assert files(path) == before


@pytest.mark.parametrize("side", ["", "-journal", "-wal"])
@pytest.mark.parametrize("rest", [b"no database at all" * 99, "cut"], ids=["garbage", "cut"])
def test_a_file_that_is_no_readable_database_is_replaced_whole(path, backup, rest, side):
    rest = path.read_bytes()[:3000] if rest == "cut" else rest
    path.write_bytes(rest)
    if side:
        path.with_name(f"notes.db{side}").write_bytes(b"left by something")
    done = restore(path, backup, timeout=0)
    assert content(path) == content(backup)
    assert done.aside.read_bytes() == rest
    assert {name for name in files(path) if not name.startswith(done.aside.name)} == {"notes.db"}


def test_an_empty_file_is_no_loss(path, backup):
    path.write_bytes(b"")
    done = restore(path, backup, timeout=0)
    assert (content(path), done.aside) == (content(backup), None)


def test_a_wal_without_its_database_does_not_reach_into_the_restored_one(path, backup):
    with connect(path) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("INSERT INTO llm_cache (hash, result, created_at) VALUES ('late', '', '')")
        wal = path.with_name("notes.db-wal").read_bytes()
    path.unlink()
    path.with_name("notes.db-wal").write_bytes(wal)
    done = restore(path, backup, timeout=0)
    assert content(path) == content(backup)
    assert Path(f"{done.aside}-wal").read_bytes() == wal
    assert done.version == 7


def test_a_missing_database_is_made(path, backup):
    path.unlink()
    done = restore(path, backup, timeout=0)
    assert (content(path), done.aside) == (content(backup), None)
    assert list(files(path)) == ["notes.db"]


BAD = {
    "empty": (b"", "it is empty. Nothing was changed; give another backup."),
    "garbage": (b"x" * 5000, "is no SQLite database, or is encrypted."),
    "cut": (3000, "is damaged: database disk image is malformed."),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_backup_is_refused_before_anything_is_written(path, backup, case):
    data, message = BAD[case]
    backup.write_bytes(backup.read_bytes()[:data] if isinstance(data, int) else data)
    before = files(path)
    with pytest.raises(BackupError) as caught:
        restore(path, backup, timeout=0)
    assert str(caught.value).startswith(f"{backup} cannot be restored: ")
    assert message in str(caught.value)
    assert files(path) == before


def test_a_backup_that_is_not_there_or_is_the_database_itself_is_refused(path, tmp_path):
    before = files(path)
    with pytest.raises(DatabasePathError, match="there is no database"):
        restore(path, tmp_path / "nope", timeout=0)
    with pytest.raises(BackupError) as caught:
        restore(path, path, timeout=0)
    assert str(caught.value) == f"{path} is the database itself. Give one of its backups."
    assert files(path) == before


def test_a_copy_that_fails_half_way_leaves_the_old_content(path, backup, monkeypatch):
    """The pages are replaced in one transaction."""
    with connect(backup) as conn:
        conn.execute("CREATE TABLE filler (x)")
        conn.execute("INSERT INTO filler VALUES (zeroblob(5000000))")
    before = content(path)

    def fail(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(path, backup, timeout=0, progress=fail)
    assert content(path) == before
    assert not path.with_name("notes.db-journal").exists()


def test_a_full_disk_while_keeping_aside_changes_nothing(path, backup, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(restore_module, "write_copy", refuse)
    before = files(path)
    with pytest.raises(BackupError) as caught:
        restore(path, backup, timeout=0)
    assert str(caught.value) == (
        f"{path} cannot be restored: No space left on device. Nothing was changed; make room, make"
        " the file and its folder writable, and try again."
    )
    assert files(path) == before
