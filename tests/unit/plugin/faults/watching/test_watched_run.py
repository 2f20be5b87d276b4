"""Every connection to the file is seen, however it is opened, and shares its callbacks."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest
from pytest_pmd_migrations.errors import InjectionError
from pytest_pmd_migrations.faults.kinds.deny import Deny
from pytest_pmd_migrations.faults.kinds.interrupt import Interrupt
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.faults.watching.recording import Recorder

from tests.unit.plugin.faults.runners import OwnConnection, TenLines, case, strike_all


class Watched(sqlite3.Connection):
    """An application's own class of connections."""

    greeting = "hello"


def path_of(conn):
    return conn.execute("PRAGMA database_list").fetchone()[2]


class OwnClass(TenLines):
    """Opens the file by its path, with a class and keywords of its own."""

    def upgrade(self, conn, to):
        path = path_of(conn)
        if not Path(path).is_absolute():
            super().upgrade(conn, to)
            return
        with closing(sqlite3.connect(path, timeout=5.0, factory=Watched)) as own:
            assert own.greeting == "hello"
            super().upgrade(own, to)


class OwnCallbacks(TenLines):
    """Sets an authorizer, a trace and a progress handler, and takes them away again."""

    def __init__(self):
        super().__init__()
        self.asked = self.traced = self.ticked = self.fails_at = 0

    def upgrade(self, conn, to):
        conn.set_authorizer(self.authorize)
        conn.set_trace_callback(self.trace)
        conn.set_progress_handler(self.tick, 10)
        try:
            super().upgrade(conn, to)
        except sqlite3.OperationalError:
            if self.ticked != self.fails_at:
                raise
            conn.rollback()
            super().upgrade(conn, to)
        finally:
            conn.set_authorizer(None)
            conn.set_trace_callback(None)
            conn.set_progress_handler(None, 0)

    def authorize(self, *_):
        self.asked += 1
        return sqlite3.SQLITE_OK

    def trace(self, _sql):
        self.traced += 1

    def tick(self):
        self.ticked += 1
        if self.ticked == self.fails_at:
            raise ValueError
        return 0


@pytest.mark.parametrize("source", [OwnConnection(), OwnClass(), OwnCallbacks()])
@pytest.mark.parametrize("kind", [Interrupt(), Deny()], ids=["interrupt", "deny"])
def test_every_statement_is_struck_whoever_opened_the_connection(source, kind):
    points, struck = strike_all(kind, case(source))
    assert len([one for one in points if one.sql.startswith("ALTER")]) >= 1
    assert {one.left for one in struck} == {"old"}
    assert all(one.said.startswith("raised ") for one in struck)


def test_the_runners_own_callbacks_are_asked_too():
    source = OwnCallbacks()
    strike_all(Deny(), case(source))
    assert source.asked > 30
    assert source.traced > 10
    # Once it has raised, it is asked on.
    for source.fails_at in (0, 3):
        source.ticked, recorder = 0, Recorder()
        with patched_connect():
            assert not case(source).run(recorder).raised
        assert source.ticked == recorder.ticks // 10 > 10


class Lost(TenLines):
    """Makes a connection without asking connect() for it."""

    def __init__(self, spelling):
        super().__init__()
        self.spelling = spelling

    def upgrade(self, conn, to):
        path = path_of(conn)
        if not Path(path).is_absolute():
            super().upgrade(conn, to)
            return
        with closing(sqlite3.Connection(self.spelling(path), uri=True)) as own:
            super().upgrade(own, to)


@pytest.mark.parametrize(
    "spelling", [str, Path, os.path.relpath, lambda path: f"file:{quote(path)}?mode=rw"]
)
def test_a_connection_that_was_lost_from_sight_is_an_error(spelling):
    with pytest.raises(InjectionError) as caught:
        strike_all(Deny(), case(Lost(spelling)))
    assert str(caught.value) == (
        "the faults lost a connection: a sqlite3.Connection was opened to the database past"
        " sqlite3.connect, so nothing can be said of what it does. Let the runner call"
        " sqlite3.connect"
    )


class Elsewhere(TenLines):
    """Works in another process, where nothing of this one sees it."""

    def upgrade(self, conn, to):
        path = path_of(conn)
        if not Path(path).is_absolute():
            super().upgrade(conn, to)
            return
        script = "".join(f"{statement};" for statement in self.steps[to])
        code = (
            "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript("
            "f'BEGIN; {sys.argv[2]} PRAGMA user_version = 2; COMMIT')"
        )
        subprocess.run([sys.executable, "-c", code, path, script], check=True)


def test_a_runner_in_another_process_is_an_error_and_no_pass():
    with pytest.raises(InjectionError) as caught:
        strike_all(Deny(), case(Elsewhere()))
    assert str(caught.value) == (
        "the faults saw no connection that wrote, and yet 0001 came to 0002: the runner does not"
        " use Python's sqlite3 in this process, so no fault can be tried on it"
    )


class Moody(TenLines):
    """Runs fewer statements each time."""

    runs = 0

    def upgrade(self, conn, to):
        self.runs += 1
        for _ in range(max(20 - self.runs * 5, 0)):
            conn.execute("SELECT 1")
        super().upgrade(conn, to)


def test_a_point_that_a_run_does_not_come_to_is_left_out_where_it_ends_as_ever():
    _, struck = strike_all(Interrupt(), case(Moody()))
    assert {one.left for one in struck} == {"old", "missed"}
    assert not any(one.broken for one in struck)


class OnlyOnce(TenLines):
    """Can be called twice in its process: once on a file, once in memory."""

    called = 0

    def upgrade(self, conn, to):
        self.called += 1
        if self.called > 2:
            raise RuntimeError("called already")
        super().upgrade(conn, to)


def test_a_fault_that_never_struck_names_kind_point_and_what_the_run_raised():
    with pytest.raises(InjectionError) as caught:
        strike_all(Interrupt(), case(OnlyOnce()))
    assert str(caught.value) == (
        "the fault interrupt did not strike, interrupted in statement 1 of 9,"
        " on the way from 0001 to 0002; that run raised RuntimeError: called already and left"
        " version 0001, where the run without a fault succeeds. The runner takes another way each"
        " time it is called. Let the same database give the same statements"
    )
