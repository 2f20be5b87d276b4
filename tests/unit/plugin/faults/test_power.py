"""A loss of power: which runners survive it, and what is recorded to tell."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.kinds.power import Power
from pytest_pmd_migrations.faults.kinds.power.operations import Delete, Open, Sync, Write
from pytest_pmd_migrations.faults.kinds.power.shim import shim
from pytest_pmd_migrations.faults.patched_connect import wrapped_connects

from tests.unit.plugin.faults.ten_lines import OwnConnection, TenLines, case, tried

pytestmark = pytest.mark.skipif(bool(Power().lacking), reason=Power().lacking or "can be recorded")


@pytest.mark.parametrize("mode", ["rollback", "wal"])
@pytest.mark.parametrize("settings", [(), ("PRAGMA synchronous = NORMAL",)])
def test_a_correct_runner_is_old_or_new(mode, settings):
    points, judged = tried(Power(), case(TenLines(settings=settings), mode))
    words = Counter(one.verdict for one in judged)
    assert len(points) == len(judged) > 20
    assert set(words) == {"old", "new"}


@pytest.mark.parametrize(
    ("mode", "first"),
    [
        (
            "rollback",
            "power lost inside statement 10 of 10, after write 1 of 4 to the database;"
            " on the disk: all of this file, of the others only what was synced",
        ),
        (
            "wal",
            "power lost after the run reported success, after write 1 of 4 to the database;"
            " on the disk: all of this file, of the others only what was synced",
        ),
    ],
)
def test_synchronous_off_is_found(mode, first):
    source = TenLines(settings=("PRAGMA synchronous = OFF",))
    _, judged = tried(Power(), case(source, mode))
    broken = [one for one in judged if one.broken]
    assert {one.verdict for one in broken} >= {"corrupt"}
    assert broken[0].point.place == first


def test_a_journal_in_memory_is_found():
    source = TenLines(settings=("PRAGMA journal_mode = MEMORY",))
    assert any(one.broken for one in tried(Power(), case(source))[1])


def test_success_reported_before_it_is_on_the_disk_is_a_lie():
    """The settings at the end promise what those before did not keep."""
    source = TenLines(settings=("PRAGMA synchronous = OFF",), last=("PRAGMA synchronous = FULL",))
    _, judged = tried(Power(), case(source, "wal"))
    broken = [one for one in judged if one.broken]
    assert broken[0].verdict == "lied"
    assert broken[0].point.place == (
        "power lost after the run reported success; on the disk: only what was synced"
    )
    assert broken[0].outcome == "reported success"


def test_a_lost_commit_is_no_lie_where_the_mode_does_not_promise_it():
    source = TenLines(settings=("PRAGMA synchronous = NORMAL",))
    _, judged = tried(Power(), case(source, "wal"))
    late = [one for one in judged if "reported success" in one.point.place]
    assert late
    assert all(one.verdict in ("old", "new") for one in judged)


@pytest.mark.parametrize("mode", ["rollback", "wal"])
def test_points_and_verdicts_are_the_same_each_time(mode):
    """Salts and nonces differ from run to run; nothing that is told depends on them."""
    settings = ("PRAGMA synchronous = OFF",)
    first = tried(Power(), case(TenLines(settings=settings), mode))
    assert first == tried(Power(), case(TenLines(settings=settings), mode))


def test_a_connection_that_the_runner_opens_is_recorded():
    given, _ = tried(Power(), case(TenLines()))
    own, judged = tried(Power(), case(OwnConnection()))
    assert len(own) == len(given)
    assert not any(one.broken for one in judged)


def test_what_is_written_past_the_recorder_is_an_error():
    class Elsewhere(OwnConnection):
        """Upgrades a file in another process."""

        def upgrade(self, conn, to):
            path = conn.execute("PRAGMA database_list").fetchone()[2]
            if (
                not Path(path).is_absolute()
                or conn.execute("PRAGMA user_version").fetchone()[0] == to
            ):
                TenLines.upgrade(self, conn, to)
                return
            program = (
                "import sqlite3, sys\n"
                "conn = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                "conn.executescript('BEGIN;' + sys.argv[2] + '; PRAGMA user_version = 2; COMMIT')"
            )
            script = ";".join(self.steps[2])
            subprocess.run([sys.executable, "-c", program, path, script], check=True)

    elsewhere = case(Elsewhere(), rows=3)
    error = pytest.raises(InjectionError, match="was written past Python's own SQLite")
    with wrapped_connects(), error:
        Power().points(elsewhere)


def test_the_recorder_sees_writes_syncs_and_deletes_in_order(tmp_path):
    path = str(tmp_path / "app.db")
    seen = []
    with shim().watching(seen.append), closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA page_size = 512")
        conn.execute("CREATE TABLE t (a)")
    kinds = [(type(one), Path(one.path).name) for one in seen]
    assert kinds[:2] == [(Open, "app.db"), (Open, "app.db-journal")]
    synced = kinds.index((Sync, "app.db-journal"))
    written = kinds.index((Write, "app.db"))
    assert (
        synced < written < kinds.index((Sync, "app.db")) < kinds.index((Delete, "app.db-journal"))
    )


def test_nothing_is_recorded_before_and_after(tmp_path):
    seen = []
    with closing(sqlite3.connect(tmp_path / "before.db")) as before:
        with shim().watching(seen.append), closing(sqlite3.connect(tmp_path / "a.db")) as conn:
            before.execute("CREATE TABLE t (a)")
            assert not seen[1:]
            conn.execute("CREATE TABLE t (a)")
        count = len(seen)
        with closing(sqlite3.connect(tmp_path / "after.db")) as after:
            after.execute("CREATE TABLE t (a)")
    assert len(seen) == count > 5


def test_a_connection_may_outlive_the_recording(tmp_path):
    with shim().watching(lambda _: None):
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
        with shim().watching(refuse), closing(sqlite3.connect(tmp_path / "app.db")) as conn:
            conn.execute("CREATE TABLE t (a)")

    with pytest.raises((LookupError, sqlite3.OperationalError)):
        create()
    with closing(sqlite3.connect(tmp_path / "app.db")) as conn:
        conn.execute("CREATE TABLE t (a)")
