"""Two runs on one file that take turns: which runners let both succeed."""

from __future__ import annotations

import sqlite3
import time
from contextlib import suppress

import pytest
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.kinds.interleave import Interleave
from pytest_pmd_migrations.faults.kinds.interleave_turns import Message, child_run, take_turns

from tests.unit.plugin.faults.ten_lines import (
    STEPS,
    OwnConnection,
    ReadsFirst,
    TenLines,
    TriesAgain,
    case,
    tried,
)

pytestmark = pytest.mark.skipif(
    bool(Interleave().lacking), reason=Interleave().lacking or "can take turns"
)

SUCCESS = "reported success; the one let in reported success"


@pytest.mark.parametrize("mode", ["rollback", "wal"])
@pytest.mark.parametrize("source", [TenLines(), TriesAgain()], ids=["waits", "tries again"])
def test_both_runs_of_a_correct_runner_succeed(mode, source):
    points, judged = tried(Interleave(), case(source, mode))
    assert [point.sql.split()[0] for point in points][-3:] == ["INSERT", "PRAGMA", "COMMIT"]
    assert {(one.verdict, one.outcome) for one in judged} == {("new", SUCCESS)}


@pytest.mark.parametrize("mode", ["rollback", "wal"])
def test_a_runner_that_reads_what_is_pending_before_a_deferred_begin_is_found(mode):
    _, judged = tried(Interleave(), case(ReadsFirst(), mode))
    broken = [one for one in judged if one.broken]
    assert broken[0].verdict == "wedged"
    assert broken[0].point.place == "a second run let in before statement 2 of 8"
    assert broken[0].point.sql == "BEGIN"
    assert broken[0].outcome == (
        "raised OperationalError: duplicate column name: words; the one let in reported success"
    )


def test_a_step_that_is_applied_twice_in_silence_is_a_lie():
    """IF NOT EXISTS hides the second run from everybody but the rows."""
    steps = {2: ("CREATE TABLE IF NOT EXISTS log (what)", "INSERT INTO log SELECT id FROM notes")}
    _, judged = tried(Interleave(), case(ReadsFirst(steps=steps)))
    found = [one for one in judged if one.verdict == "lied"]
    assert found[0].outcome == SUCCESS
    assert found[0].differences == ("table log has 24 of 12 rows",)


def test_a_runner_that_does_not_wait_is_turned_away():
    source = TenLines(settings=("PRAGMA busy_timeout = 0",))
    _, judged = tried(Interleave(), case(source))
    outcomes = {one.outcome for one in judged if one.broken}
    assert outcomes == {
        "reported success; the one let in raised OperationalError: database is locked"
    }


def test_waiting_for_a_lock_takes_no_time():
    """An hour of patience, at every statement that holds the lock."""
    source = TenLines(settings=("PRAGMA busy_timeout = 3600000",), steps={2: STEPS[2][:1]})
    _, judged = tried(Interleave(), case(source))
    assert not any(one.broken for one in judged)


def test_points_and_verdicts_are_the_same_each_time():
    steps = {2: STEPS[2][:1]}
    first = tried(Interleave(), case(ReadsFirst(steps=steps)))
    assert first == tried(Interleave(), case(ReadsFirst(steps=steps)))


def test_a_connection_that_the_runner_opens_is_stopped_too():
    points, judged = tried(Interleave(), case(OwnConnection(steps={2: STEPS[2][:1]})))
    assert len(points) > 4
    assert not any(one.broken for one in judged)


def test_two_runs_that_wait_for_each_other_for_ever_are_told():
    def work(stop):
        stop()
        while True:
            time.sleep(1)

    sleepers = [(vars(time), "sleep")]
    with child_run(work, sleepers) as first, child_run(work, sleepers) as second:
        first.turn()
        take_turns(first, second)
    assert first.last.word == second.last.word == "hung"


def test_a_run_whose_process_ends_is_no_success():
    def work(_):
        import os

        os._exit(3)

    with child_run(work, ()) as run:
        assert run.turn() == Message("done", blind="the process of a run ended before the run did")


def test_a_run_that_goes_another_way_is_an_error():
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
    with pytest.raises(InjectionError, match="takes another way each time"):
        tried(Interleave(), moody)
