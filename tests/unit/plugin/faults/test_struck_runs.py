"""Each fault and each retry meets a process as a restarted program is one: nothing struck it."""

from __future__ import annotations

import sqlite3
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.faults import KINDS, Case, try_faults
from pytest_pmd_migrations.faults.kinds.crash import Crash
from pytest_pmd_migrations.faults.kinds.deny import Deny
from pytest_pmd_migrations.faults.kinds.interrupt import Interrupt
from pytest_pmd_migrations.faults.wording import counts
from pytest_pmd_migrations.image import Image

from tests.unit.plugin.faults.runners import STEPS, Piecemeal, TenLines, case, strike_all

IN_PROCESS = [Interrupt(), Deny()]
SHORT = {2: STEPS[2][:1]}


class NeverUnlocks(TenLines):
    """Takes a lock of the process's, and does not give it back when something fails."""

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.lock = threading.Lock()

    def upgrade(self, conn, to):
        self.lock.acquire()
        super().upgrade(conn, to)
        self.lock.release()


class BelievesItIsDone(TenLines):
    """Remembers in the process that it ran, and does nothing the next time."""

    done = False

    def upgrade(self, conn, to):
        on_file = Path(conn.execute("PRAGMA database_list").fetchone()[2]).is_absolute()
        if self.done and on_file:
            return
        try:
            super().upgrade(conn, to)
        except BaseException:
            self.done = on_file
            raise


class RefusesAfterFailure(TenLines):
    """Asks for a new start once something has failed."""

    failed = False

    def upgrade(self, conn, to):
        if self.failed:
            raise RuntimeError("start the program anew")
        try:
            super().upgrade(conn, to)
        except BaseException:
            self.failed = True
            raise


@pytest.mark.parametrize("source", [NeverUnlocks, BelievesItIsDone, RefusesAfterFailure])
def test_what_a_struck_process_remembers_is_no_fault_of_the_next(source) -> None:
    tried = try_faults(case(source(steps=SHORT)), IN_PROCESS, patience=0.3)
    assert {one.left for one in tried.struck} == {"old"}
    assert {one.point.kind for one in tried.struck} == {kind.name for kind in IN_PROCESS}
    assert tried.untried == 0


class MendsItself(Piecemeal):
    """Knows what it has done already, until the process ends."""

    def __init__(self, *args, **options) -> None:
        super().__init__(*args, **options)
        self.struck: set[str] = set()

    def upgrade(self, conn, to):
        conn.isolation_level = None
        for version in self.pending(conn, to):
            for statement in self.steps[version]:
                if statement not in self.struck:
                    conn.execute(statement)
                    self.struck.add(statement)
            conn.execute(f"PRAGMA user_version = {version}")
            self.struck.clear()


def test_what_a_struck_process_remembers_does_not_help_the_retry() -> None:
    _, struck = strike_all(Deny(), case(MendsItself()))
    broken = [one for one in struck if one.broken]
    assert {one.left for one in broken} == {"wedged"}
    assert broken[0].retry == "raises OperationalError: duplicate column name: words"


def test_a_retry_that_ends_its_process_is_wedged() -> None:
    class Ends(Piecemeal):
        def upgrade(self, conn, to):
            try:
                super().upgrade(conn, to)
            except sqlite3.OperationalError:
                import os

                os._exit(3)

    struck = try_faults(case(Ends()), [Crash()]).struck
    assert {one.retry for one in struck if one.broken} == {"ends the process"}


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


class Sleeps(TenLines):
    """Answers every error with a long sleep, and has a temporary folder meanwhile."""

    def upgrade(self, conn, to):
        try:
            super().upgrade(conn, to)
        except sqlite3.Error:
            with tempfile.TemporaryDirectory():
                threading.Event().wait()


class SleepsInRetry(Piecemeal):
    """Waits for ever where it finds that a part is done."""

    def upgrade(self, conn, to):
        try:
            super().upgrade(conn, to)
        except sqlite3.OperationalError:
            threading.Event().wait()


def test_no_more_is_tried_after_the_third_point_that_hangs(scratch: Path) -> None:
    tried = try_faults(case(Sleeps()), IN_PROCESS, patience=0.1)
    assert [one.left for one in tried.struck].count("hung") == 3
    assert tried.struck[-1].left == "hung"
    assert tried.untried > 3
    assert not list(scratch.iterdir())


def test_retries_that_hang_are_counted_too(scratch: Path) -> None:
    tried = try_faults(case(SleepsInRetry()), [Crash()], patience=0.1, most_hung=2)
    assert [one.retry for one in tried.struck if one.broken] == ["does not come back"] * 2
    assert tried.untried > 0
    assert not list(scratch.iterdir())


def test_every_kind_leaves_no_folder(scratch: Path) -> None:
    kinds = [kind for kind in KINDS if not kind.lacking]
    tried = try_faults(case(TenLines(steps={2: ("CREATE TABLE log(a)",)})), kinds)
    assert {one.point.kind for one in tried.struck} == {kind.name for kind in kinds}
    assert not list(scratch.iterdir())


def indexed(module: str, options: str) -> Image:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL);"
            f"CREATE VIRTUAL TABLE f USING {module}(t, {options});"
            "INSERT INTO d(t) VALUES ('one'), ('two'); PRAGMA user_version = 1"
        )
        return Image.of_connection(conn)


@pytest.mark.parametrize(
    ("module", "options", "command"),
    [
        ("fts5", "content='d', content_rowid='id'", "rebuild"),
        ("fts4", 'content="d"', "rebuild"),
        ("fts4", 'content="d"', "optimize"),
    ],
)
def test_a_statement_that_is_nothing_but_others_within_it(module, options, command) -> None:
    """It has no tick of its own before theirs; it is interrupted in the first of them."""
    source = TenLines(steps={2: (f"INSERT INTO f(f) VALUES ('{command}')",)})
    subject = Case(source, indexed(module, options), 1, 2, "0001")
    tried = try_faults(subject, [Crash(), *IN_PROCESS])
    assert {one.left for one in tried.struck} <= {"old", "new", "missed"}
    struck = [one for one in tried.struck if command in one.point.sql and one.left != "missed"]
    assert any(one.point.kind == "interrupt" for one in struck)
    assert "0 broken" in counts(tried.struck)
