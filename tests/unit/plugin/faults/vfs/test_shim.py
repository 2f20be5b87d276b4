"""The shim under SQLite tells what is done to files while it is watched, and only then."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.faults.kinds.power.power import Power
from pytest_pmd_migrations.faults.vfs.operations import Delete, Open, Sync, Write
from pytest_pmd_migrations.faults.vfs.process_shim import process_shim

pytestmark = pytest.mark.skipif(bool(Power().lacking), reason=Power().lacking or "has a shim")


def test_the_shim_tells_writes_syncs_and_deletes_in_order(tmp_path):
    path = str(tmp_path / "app.db")
    seen = []
    with process_shim().watching(seen.append), closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA page_size = 512")
        conn.execute("CREATE TABLE t (a)")
    kinds = [(type(one), Path(one.path).name) for one in seen]
    assert kinds[:2] == [(Open, "app.db"), (Open, "app.db-journal")]
    synced = kinds.index((Sync, "app.db-journal"))
    written = kinds.index((Write, "app.db"))
    assert (
        synced < written < kinds.index((Sync, "app.db")) < kinds.index((Delete, "app.db-journal"))
    )


def test_nothing_is_told_before_and_after(tmp_path):
    seen = []
    with closing(sqlite3.connect(tmp_path / "before.db")) as before:
        with (
            process_shim().watching(seen.append),
            closing(sqlite3.connect(tmp_path / "a.db")) as conn,
        ):
            before.execute("CREATE TABLE t (a)")
            assert not seen[1:]
            conn.execute("CREATE TABLE t (a)")
        count = len(seen)
        with closing(sqlite3.connect(tmp_path / "after.db")) as after:
            after.execute("CREATE TABLE t (a)")
    assert len(seen) == count > 5


def test_a_connection_may_outlive_the_watching(tmp_path):
    with process_shim().watching(lambda _: None):
        conn = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("CREATE TABLE t (a)")
    conn.execute("INSERT INTO t VALUES (1)")
    assert conn.execute("SELECT a FROM t").fetchall() == [(1,)]
    conn.close()


def test_what_the_listener_raises_is_raised_where_it_was_set(tmp_path):
    def refuse(operation):
        if isinstance(operation, Sync):
            raise LookupError("no")

    def create():
        with process_shim().watching(refuse), closing(sqlite3.connect(tmp_path / "app.db")) as conn:
            conn.execute("CREATE TABLE t (a)")

    with pytest.raises((LookupError, sqlite3.OperationalError)):
        create()
    with closing(sqlite3.connect(tmp_path / "app.db")) as conn:
        conn.execute("CREATE TABLE t (a)")
