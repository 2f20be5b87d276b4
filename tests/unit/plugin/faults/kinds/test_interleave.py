"""Two runs on one file that take turns: which runners let both succeed."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_pmd_migrations.faults.kinds.interleave import Interleave

from tests.unit.plugin.faults.runners import (
    STEPS,
    OwnConnection,
    ReadsFirst,
    TenLines,
    TriesAgain,
    case,
    strike_all,
)

LACKING = Interleave().lacking
pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING or "runs can take turns here")

SUCCESS = "reported success; the one let in reported success"


@pytest.mark.parametrize("mode", ["rollback", "wal"])
@pytest.mark.parametrize("source", [TenLines(), TriesAgain()], ids=["waits", "tries again"])
def test_both_runs_of_a_correct_runner_succeed(mode, source):
    points, struck = strike_all(Interleave(), case(source, mode))
    assert [point.sql.split()[0] for point in points][-3:] == ["INSERT", "PRAGMA", "COMMIT"]
    assert {(one.left, one.said) for one in struck} == {("new", SUCCESS)}


@pytest.mark.parametrize("mode", ["rollback", "wal"])
def test_a_runner_that_reads_what_is_pending_before_a_deferred_begin_is_found(mode):
    _, struck = strike_all(Interleave(), case(ReadsFirst(), mode))
    broken = [one for one in struck if one.broken]
    assert broken[0].left == "wedged"
    assert broken[0].point.where == "a second run let in before statement 2 of 8"
    assert broken[0].point.sql == "BEGIN"
    assert broken[0].said == (
        "raised OperationalError: duplicate column name: words; the one let in reported success"
    )


def test_a_step_that_is_applied_twice_in_silence_is_a_lie():
    """IF NOT EXISTS hides the second run from everybody but the rows."""
    steps = {2: ("CREATE TABLE IF NOT EXISTS log (what)", "INSERT INTO log SELECT id FROM notes")}
    _, struck = strike_all(Interleave(), case(ReadsFirst(steps=steps)))
    found = [one for one in struck if one.left == "lied"]
    assert found[0].said == SUCCESS
    assert found[0].differences == ("table log has 24 of 12 rows",)


def test_a_runner_that_does_not_wait_is_turned_away():
    source = TenLines(settings=("PRAGMA busy_timeout = 0",))
    _, struck = strike_all(Interleave(), case(source))
    said = {one.said for one in struck if one.broken}
    assert said == {"reported success; the one let in raised OperationalError: database is locked"}


def test_waiting_for_a_lock_takes_no_time():
    """An hour of patience, at every statement that holds the lock."""
    source = TenLines(settings=("PRAGMA busy_timeout = 3600000",), steps={2: STEPS[2][:1]})
    _, struck = strike_all(Interleave(), case(source))
    assert not any(one.broken for one in struck)


def test_points_and_what_is_left_are_the_same_each_time():
    steps = {2: STEPS[2][:1]}
    first = strike_all(Interleave(), case(ReadsFirst(steps=steps)))
    assert first == strike_all(Interleave(), case(ReadsFirst(steps=steps)))


class BelievesItIsDone(TenLines):
    """Remembers in the process that it upgraded a file, and does nothing the next time."""

    done = False

    def upgrade(self, conn, to):
        on_file = Path(conn.execute("PRAGMA database_list").fetchone()[2]).is_absolute()
        if not (self.done and self.warm and on_file):
            super().upgrade(conn, to)
        # The run without a fault comes first, and is not remembered.
        self.done, self.warm = self.warm and on_file, self.warm or on_file

    warm = False


class WiserAfterHarm(ReadsFirst):
    """Reads what is pending before its lock, until that has failed once in this process."""

    harmed = False

    def upgrade(self, conn, to):
        self.begin = "BEGIN IMMEDIATE" if self.harmed else "BEGIN"
        try:
            super().upgrade(conn, to)
        except sqlite3.Error:
            self.harmed = True
            raise

    def wanted(self, conn, version):
        return TenLines.wanted(self, conn, version) if self.harmed else True


@pytest.mark.parametrize("source", [TenLines, ReadsFirst, BelievesItIsDone, WiserAfterHarm])
def test_two_processes_for_all_points_find_what_two_for_each_find(source):
    steps = {2: STEPS[2][:1]}
    alone = strike_all(Interleave(), replace(case(source(steps=steps)), share=False))
    assert strike_all(Interleave(), case(source(steps=steps))) == alone
    broken = [one for one in alone[1] if one.broken]
    assert bool(broken) == issubclass(source, ReadsFirst)


def test_a_connection_that_the_runner_opens_is_stopped_too():
    points, struck = strike_all(Interleave(), case(OwnConnection(steps={2: STEPS[2][:1]})))
    assert len(points) > 4
    assert not any(one.broken for one in struck)


def test_a_statement_that_a_run_does_not_come_to_is_left_out():
    class Moody(TenLines):
        """Runs fewer statements the second time."""

        def upgrade(self, conn, to):
            with suppress(sqlite3.Error):
                for _ in range(self.extra):
                    conn.execute("SELECT 1")
            self.extra = 0
            super().upgrade(conn, to)

        extra = 3

    moody = case(Moody(steps={2: STEPS[2][:1]}))
    points, struck = strike_all(Interleave(), moody)
    assert [one.left for one in struck] == ["new"] * (len(points) - 3) + ["missed"] * 3
