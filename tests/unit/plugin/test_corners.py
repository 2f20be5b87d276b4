"""What is in a schema four times as often makes about four times the work; no time is measured."""

from __future__ import annotations

import math
import sqlite3
from cProfile import Profile

import pytest

from tests.benchmarks import corner_cases
from tests.benchmarks.corner_cases import CORNERS, Corner, Work, opened
from tests.every import for_every

FACTOR = 4
AIM = 1.2
STEPS = 20
"""How many steps of SQLite's virtual machine count as one call of Python's."""


class Counted:
    """Counts every call, of Python's and of C's functions, and the steps of SQLite's machine."""

    def __init__(self) -> None:
        self.ticks = 0

    def steps(self) -> int:
        self.ticks += 1
        return 0

    def of(self, work: Work) -> int:
        self.ticks = 0
        calls = Profile()
        calls.enable()
        try:
            work()
        finally:
            calls.disable()
        return self.ticks + sum(entry.callcount for entry in calls.getstats())


@for_every("corner", CORNERS, ids=lambda corner: corner.name)
def test_the_work_grows_with_what_is_there(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = Counted()

    def watched(content: bytes) -> sqlite3.Connection:
        conn = opened(content)
        conn.set_progress_handler(counted.steps, STEPS)
        return conn

    monkeypatch.setattr(corner_cases, "opened", watched)
    few = max(corner.small // 10, 5)
    # What is there once only is done before: caches, and modules that are imported late.
    corner.work(2)()
    costs = [counted.of(corner.work(count)) for count in (few, few * FACTOR)]
    assert math.log(costs[1] / costs[0], FACTOR) <= AIM, costs
