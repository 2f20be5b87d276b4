"""The bytes of a large file are read as bytes in memory are, and go when nobody has them."""

from __future__ import annotations

import gc
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pytest_pmd_migrations import image as image_module
from pytest_pmd_migrations.errors import TemporaryFolderError
from pytest_pmd_migrations.files.file_content import FileContent, keep_content, write_content
from pytest_pmd_migrations.image import Image

BYTES = bytes(range(256)) * 1024
KEPT = FileContent([BYTES[:1000], b"", BYTES[1000:]])
PLACES = st.integers(0, len(BYTES) + 10)


@example(68_512, 11_437, 0)
@given(PLACES, PLACES, PLACES)
def test_every_part_is_that_of_the_bytes(start: int, end: int, index: int) -> None:
    assert KEPT[start:end] == BYTES[start:end]
    assert KEPT[start:] == BYTES[start:]
    if index < len(BYTES):
        assert KEPT[index] == BYTES[index]
    else:
        with pytest.raises(IndexError):
            KEPT[index]


def test_it_is_equal_to_the_same_bytes_wherever_they_are(tmp_path: Path) -> None:
    write_content(KEPT, tmp_path / "copy")
    assert len(KEPT) == len(BYTES)
    assert bytes(KEPT) == BYTES == (tmp_path / "copy").read_bytes()
    assert KEPT == BYTES
    assert FileContent([BYTES]) == KEPT
    assert hash(FileContent([BYTES])) == hash(KEPT)
    assert FileContent([BYTES[:-1], b"x"]) != KEPT
    assert BYTES[1:] != KEPT
    assert KEPT.startswith(BYTES[:9])
    assert not KEPT.startswith(b"9")


def test_only_what_is_larger_than_the_limit_is_a_file() -> None:
    pieces = [b"ab", b"c", b"de"]
    assert keep_content(pieces, 5) == b"abcde"
    large = keep_content(pieces, 4)
    assert isinstance(large, FileContent)
    assert bytes(large) == b"abcde"


def test_the_file_goes_with_the_last_one_who_has_it_and_not_with_a_child(tmp_path: Path) -> None:
    kept = FileContent([BYTES])
    path = kept._path
    child = os.fork()
    if not child:
        del kept
        gc.collect()
        os._exit(int(not path.is_file()))
    assert os.waitpid(child, 0)[1] == 0
    assert path.is_file()
    del kept
    gc.collect()
    assert not path.exists()


@pytest.fixture
def every_image_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_module, "MEMORY_LIMIT", 512)


def database(path: Path, *scripts: str) -> Image:
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript("CREATE TABLE t(a); INSERT INTO t VALUES (randomblob(9000));")
        for script in scripts:
            conn.executescript(script)
    return Image.of_file(path)


@pytest.mark.usefixtures("every_image_is_large")
def test_a_large_image_has_the_bytes_that_sqlite_serializes(tmp_path: Path) -> None:
    before = database(tmp_path / "a.db")
    assert isinstance(before.stored, FileContent)
    steps = {
        "delete": "UPDATE t SET a = randomblob(20000)",
        "wal": "PRAGMA journal_mode = WAL; UPDATE t SET a = 1; CREATE TABLE u(b)",
        "exclusive": "PRAGMA locking_mode = EXCLUSIVE; UPDATE t SET a = 2",
        "smaller": "DELETE FROM t; VACUUM",
        "nothing": "DROP TABLE t; VACUUM",
    }
    for name, script in steps.items():
        with closing(before.connect()) as conn:
            conn.executescript(script)
            whole = bytearray(conn.serialize())
            whole[18:20] = b"\x01\x01"
            assert Image.of_connection(conn).content == whole, name


@pytest.mark.usefixtures("every_image_is_large")
def test_a_large_image_of_a_copy_whose_file_was_taken_away_is_whole(tmp_path: Path) -> None:
    before = database(tmp_path / "a.db")
    with closing(before.connect()) as conn:
        (row,) = conn.execute("PRAGMA database_list")
        Path(row[2]).rename(tmp_path / "elsewhere.db")
        assert Image.of_connection(conn) == before


def test_where_there_is_no_room_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pytest_pmd_migrations.files.file_content._write_all", no_room)
    with pytest.raises(TemporaryFolderError) as caught:
        FileContent([b"x"])
    assert "is full; expected room for copies of the databases" in str(caught.value)
