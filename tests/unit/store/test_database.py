"""Opening, closing and transactions of a pmd database."""

from __future__ import annotations

import logging
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pmd.store.database import Database
from pmd.store.errors import (
    DatabaseClosedError,
    DatabasePathError,
    InvalidValueError,
    TransactionLostError,
)
from pmd.store.migrations import MigrationError, MigrationRunner

LATEST = 12


def keys(database):
    rows = database.execute("SELECT hash FROM llm_cache WHERE hash LIKE 'test-%' ORDER BY hash")
    return [key for (key,) in rows]


def put(database, key):
    database.execute("INSERT INTO llm_cache (hash, result, created_at) VALUES (?, '', '')", (key,))


def put_and_raise(database, key, error):
    with database.transaction():
        put(database, key)
        raise error


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pmd.db"


@pytest.fixture
def database(path):
    with Database(path) as database:
        yield database


def test_a_new_file_is_at_the_latest_version(path):
    with Database(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (LATEST,)
        assert database.execute("SELECT count(*) FROM documents").fetchone() == (0,)
    assert path.stat().st_size > 0


def test_pragmas_are_set(path):
    with Database(path, timeout=1.5) as database:
        assert database.execute("PRAGMA foreign_keys").fetchone() == (1,)
        assert database.execute("PRAGMA busy_timeout").fetchone() == (1500,)


def test_memory_is_a_database_of_its_own():
    with Database(":memory:") as one, Database(":memory:") as two:
        put(one, "test-1")
        assert (keys(one), keys(two)) == (["test-1"], [])


@pytest.mark.parametrize(
    "name",
    ["with space.db", "ünïcode 文字.db", "a?mode=ro.db", "a#b.db", "file:x.db", "%41.db", "'"],
)
@pytest.mark.parametrize("kind", [str, Path])
def test_any_file_name_is_that_file(tmp_path, monkeypatch, name, kind):
    monkeypatch.chdir(tmp_path)
    with Database(kind(name)):
        pass
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_relative_path_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    database = Database("here.db")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    with database:
        assert (tmp_path / "here.db").exists()
    assert database.path == str(tmp_path / "here.db")


@pytest.mark.parametrize("path", ["", "a\0b", b"bytes.db"])
def test_what_is_no_path_is_refused(path):
    class Bytes:
        def __fspath__(self):
            return b"bytes.db"

    for given in (path, Bytes()) if isinstance(path, bytes) else (path,):
        with pytest.raises(DatabasePathError) as caught:
            Database(given)
        assert str(caught.value) == (
            f"{given!r} is no path of a database. Expected the path of a file as text or PathLike, "
            'or ":memory:".'
        )


@pytest.mark.parametrize("timeout", [-1, float("nan"), float("inf"), 3_000_000])
def test_a_timeout_is_a_number_of_seconds(timeout):
    with pytest.raises(InvalidValueError) as caught:
        Database(":memory:", timeout=timeout)
    assert str(caught.value) == (
        f"timeout is {timeout!r}. Expected seconds to wait for a lock, from 0 to 2000000."
    )


def test_a_missing_folder_is_said_and_not_made(tmp_path):
    path = tmp_path / "no" / "such" / "pmd.db"
    with pytest.raises(DatabasePathError) as caught:
        Database(path).connect()
    assert str(caught.value) == (
        f"cannot open the database {path}: the folder {path.parent} does not exist. "
        "Create it first, or give another path."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database(tmp_path):
    with pytest.raises(DatabasePathError) as caught:
        Database(tmp_path).connect()
    assert str(caught.value) == (
        f"cannot open the database {tmp_path}: it is a folder. Give the path of a file in it."
    )


@pytest.mark.parametrize("name", ["loop", "long" * 100], ids=["loop", "long"])
def test_what_sqlite_cannot_open_is_said(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    path = tmp_path / name
    with pytest.raises(DatabasePathError) as caught:
        Database(path).connect()
    assert str(caught.value) == (
        f"cannot open the database {path}: unable to open database file. "
        "Check that you may read and write the file and its folder."
    )
    assert isinstance(caught.value.__cause__, sqlite3.OperationalError)


def test_a_failing_open_closes_its_connection(path, monkeypatch):
    opened = []

    class Watched(sqlite3.Connection):
        closed = False

        def close(self):
            self.closed = True
            super().close()

    def connect(*arguments, **options):
        opened.append(sqlite3_connect(*arguments, factory=Watched, **options))
        return opened[-1]

    path.write_bytes(b"this is no database, and says so at length" * 100)
    sqlite3_connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", connect)
    database = Database(path)
    with pytest.raises(MigrationError):
        database.connect()
    assert [connection.closed for connection in opened] == [True]
    assert not database.is_open


def test_a_newer_database_is_refused_and_left_as_it_was(path):
    with Database(path) as database:
        database.execute(f"PRAGMA user_version = {LATEST + 1}")
    before = path.read_bytes()
    with pytest.raises(MigrationError):
        Database(path).connect()
    assert path.read_bytes() == before


def test_an_older_database_is_brought_to_the_latest_version(path):
    connection = sqlite3.connect(path)
    MigrationRunner(connection).run_migrations(3)
    connection.close()
    with Database(path) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (LATEST,)


def test_opening_again_writes_nothing(path):
    with Database(path):
        pass
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    with Database(path):
        pass
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_opening_tells_what_it_did(path, caplog):
    caplog.set_level(logging.DEBUG, logger="pmd.store.database")
    for _ in range(2):
        with Database(path):
            pass
    told = [record for record in caplog.records if record.name == "pmd.store.database"]
    assert [(record.levelname, record.getMessage()) for record in told] == [
        ("INFO", f"{path}: migrated to version {LATEST}, steps applied: {LATEST}"),
        ("DEBUG", f"{path}: at the latest version, no step to apply"),
    ]


def test_opening_an_up_to_date_file_imports_no_migration_and_no_sqlite_utils(path):
    with Database(path):
        pass
    script = (
        "import sys; from pmd.store.database import Database\n"
        f"with Database({str(path)!r}): pass\n"
        "print([m for m in sys.modules if m.startswith('sqlite_utils') or '.versions' in m])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_connecting_twice_is_one_connection(path):
    with Database(path) as database:
        connection = database.connection
        assert database.connect() is database
        assert database.connection is connection


def test_a_closed_database_says_so_and_can_be_opened_again(path):
    database = Database(path)
    message = f"the database {path} is not open: call connect(), or use it in a with block."
    for _ in range(2):
        assert not database.is_open
        with pytest.raises(DatabaseClosedError) as caught:
            database.execute("SELECT 1")
        assert str(caught.value) == message
        with database:
            assert database.is_open
            assert database.execute("SELECT :one", {"one": 1}).fetchone() == (1,)
        database.close()


def test_each_statement_commits_by_itself_outside_a_transaction(database, path):
    put(database, "test-1")
    with Database(path) as other:
        assert keys(other) == ["test-1"]


def test_a_transaction_keeps_all(database, path):
    with database.transaction():
        put(database, "test-1")
        put(database, "test-2")
    with Database(path) as other:
        assert keys(other) == ["test-1", "test-2"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_transaction_that_fails_keeps_nothing(database, error):
    with pytest.raises(error):
        put_and_raise(database, "test-1", error("stop"))
    assert keys(database) == []
    assert not database.connection.in_transaction


def test_a_transaction_takes_the_write_lock_at_once(database, path):
    with database.transaction(), Database(path, timeout=0) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"), other.transaction():
            pytest.fail("entered without the lock")
        assert not other.connection.in_transaction


def test_a_nested_transaction_undoes_its_own_work_only(database):
    with database.transaction():
        put(database, "test-1")
        with pytest.raises(ValueError, match="inner"):
            put_and_raise(database, "test-2", ValueError("inner"))
        with database.transaction():
            put(database, "test-3")
    assert keys(database) == ["test-1", "test-3"]


def test_a_nested_transaction_goes_with_the_outer_one(database):
    def fail():
        with database.transaction():
            with database.transaction():
                put(database, "test-1")
            raise ValueError("outer")

    with pytest.raises(ValueError, match="outer"):
        fail()
    assert keys(database) == []


@pytest.mark.parametrize("depth", [1, 2])
def test_a_transaction_ended_inside_its_block_is_said(database, path, depth):
    def run(depth):
        with database.transaction():
            if depth:
                run(depth - 1)
            else:
                database.execute("ROLLBACK")

    with pytest.raises(TransactionLostError) as caught:
        run(depth - 1)
    assert str(caught.value) == (
        f"the transaction on {path} ended before its block did: a COMMIT or ROLLBACK ran "
        "inside it, or a conflict rolled it back. Leave ending it to transaction()."
    )


def test_an_error_in_a_transaction_that_is_over_stays_itself(database):
    def run():
        with database.transaction():
            database.execute("COMMIT")
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        run()


def test_a_commit_that_fails_is_rolled_back(database):
    def run():
        with database.transaction():
            database.execute("PRAGMA defer_foreign_keys = ON")
            database.execute("INSERT INTO document_tags VALUES (?, 'x')", (2**40,))

    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        run()
    assert not database.connection.in_transaction


def test_text_that_is_no_utf8_is_read_losslessly(database):
    (text,) = database.execute("SELECT CAST(x'61ff00' AS TEXT)").fetchone()
    assert text.encode("utf-8", "surrogateescape") == b"a\xff\x00"
