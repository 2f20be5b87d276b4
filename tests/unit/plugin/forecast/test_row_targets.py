"""A database that others are to be like is read, and stays as it is byte for byte."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.forecast.row_targets import LikeFile, RowTargets, read_like

from tests.every import for_every


@for_every("mode", ["delete", "wal"])
def test_what_is_read_of_a_database_leaves_it_as_it_was(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "users.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA page_size = 8192")
        conn.execute(f"PRAGMA journal_mode = {mode}")
        conn.execute("CREATE TABLE Doc(id INTEGER PRIMARY KEY, Body TEXT, n INTEGER)")
        rows = [("x" * 300, 1), ("y" * 100, 2), (None, 3)]
        conn.executemany("INSERT INTO Doc(Body, n) VALUES (?, ?)", rows)
        conn.execute("CREATE TABLE log(id INTEGER PRIMARY KEY)")
        conn.commit()
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    found = read_like(path, ignore=["log"])
    assert found == LikeFile({"doc": 3}, {("doc", "body"): 200}, 8192, mode)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


def test_rows_that_are_in_the_log_only_are_counted_and_database_and_log_stay(
    tmp_path: Path,
) -> None:
    path = tmp_path / "users.db"
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = wal")
        conn.execute("CREATE TABLE doc(id INTEGER PRIMARY KEY)")
        conn.executemany("INSERT INTO doc VALUES (?)", [(1,), (2,)])
        conn.commit()
        log = tmp_path / "users.db-wal"
        before = path.read_bytes(), log.read_bytes()
        assert read_like(path).counts == {"doc": 2}
        assert (path.read_bytes(), log.read_bytes()) == before


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("not a database, whatever its name says. " * 40)
    with pytest.raises(SettingError, match=r"--like .*text\.db cannot be read: file is not a data"):
        read_like(path)
    with pytest.raises(SettingError, match=r"--like .*none\.db cannot be read: No such file"):
        read_like(tmp_path / "none.db")


def test_rows_are_in_the_proportions_that_are_given() -> None:
    targets = RowTargets(1_000, {"doc": 1_000, "tag": 10}, others=False)
    assert [targets.of(name, 100) for name in ("Doc", "tag", "new")] == [100, 1, 0]
    assert RowTargets(1_000).of("any", 250) == 250
