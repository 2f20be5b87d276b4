"""An interrupt strikes at its tick, though ticks are asked for as late as that allows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_pmd_migrations.faults import Case
from pytest_pmd_migrations.faults.kinds.interrupt import Interrupt
from pytest_pmd_migrations.faults.values import Point
from pytest_pmd_migrations.faults.watching.events import Fault
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.image import Image

from tests.unit.plugin.faults.runners import STEPS, TenLines, case


class Counted:
    """What happened in a run: statements and ticks until it was struck, and ticks in all."""

    def __init__(self, fault: Fault) -> None:
        self.statements: list[str] = []
        self.ticks = 0
        statement, answers = fault.statement, fault.answers

        def count_statement(conn, sql: str) -> None:
            if not fault.struck:
                self.statements.append(sql)
            statement(conn, sql)

        def count_ticks() -> Iterator[object]:
            for answer in answers():
                self.ticks += 1
                yield answer

        fault.statement, fault.answers = count_statement, count_ticks


class FromTheBeginning(Fault):
    """Interrupts at a tick, and counts all of them."""

    wants_ticks = True

    def __init__(self, at: int) -> None:
        self._left = at

    def tick(self) -> bool:
        self._left -= 1
        self.struck = self.struck or self._left == -1
        return self._left == -1


def full_text() -> Case:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT);"
            "CREATE VIRTUAL TABLE f USING fts5(t);"
            "CREATE TRIGGER i AFTER INSERT ON d BEGIN INSERT INTO f VALUES (new.t); END;"
            "PRAGMA user_version = 1"
        )
        image = Image.of_connection(conn)
    step = ("INSERT INTO d(t) VALUES ('one'), ('two')", "UPDATE d SET t = 'three'")
    return Case(TenLines(steps={2: step}), image, 1, 2, "0001")


@pytest.mark.parametrize(
    "subject", [case(TenLines(steps=STEPS)), full_text()], ids=["tables", "full text"]
)
def test_every_tick_of_a_run_is_struck_at_its_place(subject: Case) -> None:
    kind = Interrupt()
    with patched_connect():
        ticks = subject.recording.ticks
        fewer = 0
        for at in range(ticks):
            point = Point("interrupt", "rollback", "tick", at, "interrupted")
            ((_, planned),) = kind.plan(subject, [point])
            faults = planned, FromTheBeginning(at)
            counted = [Counted(fault) for fault in faults]
            ends = [subject.run(fault) for fault in faults]
            assert [fault.struck for fault in faults] == [True, True], at
            assert counted[0].statements == counted[1].statements, at
            assert ends[0] == ends[1], at
            fewer += counted[0].ticks < counted[1].ticks
    assert fewer > ticks / 2
