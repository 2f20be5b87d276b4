"""Two processes take turns: no time passes, and none is waited for that has ended."""

from __future__ import annotations

import time

import pytest
from pytest_pmd_migrations.faults.kinds.interleave import Interleave
from pytest_pmd_migrations.faults.kinds.turns import TurnEnd, paused_run, take_turns

LACKING = Interleave().lacking
pytestmark = pytest.mark.skipif(bool(LACKING), reason=LACKING or "runs can take turns here")


def test_two_runs_that_wait_for_each_other_for_ever_are_told():
    def work(stop):
        stop()
        while True:
            time.sleep(1)

    sleep_names = [(vars(time), "sleep")]
    with (
        paused_run(work, sleep_names, 10.0) as first,
        paused_run(work, sleep_names, 10.0) as second,
    ):
        first.turn()
        take_turns(first, second)
    assert first.last.word == second.last.word == "hung"


def test_a_run_whose_process_ends_is_no_success():
    def work(_):
        import os

        os._exit(3)

    with paused_run(work, (), 10.0) as run:
        assert run.turn() == TurnEnd(
            "done", unusable="the process of a run ended before the run did"
        )
