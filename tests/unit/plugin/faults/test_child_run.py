"""Faults are tried in a child process: one that hangs is told, one that dies is an error."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults import DEFAULT_KINDS, try_faults
from pytest_pmd_migrations.faults.kinds.crash import Crash
from pytest_pmd_migrations.faults.kinds.deny import Deny

from tests.unit.plugin.faults.runners import STEPS, Piecemeal, TenLines, case, strike_all


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
    struck = try_faults(subject, [OneDenial()], patience=0.3).struck
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


class EndsWhereTorn(Piecemeal):
    """Ends its process where it is asked for the version of a database that is half-way."""

    def current_version(self, conn):
        version = conn.execute("PRAGMA user_version").fetchone()[0]
        tables = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if version == 1 and tables > 2:
            os._exit(3)
        return version


def test_where_a_process_ended_is_told_though_verdicts_are_told_many_at_a_time():
    reads = [f"SELECT {number}" for number in range(9)]
    source = EndsWhereTorn(steps={2: (*reads, "CREATE TABLE log(note)", "SELECT 9")})
    with pytest.raises(InjectionError) as caught:
        try_faults(case(source), [Crash()])
    assert str(caught.value) == (
        "the process ended, killed after statement 11 of 13, on the way from 0001: the migration or"
        " SQLite ended it, so nothing can be said of that fault"
    )


class TellsProcesses(TenLines):
    """Notes the process of each run on a file."""

    def __init__(self, note: Path, **options) -> None:
        super().__init__(**options)
        self.note = note

    def upgrade(self, conn, to):
        if Path(conn.execute("PRAGMA database_list").fetchone()[2]).is_absolute():
            with self.note.open("a") as file:
                file.write(f"{os.getpid()}\n")
        super().upgrade(conn, to)


@pytest.mark.parametrize(("share", "processes"), [(True, 2), (False, 6)])
def test_one_process_is_struck_and_one_judges_whatever_the_number_of_cases(
    tmp_path, share, processes
):
    source = TellsProcesses(tmp_path / "note")
    first = replace(case(source), share=share)
    tried = [try_faults(first, DEFAULT_KINDS), try_faults(replace(first), DEFAULT_KINDS)]
    assert tried[0] == tried[1]
    assert {one.left for one in tried[0].struck} == {"old", "new"}
    assert len(set(source.note.read_text().split())) == processes


class WearsOut(TenLines):
    """Commits each statement by itself once it has upgraded three files in one process."""

    done = 0

    def upgrade(self, conn, to):
        on_file = Path(conn.execute("PRAGMA database_list").fetchone()[2]).is_absolute()
        (Piecemeal if self.done > 2 else TenLines).upgrade(self, conn, to)
        self.done += on_file


class TiresOut(WearsOut):
    """Raises then."""

    def upgrade(self, conn, to):
        if self.done > 2:
            raise RuntimeError("start the program anew")
        super().upgrade(conn, to)


@pytest.mark.parametrize("source", [WearsOut, TiresOut])
def test_a_process_that_stayed_is_believed_only_where_all_is_well(source):
    subject, kinds = case(source(steps={2: STEPS[2][:2]})), (Crash(), Deny())
    found = [try_faults(replace(subject), kinds) for _ in range(4)]
    assert {one.left for one in found[0].struck} == {"old", "new"}
    assert found == [found[0]] * 4


def test_kinds_that_cannot_be_copied_are_tried_by_a_new_process():
    class Some(Deny):
        def points(self, case):
            return super().points(case)[:3]

    subject = case(TenLines())
    kinds = [Some()]
    assert try_faults(subject, kinds) == try_faults(replace(subject), kinds)
    assert len(try_faults(subject, [Some()]).struck) == 3
