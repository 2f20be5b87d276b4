"""The command `pmd db`: what it prints, what it leaves, how it exits."""

from __future__ import annotations

import os
import pty
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmd.cli import main
from pmd.store.files.backup import find_backups
from tests.every import for_every

SNAPSHOTS = Path(__file__).parents[3] / "fixtures" / "snapshots"
TIME = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z")


@pytest.fixture
def path(tmp_path, monkeypatch):
    """A database at version 7 in the current folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(SNAPSHOTS / "0007.db", "notes.db")
    return tmp_path / "notes.db"


def run(*arguments):
    return CliRunner().invoke(main, ["db", *arguments])


def shown(ran, path):
    """What was printed, with the time and the folder left out."""
    return TIME.sub("TIME", ran.stdout).replace(f"{path.parent}/", "")


def files(path):
    return {
        file.name: (file.read_bytes(), file.stat().st_mtime_ns) for file in path.parent.iterdir()
    }


def version(path):
    with closing(sqlite3.connect(path)) as conn:
        return conn.execute("PRAGMA user_version").fetchone()[0]


def test_status_tells_version_steps_and_backups(path):
    ran = run("status", "notes.db")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert ran.stdout == (
        "database  notes.db\n"
        "version   7 of 12, 5 steps to take\n"
        "size      35 KiB\n"
        "pending   0008 Rebuild documents with created_at and cascading deletes\n"
        "          0009 Index paths, titles and bodies without diacritics\n"
        "          0010 Keep documents_fts by triggers\n"
        "          0011 Add embed_fingerprint and total_chunks to content_vectors\n"
        "          0012 Turn glob_pattern into glob_patterns, sweep unused content\n"
        "backups   none\n"
        "next      pmd db upgrade notes.db\n"
    )
    run("upgrade", "notes.db")
    assert shown(run("status", "notes.db"), path) == (
        "database  notes.db\n"
        "version   12 of 12, up to date\n"
        "size      40 KiB\n"
        "backups   notes.db.TIME-0007.backup\n"
    )


def test_upgrade_tells_where_the_backup_is(path):
    ran = run("upgrade", "notes.db")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert shown(ran, path) == (
        "backup    notes.db.TIME-0007.backup\nupgraded  notes.db from version 7 to 12, 5 steps\n"
    )
    ran = run("upgrade", "notes.db")
    assert (ran.exit_code, ran.stdout) == (0, "nothing   to do, notes.db is at version 12\n")


def test_upgrade_can_stop_at_a_version_and_do_without_a_backup(path):
    ran = run("upgrade", "notes.db", "--to", "9", "--no-backup")
    assert ran.stdout == "upgraded  notes.db from version 7 to 9, 2 steps\n"
    assert (version(path), find_backups(path)) == (9, [])


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("13", "the target is 13; expected a version from 7 to 12."),
        ("3", "there is no way back. Restore a copy made before the upgrade."),
        ("x", "'x' is not a valid integer"),
    ],
)
def test_a_target_that_is_not_ahead_is_wrong_usage(path, target, message):
    before = files(path)
    for more in ([], ["--dry-run"]):
        ran = run("upgrade", "notes.db", "--to", target, *more)
        assert ran.exit_code == 2
        assert message in ran.stderr
    assert files(path) == before


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_a_dry_run_shows_all_and_touches_nothing(path, mode):
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"PRAGMA journal_mode = {mode}")
    before = files(path)
    ran = run("upgrade", "notes.db", "--dry-run", "--to", "8")
    assert ran.exit_code == 0
    assert files(path) == before
    steps, objects, sql, rows, end = ran.stdout.split("\n\n")
    assert steps == "steps     0008 Rebuild documents with created_at and cascading deletes"
    assert objects.splitlines() == [
        "changed table document_metadata",
        "changed table document_tags",
        "changed table documents",
    ]
    assert sql.splitlines()[:7] == [
        "--- table document_metadata (version 7)",
        "+++ table document_metadata (version 8)",
        "@@ -1,6 +1,6 @@",
        "-CREATE TABLE document_metadata (",
        '+CREATE TABLE "document_metadata" (',
        "     id INTEGER PRIMARY KEY AUTOINCREMENT,",
        "-    document_id INTEGER NOT NULL UNIQUE REFERENCES documents(id),",
    ]
    assert ["documents", "9", "9"] in [line.split() for line in rows.splitlines()]
    assert end == (
        "dry run   version 7 to 8, tried on a copy; nothing was changed\n"
        "next      pmd db upgrade notes.db\n"
    )


def test_a_dry_run_counts_rows_that_go_and_tables_that_come(path):
    shutil.copyfile(SNAPSHOTS / "0001.db", path)
    ran = run("upgrade", "notes.db", "--dry-run")
    rows = [line.split() for line in ran.stdout.splitlines()]
    assert ["dropped", "table", "collections"] in rows
    assert ["added", "table", "source_collections"] in rows
    assert ["collections", "4", "-"] in rows
    assert ["source_collections", "-", "4"] in rows
    content = next(row for row in rows if row[:1] == ["content"])
    assert int(content[1]) > int(content[2])
    shutil.copyfile(SNAPSHOTS / "0012.db", path)
    ran = run("upgrade", "notes.db", "--dry-run")
    assert (ran.exit_code, ran.stdout) == (0, "nothing   to do, notes.db is at version 12\n")


def test_a_dry_run_sees_what_is_only_in_the_wal(path):
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("DELETE FROM llm_cache")
        conn.commit()
        before = {name: data for name, (data, _) in files(path).items() if name[-4:] != "-shm"}
        ran = run("upgrade", "notes.db", "--dry-run")
        after = {name: data for name, (data, _) in files(path).items() if name[-4:] != "-shm"}
    assert ["llm_cache", "0", "0"] in [line.split() for line in ran.stdout.splitlines()]
    assert after == before


def test_check_finds_nothing_in_a_sound_database(path):
    before = files(path)
    ran = run("check", "notes.db")
    assert (ran.exit_code, ran.stdout) == (0, "sound     notes.db, version 7 of 12\n")
    assert files(path) == before


def test_check_tells_every_kind_of_fault(path):
    shutil.copyfile(SNAPSHOTS / "0012.db", path)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("DELETE FROM documents_fts_content WHERE id = 1")
        conn.execute("INSERT INTO document_tags VALUES (77, 'x')")
        conn.execute("PRAGMA ignore_check_constraints = ON")
        conn.execute("UPDATE documents SET active = 7 WHERE id = (SELECT max(id) FROM documents)")
        conn.execute("PRAGMA user_version = 99")
    before = files(path)
    ran = run("check", "notes.db")
    assert ran.exit_code == 1
    assert files(path) == before
    lines = ran.stdout.splitlines()
    assert "integrity: CHECK constraint failed in documents" in lines
    assert any(
        re.match(r"foreign key: document_tags row \d+ refers to a row of doc", x) for x in lines
    )
    assert (
        "full-text index: documents_fts does not agree with its content (database disk image is"
        " malformed)" in lines
    )
    assert "version: 99; this pmd knows versions from 0 to 12" in lines
    assert lines[-1] == "next      mend the rows named, or: pmd db restore notes.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("CREATE TABLE notes (of REFERENCES documents(title))")
    mismatch = 'foreign key mismatch - "notes" referencing "documents"'
    assert f"foreign key: {mismatch}" in run("check", "notes.db").stdout.splitlines()


def test_check_finds_broken_pages(path):
    damaged = bytearray(path.read_bytes())
    damaged[5 * 1024 : 6 * 1024] = bytes(1024)
    path.write_bytes(damaged)
    ran = run("check", "notes.db")
    assert ran.exit_code == 1
    assert ran.stdout.startswith("integrity: ") or "is damaged" in ran.stderr


def test_backup_and_restore_go_there_and_back(path):
    assert shown(run("backup", "notes.db"), path) == "backup    notes.db.TIME-0007.backup\n"
    assert shown(run("backup", "notes.db"), path) == (
        "backup    notes.db.TIME-0007.backup (was there, with the same content)\n"
    )
    old = path.read_bytes()
    run("upgrade", "notes.db", "--no-backup")
    ran = run("restore", "notes.db")
    assert (ran.exit_code, shown(ran, path)) == (
        0,
        "restored  notes.db to version 7\n"
        "from      notes.db.TIME-0007.backup\n"
        "replaced  notes.db.TIME-0012.replaced\n",
    )
    assert version(path) == 7
    (replaced,) = path.parent.glob("*.replaced")
    assert run("restore", "notes.db", "--from", replaced.name).exit_code == 0
    assert version(path) == 12
    (backup,) = find_backups(path)
    assert backup.path.read_bytes()[100:] == old[100:]
    path.unlink()
    assert "replaced" not in run("restore", "notes.db").stdout
    assert version(path) == 7


def test_status_tells_the_size_of_a_large_file(path):
    with path.open("r+b") as file:
        file.truncate(3 << 30)  # a hole, which takes no room
    assert "size      3 GiB" in run("status", "notes.db").stdout.splitlines()


def test_restore_without_a_backup_says_so(path):
    ran = run("restore", "notes.db")
    assert ran.exit_code == 1
    assert ran.stderr.replace("\n", " ") == (
        f"Error: {path} has no backup beside it. Name one: pmd db restore notes.db --from BACKUP "
    )


@pytest.mark.parametrize("command", ["status", "check", "backup", "upgrade", "restore"])
def test_what_is_not_there_is_not_made(path, command):
    ran = run(command, "other.db")
    assert ran.exit_code == 1
    assert ran.stderr.startswith("Error: ")
    assert [file.name for file in path.parent.iterdir()] == ["notes.db"]


@for_every("command", ["status", "check", "backup", "upgrade", "restore"])
def test_no_database_given_is_wrong_usage(command):
    assert run(command).exit_code == 2


def test_a_message_fits_the_terminal(path):
    shutil.copyfile(SNAPSHOTS / "0012.db", path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA user_version = 99")
    ran = run("upgrade", "notes.db")
    assert ran.exit_code == 1
    assert max(len(line) for line in ran.stderr.splitlines() if str(path) not in line) <= 80
    assert "Nothing was changed; update the application." in ran.stderr.replace("\n", " ")


def test_a_locked_database_is_waited_for_as_long_as_told(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("BEGIN EXCLUSIVE")
        for command in ("status", "check", "backup", "upgrade", "restore"):
            ran = run(command, "notes.db", "--timeout", "0")
            assert ran.exit_code == 1
            said = ran.stderr.replace("\n", " ")
            assert "is locked: another" in said or "no backup" in said


def test_progress_bars_are_shown_on_a_terminal(path):
    """The real command, whose standard error is a terminal."""
    master, slave = pty.openpty()
    command = [str(Path(sys.executable).with_name("pmd")), "db", "upgrade", "notes.db"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=slave, text=True)
    os.close(slave)
    bars = os.read(master, 10_000).decode()
    os.close(master)
    assert ran.returncode == 0
    assert shown(ran, path).endswith("upgraded  notes.db from version 7 to 12, 5 steps\n")
    assert "copying" in bars
    assert "100%" in bars
    assert "upgrading" in bars


def test_the_store_is_opened_without_click():
    script = "import sys, pmd.store.database; print('click' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("False\n", "")
