"""A process that is really killed: one kill serves all points that have the same files."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from pytest_pmd_migrations.faults.kinds import kill
from pytest_pmd_migrations.faults.kinds.kill import Kill

from tests.unit.plugin.faults.runners import STEPS, Piecemeal, TenLines, case, strike_all

pytestmark = pytest.mark.skipif(bool(Kill.lacking), reason=Kill.lacking or "can fork here")


SHORT = {2: STEPS[2][:1]}


class StartsProcess(TenLines):
    """Starts another process, which may go on when this one is killed."""

    def upgrade(self, conn, to):
        os.waitpid(os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {}), 0)
        super().upgrade(conn, to)


@pytest.fixture
def kills(monkeypatch):
    """Note the points at which a process is really killed."""
    noted = []
    original = kill._strike

    def note(case, point, judge):
        noted.append(point)
        return original(case, point, judge)

    monkeypatch.setattr(kill, "_strike", note)
    return noted


@pytest.mark.parametrize("mode", ["rollback", "wal"])
@pytest.mark.parametrize("source", [TenLines, Piecemeal])
def test_points_with_the_same_files_have_one_verdict(source, mode, kills):
    struck = strike_all(Kill(), case(source(steps=SHORT), mode))
    shared = list(kills)
    assert strike_all(Kill(), replace(case(source(steps=SHORT), mode), share=False)) == struck
    points, found = struck
    assert [one.point for one in found] == list(points)
    broken = [one.point for one in found if one.broken]
    assert bool(broken) == (source is Piecemeal)
    assert set(broken) <= set(shared)
    assert len(shared) < len(points)


def test_every_point_of_a_run_that_starts_a_process_is_killed(kills):
    points, found = strike_all(Kill(), case(StartsProcess(steps=SHORT)))
    assert kills == list(points)
    assert {one.left for one in found} == {"old", "new"}
