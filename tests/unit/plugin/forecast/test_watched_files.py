"""What a process does to a database is seen from outside, in the system's own records."""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.forecast.watched_files import WatchedFiles


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process has open")
def test_the_files_without_a_name_that_sqlite_sorts_in_are_measured(tmp_path: Path) -> None:
    watched = WatchedFiles(tmp_path / "app.db", os.getpid())
    with closing(sqlite3.connect(tmp_path / "app.db")) as conn:
        conn.execute("CREATE TABLE t(a)")
        conn.execute("BEGIN IMMEDIATE")
        watched.look()
        assert watched.temporary == 0
        for name, size in (("etilqs_one", 5000), ("etilqs_two", 300), ("other", 70_000)):
            (tmp_path / name).write_bytes(bytes(size))
        files = [(tmp_path / name).open("rb") for name in ("etilqs_one", "etilqs_two", "other")]
        for file in files:
            Path(file.name).unlink()
        watched.look()
        for file in files:
            file.close()
        watched.look()
    assert watched.temporary == 5300
