"""pmd's own migrations: a fresh database, an upgrade, nothing to do, and a step that fails."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations import compare, read_schema

from pmd.store import schema
from pmd.store.database import Database
from pmd.store.migrations import (
    DatabaseTooNewError,
    InvalidVersionError,
    MigrationError,
    MigrationFailedError,
    MigrationRunner,
    load_migrations,
)
from pmd.store.repositories.search import SearchRepository
from tests.every import for_every

LATEST = 12
VERSIONS = Path(schema.__file__).parent / "migrations/versions"


@pytest.fixture
def conn(tmp_path):
    with closing(sqlite3.connect(tmp_path / "pmd.db", isolation_level=None)) as conn:
        # No test cuts the power, and syncing takes most of a test's time.
        conn.execute("PRAGMA synchronous = OFF")
        yield conn


def dump(conn):
    return [*conn.iterdump(), *conn.execute("PRAGMA user_version").fetchone()]


def test_a_fresh_database_gets_every_version(conn):
    runner = MigrationRunner(conn)
    assert runner.get_current_version() == 0
    assert runner.get_latest_version() == LATEST
    assert runner.run_migrations() == LATEST
    assert runner.get_current_version() == LATEST


def test_there_is_nothing_to_do_at_the_latest_version(conn):
    runner = MigrationRunner(conn)
    runner.run_migrations()
    before = dump(conn)
    assert runner.get_pending_migrations() == []
    assert runner.run_migrations() == 0
    assert dump(conn) == before


@pytest.mark.parametrize("version", range(LATEST))
def test_every_prior_version_is_upgraded(conn, version):
    runner = MigrationRunner(conn)
    assert runner.run_migrations(version) == version
    assert runner.get_current_version() == version
    pending = [migration.version for migration in runner.get_pending_migrations()]
    assert pending == list(range(version + 1, LATEST + 1))
    assert runner.run_migrations() == LATEST - version


def test_the_reference_schema_is_what_the_migrations_build(conn):
    MigrationRunner(conn).run_migrations()
    with closing(sqlite3.connect(":memory:")) as reference:
        reference.executescript(schema.get_schema())
        diff = compare(read_schema(conn), read_schema(reference))
    assert diff.differences == ()
    assert schema.SCHEMA_VERSION == LATEST


def test_each_migration_says_what_it_does():
    for migration in load_migrations("pmd.store.migrations"):
        loaded = migration.load()
        assert migration.path.parent == VERSIONS
        assert loaded.description
        assert loaded.description != migration.slug.replace("_", " ")


def test_no_migration_imports_application_code():
    for path in VERSIONS.glob("0*.py"):
        imported = [
            line
            for line in path.read_text().splitlines()
            if line.startswith(("import ", "from ")) and "pmd" in line
        ]
        assert imported == [], path.name


@pytest.mark.parametrize("version", range(1, LATEST + 1))
def test_each_step_run_a_second_time_changes_nothing(conn, version):
    runner = MigrationRunner(conn)
    runner.run_migrations(version)
    before = dump(conn)
    runner.set_version(version - 1)
    assert runner.run_migrations(version) == 1
    assert dump(conn) == before


@for_every("version", [-1, 2**31, 2**31 + 3, True, 1.0, "3", None])
def test_a_version_that_sqlite_would_change_is_refused(conn, version):
    with pytest.raises(InvalidVersionError) as caught:
        MigrationRunner(conn).set_version(version)
    assert str(caught.value) == (
        f"the version is {version!r}; expected an integer from 0 to 2147483647."
    )


@for_every("target", [-1, 13, "7", True, 2.0])
def test_a_target_that_does_not_exist_is_refused(conn, target):
    with pytest.raises(InvalidVersionError) as caught:
        MigrationRunner(conn).run_migrations(target)
    assert str(caught.value) == f"the target is {target!r}; expected a version from 0 to 12."


def test_there_is_no_way_back(conn, tmp_path):
    runner = MigrationRunner(conn)
    runner.run_migrations(5)
    with pytest.raises(InvalidVersionError) as caught:
        runner.run_migrations(4)
    assert str(caught.value) == (
        f"the target is 4, but the database {tmp_path / 'pmd.db'} is at version 5; there is no"
        " way back. Restore a copy made before the upgrade."
    )
    assert runner.run_migrations(5) == 0


def test_a_newer_database_is_refused_by_name(conn, tmp_path):
    runner = MigrationRunner(conn)
    runner.set_version(13)
    for ask in (runner.run_migrations, runner.get_pending_migrations):
        with pytest.raises(DatabaseTooNewError) as caught:
            ask()
        assert str(caught.value) == (
            f"the database {tmp_path / 'pmd.db'} is at version 13, newer than this code, which"
            " knows versions up to 12. Nothing was changed; update the application."
        )


def test_a_negative_version_is_refused(conn, tmp_path):
    conn.execute("PRAGMA user_version = -3")
    with pytest.raises(MigrationError) as caught:
        MigrationRunner(conn).run_migrations()
    assert str(caught.value) == (
        f"the database {tmp_path / 'pmd.db'} has the version -3; expected one from 0 to 12."
        " Nothing was changed; check which program wrote PRAGMA user_version."
    )


def test_progress_and_the_log_tell_each_step(conn, caplog):
    caplog.set_level(logging.INFO, logger="pmd.store.migrations")
    told = []
    MigrationRunner(conn).run_migrations(3, progress=lambda m, n, of: told.append((m.slug, n, of)))
    assert told == [
        ("initial_schema", 1, 3),
        ("adopt_unversioned", 2, 3),
        ("rename_collections", 3, 3),
    ]
    messages = [record.getMessage().partition(": applied in ") for record in caplog.records]
    assert [message[0] for message in messages] == [
        "0001 Initial schema with all core tables",
        "0002 Adopt unversioned databases",
        "0003 Rename collections to source_collections",
    ]
    assert all(message[2].endswith(" s") for message in messages)


def test_bad_tags_are_skipped_and_logged(conn, caplog):
    runner = MigrationRunner(conn)
    runner.run_migrations(4)
    conn.execute("INSERT INTO source_collections VALUES (1, 'n', '/', '*', 'f', NULL, '', '')")
    conn.execute("INSERT INTO content VALUES ('h', 'text', '')")
    listed = ['["a", 1, null, "b"]', "no JSON", '{"a": 1}', b'["c"]', '["\\ud800"]', '["d"]']
    for number, tags in enumerate(listed, start=1):
        conn.execute(
            "INSERT INTO documents (id, source_collection_id, path, title, hash, modified_at)"
            " VALUES (?, 1, ?, '', 'h', '')",
            (number, f"{number}.md"),
        )
        conn.execute(
            "INSERT INTO document_metadata VALUES (?, ?, '', ?, '', NULL, '')",
            (number, number, tags),
        )
    conn.execute("INSERT INTO document_tags VALUES (6, 'd'), (6, 'e')")
    runner.run_migrations(5)
    tags = conn.execute("SELECT document_id, tag FROM document_tags ORDER BY 1, 2").fetchall()
    assert tags == [(1, "a"), (1, "b"), (6, "d"), (6, "e")]
    warned = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert warned == [
        "document 1: 2 tags are no texts, skipped",
        "document 2: its tags_json is no JSON list, skipped",
        "document 3: its tags_json is no JSON list, skipped",
        "document 4: its tags_json is no JSON list, skipped",
        "document 5: 1 tags are no texts, skipped",
    ]


def test_contexts_are_folded_in_the_order_of_their_ids(conn):
    runner = MigrationRunner(conn)
    runner.run_migrations(6)
    conn.execute("INSERT INTO source_collections VALUES (1, 'n', '/', '*', 'f', NULL, '', '')")
    for number, prefix in [(3, "b"), (1, "c"), (2, "a")]:
        conn.execute("INSERT INTO path_contexts VALUES (?, 1, ?, 'text', '')", (number, prefix))
    runner.run_migrations(7)
    (folded,) = conn.execute("SELECT contexts FROM source_collections").fetchone()
    assert [context["path_prefix"] for context in json.loads(folded)] == ["c", "a", "b"]


def test_a_pattern_that_is_a_blob_becomes_the_text_that_it_is_or_hex(conn):
    runner = MigrationRunner(conn)
    runner.run_migrations(11)
    for number, pattern in [(1, "*.md"), (2, "ü*".encode()), (3, b"\xff*")]:
        conn.execute(
            "INSERT INTO source_collections (id, name, pwd, glob_pattern, created_at, updated_at)"
            " VALUES (?, ?, '/', ?, '', '')",
            (number, str(number), pattern),
        )
    runner.run_migrations(12)
    lists = conn.execute("SELECT glob_patterns FROM source_collections ORDER BY id")
    assert lists.fetchall() == [('["*.md"]',), ('["ü*"]',), ('["ff2a"]',)]


def test_the_chunks_of_each_text_are_counted(conn):
    runner = MigrationRunner(conn)
    runner.run_migrations(10)
    for content, seq in [("h", 0), ("h", 1), ("h", 2), ("other", 0)]:
        conn.execute("INSERT INTO content_vectors VALUES (?, ?, 0, 'm', '')", (content, seq))
    runner.run_migrations(11)
    counted = conn.execute(
        "SELECT hash, seq, embed_fingerprint, total_chunks FROM content_vectors ORDER BY 1, 2"
    )
    assert counted.fetchall() == [
        ("h", 0, None, 3),
        ("h", 1, None, 3),
        ("h", 2, None, 3),
        ("other", 0, None, 1),
    ]


def test_deleting_a_collection_deletes_what_belongs_to_it(tmp_path):
    with Database(tmp_path / "pmd.db") as database:
        database.execute(
            "INSERT INTO source_collections (id, name, pwd, created_at, updated_at)"
            " VALUES (1, 'n', '/', '', '')"
        )
        database.execute("INSERT INTO content VALUES ('h', 'some text', '')")
        database.execute(
            "INSERT INTO documents (id, source_collection_id, path, title, hash, created_at,"
            " modified_at) VALUES (1, 1, 'a.md', 'A', 'h', '', '')"
        )
        database.execute("INSERT INTO document_tags VALUES (1, 'x')")
        assert len(SearchRepository(database).search("some")) == 1
        database.execute("DELETE FROM source_collections")
        for table in ("documents", "document_tags", "documents_fts"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


KILLED = """
import os, signal, sqlite3, sys
from pmd.store.migrations import MigrationRunner

path, statement = sys.argv[1], sys.argv[2]
conn = sqlite3.connect(path, isolation_level=None)
conn.execute("PRAGMA cache_size = 1")  # so that half the change is in the file when it dies

def trace(sql):
    if sql.strip().startswith(statement):
        os.kill(os.getpid(), signal.SIGKILL)

conn.set_trace_callback(trace)
MigrationRunner(conn).run_migrations(8)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this platform has no SIGKILL")
@pytest.mark.parametrize(("mode", "suffix"), [("delete", "-journal"), ("wal", "-wal")])
@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO documents_new",
        "DROP TABLE documents",
        "ALTER TABLE documents_new",
        "DROP TABLE document_metadata",
        "PRAGMA user_version = 8",
        "COMMIT",
    ],
)
def test_a_process_killed_in_version_8_leaves_version_7_and_the_next_open_reaches_12(
    migration_db, warm_python, statement, mode, suffix
):
    stored = migration_db(7)
    assert stored.conn.execute(f"PRAGMA journal_mode = {mode}").fetchone() == (mode,)
    path = Path(stored.path)
    before = dump(stored.conn)
    assert stored.conn.execute("SELECT count(*) FROM documents").fetchone()[0] > 0
    stored.close()
    journal = path.with_name(path.name + suffix)
    assert not journal.exists()
    done = warm_python.run(sys.executable, "-c", KILLED, str(path), statement)
    assert done.returncode == -signal.SIGKILL, done.stderr
    # It died in the middle: what it had written is on the disk, and not in force.
    assert journal.stat().st_size > 0
    with closing(sqlite3.connect(path)) as conn:
        assert dump(conn) == before
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with Database(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (LATEST,)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_step_that_fails_is_undone_and_can_be_tried_again(conn):
    runner = MigrationRunner(conn)
    runner.run_migrations(7)
    conn.execute("CREATE TABLE document_tags_new (in_the_way)")
    before = dump(conn)
    with pytest.raises(MigrationFailedError) as caught:
        runner.run_migrations()
    assert str(caught.value).startswith(
        "migration 0008 (Rebuild documents with created_at and cascading deletes) failed and was"
        " undone: OperationalError: table document_tags_new already exists\n"
        "in the statement: CREATE TABLE document_tags_new ("
    )
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
    assert dump(conn) == before
    conn.execute("DROP TABLE document_tags_new")
    assert runner.run_migrations() == 5
