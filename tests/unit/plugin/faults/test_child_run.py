"""Faults are tried in a child process: one that hangs is told, one that dies is an error."""

from __future__ import annotations

import os
import sqlite3

import pytest
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults import try_faults
from pytest_pmd_migrations.faults.kinds.crash import Crash
from pytest_pmd_migrations.faults.kinds.deny import Deny

from tests.unit.plugin.faults.runners import Piecemeal, TenLines, case, strike_all


class Stubborn(TenLines):
    """Tries again until it succeeds, which a database in its way never lets it."""

    def upgrade(self, conn, to):
        while True:
            try:
                super().upgrade(conn, to)
            except sqlite3.Error:
                self.steps = {2: ("SELECT nothing",)}
            else:
                return


def test_hung_is_a_run_that_does_not_come_back():
    subject = case(Stubborn())
    struck = try_faults(subject, [OneDenial()], patience=0.1).struck
    assert [one.left for one in struck] == ["hung"]


class OneDenial(Deny):
    """The kind, at its fifth point only: each that hangs takes the patience."""

    def points(self, case):
        return super().points(case)[4:5]


class WaitsForEver(Piecemeal):
    """Does not come back where a column is there already."""

    def upgrade(self, conn, to):
        try:
            super().upgrade(conn, to)
        except sqlite3.OperationalError:
            while True:
                pass


def test_a_retry_that_does_not_come_back_is_wedged():
    class After(Crash):
        def points(self, case):
            return super().points(case)[2:3]

    struck = try_faults(case(WaitsForEver()), [After()], patience=0.3).struck
    assert [(one.left, one.retry) for one in struck] == [("wedged", "does not come back")]


class Dies(TenLines):
    """Ends its process where something fails."""

    def upgrade(self, conn, to):
        try:
            super().upgrade(conn, to)
        except sqlite3.Error:
            os._exit(3)


def test_a_runner_that_ends_the_process_is_an_error_and_no_pass():
    with pytest.raises(InjectionError) as caught:
        try_faults(case(Dies()), [Deny()])
    assert str(caught.value) == (
        "the process ended, denied in statement 1 of 9, on the way from 0001: the migration or"
        " SQLite ended it, so nothing can be said of that fault"
    )


def test_points_are_the_same_in_one_process_and_in_a_child():
    _, here = strike_all(Deny(), case(TenLines()))
    assert tuple(here) == try_faults(case(TenLines()), [Deny()]).struck
