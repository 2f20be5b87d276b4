"""Images: the bytes of a database as a value."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations import image
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.write import canonical_image

from tests.unit.plugin.own_functions import PREPARED, SCHEMA, works


def filled(path: Path, rows: int = 3) -> Image:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)")
        conn.executemany("INSERT INTO t(b) VALUES (?)", [("x" * 100,)] * rows)
        conn.commit()
        return Image.of_connection(conn)


def test_a_connection_to_an_image_is_a_private_copy(tmp_path: Path) -> None:
    stored = filled(tmp_path / "a.db")
    with closing(stored.connect()) as one:
        one.execute("DELETE FROM t")
        one.commit()
    with closing(stored.connect()) as other:
        assert other.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_an_image_of_a_file_has_the_files_bytes(tmp_path: Path) -> None:
    filled(tmp_path / "a.db")
    assert Image.of_file(tmp_path / "a.db").content == (tmp_path / "a.db").read_bytes()


def test_an_image_of_a_wal_database_opens_in_memory(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "wal.db")) as conn:
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE t(a)")
        conn.execute("INSERT INTO t VALUES (1)")
        conn.commit()
        taken = Image.of_connection(conn)
    with closing(taken.connect()) as copy:
        assert copy.execute("SELECT a FROM t").fetchall() == [(1,)]


def test_a_large_image_is_opened_as_a_file_that_goes_when_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = filled(tmp_path / "a.db", rows=200)
    monkeypatch.setattr(image, "MEMORY_LIMIT", 1024)
    conn = stored.connect()
    (path,) = [Path(row[2]) for row in conn.execute("PRAGMA database_list")]
    assert path.is_file()
    assert conn.execute("SELECT count(*) FROM t").fetchone() == (200,)
    conn.close()
    conn.close()
    assert not path.parent.exists()


def test_the_empty_image_is_an_empty_database() -> None:
    with closing(Image(b"").connect()) as conn:
        assert conn.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)


def test_every_copy_of_a_copy_is_prepared_as_the_first_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(Image(b"", PREPARED).connect()) as conn:
        assert Image.of_connection(conn) == Image(b"")
        conn.executescript(f"{SCHEMA}; INSERT INTO t VALUES ('Ann'), ('Übung')")
        first = Image.of_connection(conn)
    for made in (first, canonical_image(first)):
        with closing(made.connect()) as conn:
            assert works(conn)
            second = Image.of_connection(conn)
        with closing(second.connect(other=Image(first.content))) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            sql = "SELECT count(*) FROM t JOIN other.t AS o ON t.name = o.name COLLATE FOLDED"
            assert conn.execute(sql).fetchone() == (2,)
    monkeypatch.setattr(image, "MEMORY_LIMIT", 1024)
    with closing(first.connect(other=first)) as conn:
        assert works(conn)
        assert conn.execute("SELECT count(*) FROM other.t WHERE fold(name) = 'ann'").fetchone() == (
            1,
        )


def test_images_are_equal_by_their_bytes_alone() -> None:
    assert Image(b"", PREPARED) == Image(b"")
    assert repr(Image(b"", PREPARED)) == "Image(stored=b'')"
