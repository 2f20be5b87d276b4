"""A loss of power: which runners survive it, and what is recorded to tell."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.kinds.power.power import Power
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect

from tests.unit.plugin.faults.runners import OwnConnection, TenLines, case, strike_all

pytestmark = pytest.mark.skipif(bool(Power().lacking), reason=Power().lacking or "can be recorded")


@pytest.mark.parametrize("mode", ["rollback", "wal"])
@pytest.mark.parametrize("settings", [(), ("PRAGMA synchronous = NORMAL",)])
def test_a_correct_runner_is_old_or_new(mode, settings):
    points, struck = strike_all(Power(), case(TenLines(settings=settings), mode))
    words = Counter(one.left for one in struck)
    assert len(points) == len(struck) > 20
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
    _, struck = strike_all(Power(), case(source, mode))
    broken = [one for one in struck if one.broken]
    assert {one.left for one in broken} >= {"corrupt"}
    assert broken[0].point.where == first


def test_a_journal_in_memory_is_found():
    source = TenLines(settings=("PRAGMA journal_mode = MEMORY",))
    assert any(one.broken for one in strike_all(Power(), case(source))[1])


def test_success_reported_before_it_is_on_the_disk_is_a_lie():
    """The settings at the end promise what those before did not keep."""
    source = TenLines(settings=("PRAGMA synchronous = OFF",), last=("PRAGMA synchronous = FULL",))
    _, struck = strike_all(Power(), case(source, "wal"))
    broken = [one for one in struck if one.broken]
    assert broken[0].left == "lied"
    assert broken[0].point.where == (
        "power lost after the run reported success; on the disk: only what was synced"
    )
    assert broken[0].said == "reported success"


def test_a_lost_commit_is_no_lie_where_the_mode_does_not_promise_it():
    source = TenLines(settings=("PRAGMA synchronous = NORMAL",))
    _, struck = strike_all(Power(), case(source, "wal"))
    late = [one for one in struck if "reported success" in one.point.where]
    assert late
    assert all(one.left in ("old", "new") for one in struck)


@pytest.mark.parametrize("mode", ["rollback", "wal"])
def test_points_and_what_is_left_are_the_same_each_time(mode):
    """Salts and nonces differ from run to run; nothing that is told depends on them."""
    settings = ("PRAGMA synchronous = OFF",)
    first = strike_all(Power(), case(TenLines(settings=settings), mode))
    assert first == strike_all(Power(), case(TenLines(settings=settings), mode))


def test_a_connection_that_the_runner_opens_is_recorded():
    given, _ = strike_all(Power(), case(TenLines()))
    own, struck = strike_all(Power(), case(OwnConnection()))
    assert len(own) == len(given)
    assert not any(one.broken for one in struck)


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
    with patched_connect(), error:
        Power().points(elsewhere)
