"""Files that are hard to read: a clear error or a fact, never a crash, never a write."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.schema import compare_databases, read_schema

from tests.every import for_every

SCRIPT = "CREATE TABLE t(a, b TEXT); CREATE INDEX i ON t(b); CREATE VIEW v AS SELECT a FROM t;"
NAMES = {"t", "t.a", "t.b", "i", "v"}
KILLED_WRITER = """
import os, sqlite3, sys
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
conn.execute("PRAGMA journal_mode=" + sys.argv[2])
conn.execute("PRAGMA wal_autocheckpoint=0")
conn.execute("PRAGMA cache_size=1")
if sys.argv[2] == "WAL":
    conn.execute("CREATE TABLE late(x)")
else:
    conn.execute("BEGIN")
    conn.execute("CREATE TABLE late(x)")
    conn.executemany("INSERT INTO late VALUES(?)", [("x" * 4000,)] * 500)
os._exit(0)
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    path = folder / "app.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(SCRIPT)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def names(path: Path) -> set[str]:
    """Read a schema, and see that not one byte of its folder changed."""
    before = contents(path.parent)
    try:
        found = {item.name for item in read_schema(path).objects}
        assert not compare_databases(path, path)
    finally:
        assert contents(path.parent) == before
    return found


def killed_writer(path: Path, mode: str) -> None:
    subprocess.run([sys.executable, "-c", KILLED_WRITER, path, mode], check=True)


def change_rows(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA writable_schema=ON")
        conn.execute(sql)
        conn.commit()


def encrypted(path: Path) -> None:
    path.write_bytes(bytes((byte * 7 + 91) % 256 for byte in path.read_bytes()))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:700])


def corrupt_row(path: Path) -> None:
    change_rows(path, "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(' WHERE name = 't'")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (encrypted, "file is not a database"),
        (truncated, "file is not a database|database disk image is malformed"),
        (corrupt_row, r"malformed database schema \(t\).*"),
    ],
)
def test_what_is_no_database_any_more(
    file: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(file)
    message = (
        f"the schema of {re.escape(str(file))} cannot be read: ({reason}); expected a SQLite"
        " database. Restore the file, or check that it is not encrypted"
    )
    with pytest.raises(SchemaReadError) as caught:
        names(file)
    assert re.fullmatch(message, str(caught.value))


def test_a_folder(tmp_path: Path) -> None:
    message = f"{tmp_path} is a folder; expected a SQLite database file"
    with pytest.raises(SchemaReadError, match=f"^{re.escape(message)}$"):
        read_schema(tmp_path)


def test_a_missing_file_and_a_link_to_one(tmp_path: Path) -> None:
    gone = tmp_path / "gone.db"
    link = tmp_path / "link.db"
    link.symlink_to(gone)
    for path in (gone, link):
        message = f"{path} does not exist; expected a SQLite database file"
        with pytest.raises(SchemaReadError, match=f"^{re.escape(message)}$"):
            read_schema(path)
    assert not gone.exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read(file: Path) -> None:
    file.chmod(0)
    message = (
        f"{file} cannot be read: Permission denied; expected a SQLite database file that this"
        " user may read"
    )
    with pytest.raises(SchemaReadError, match=f"^{re.escape(message)}$"):
        read_schema(file)


def test_an_empty_file_has_no_objects(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    assert names(path) == set()


def test_a_file_that_another_process_has_locked(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pytest_pmd_migrations.schema.reading.opening._WAIT", 0.01)
    before = file.read_bytes()
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=MEMORY")
        writer.execute("BEGIN EXCLUSIVE")
        message = (
            f"the schema of {file} cannot be read: database is locked; another process is writing"
            " it. Try again when it is done"
        )
        with pytest.raises(SchemaReadError, match=f"^{re.escape(message)}$"):
            read_schema(file)
    assert file.read_bytes() == before


def test_a_file_in_which_another_process_prepares_a_write(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("CREATE TABLE late(x)")
        assert names(file) == NAMES


def test_a_read_only_file_in_a_read_only_folder(file: Path) -> None:
    file.chmod(0o400)
    file.parent.chmod(0o500)
    try:
        assert names(file) == NAMES
    finally:
        file.parent.chmod(0o700)


def test_wal_mode_without_its_log(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("PRAGMA journal_mode=WAL")
    assert names(file) == NAMES


def test_wal_mode_with_the_log_of_a_killed_writer(file: Path) -> None:
    killed_writer(file, "WAL")
    assert (file.parent / "app.db-wal").stat().st_size > 0
    assert names(file) == {*NAMES, "late", "late.x"}


def test_wal_mode_whose_log_was_lost(file: Path) -> None:
    killed_writer(file, "WAL")
    for suffix in ("-wal", "-shm"):
        (file.parent / f"app.db{suffix}").unlink()
    assert names(file) == NAMES


def test_wal_mode_with_a_writer_at_work(file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE late(x)")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("CREATE TABLE later(x)")
        assert names(file) == {*NAMES, "late", "late.x"}


def test_a_hot_journal_is_rolled_back_in_a_copy(file: Path) -> None:
    killed_writer(file, "DELETE")
    assert (file.parent / "app.db-journal").stat().st_size > 0
    assert names(file) == NAMES


def test_a_log_that_is_spoiled_is_no_crash(file: Path) -> None:
    killed_writer(file, "WAL")
    (file.parent / "app.db-wal").write_bytes(b"nothing of the kind" * 300)
    assert names(file) == NAMES


def test_a_link_finds_the_log_of_what_it_leads_to(file: Path, tmp_path: Path) -> None:
    killed_writer(file, "WAL")
    link = tmp_path / "link.db"
    link.symlink_to(file)
    assert {item.name for item in read_schema(link).objects} == {*NAMES, "late", "late.x"}


@for_every("name", ["what?.db", "a#b.db", "50%25.db", "two words.db", "größe 名.db"])
def test_a_path_that_an_address_must_quote(file: Path, name: str) -> None:
    path = Path(shutil.copy(file, file.parent / name))
    assert names(path) == NAMES


def test_a_view_on_a_missing_table_is_a_fact(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.execute("DROP TABLE t")
    assert names(file) == {"v"}


def test_a_missing_module_is_a_fact(file: Path) -> None:
    change_rows(
        file,
        "INSERT INTO sqlite_schema VALUES('table', 'm', 'm', 0,"
        " 'CREATE VIRTUAL TABLE m USING gone(a)')",
    )
    assert names(file) == {*NAMES, "m"}


def test_a_view_on_a_table_of_a_missing_module_is_a_fact(file: Path) -> None:
    change_rows(
        file,
        "INSERT INTO sqlite_schema VALUES('table', 'm', 'm', 0,"
        " 'CREATE VIRTUAL TABLE m USING gone(a)'),"
        " ('view', 'w', 'w', 0, 'CREATE VIEW w AS SELECT a, \"x\" FROM m')",
    )
    assert names(file) == {*NAMES, "m", "w"}


def test_a_view_that_goes_round_in_circles_is_a_fact(file: Path) -> None:
    with closing(sqlite3.connect(file)) as conn:
        conn.executescript("CREATE VIEW x AS SELECT * FROM y; CREATE VIEW y AS SELECT * FROM x;")
    assert names(file) == {*NAMES, "x", "y"}


def test_a_closed_connection_is_a_clear_error(file: Path) -> None:
    conn = sqlite3.connect(file)
    conn.close()
    message = (
        "the schema of the connection's database cannot be read: Cannot operate on a closed"
        " database.; expected an open connection"
    )
    with pytest.raises(SchemaReadError, match=f"^{re.escape(message)}$"):
        read_schema(conn)
