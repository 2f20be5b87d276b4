"""A step that waits, goes round in circles or gathers without end is stopped, and no other."""

from __future__ import annotations

import gc
import re
import shutil
import signal
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations import image
from pytest_pmd_migrations.application.upgrade import EMPTY, take_step, walk
from pytest_pmd_migrations.errors import StepFailedError, TemporaryFolderError
from pytest_pmd_migrations.limits import step_limits
from pytest_pmd_migrations.limits.step_limits import LimitedRun, StepLimits

from tests.unit.plugin.built_application import Notes, application, store, told, verdict

QUICK = 0.1
FEW = 48
ENDLESS = "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n)"
NO_PROGRESS = "makes no progress for 0.1 s"
OUT_OF_MEMORY = "takes more than 48 MB of memory"

Run = Callable[[sqlite3.Connection], object]


def stopped(run: Run, *, seconds: float = QUICK, megabytes: int = FEW) -> str:
    """Return which limit a run meets on a database with one row."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.execute("CREATE TABLE t(a INTEGER, b BLOB)")
        conn.execute("INSERT INTO t VALUES (1, NULL)")
        limited = LimitedRun(conn, StepLimits(seconds, megabytes), 1)
        try:
            with limited:
                run(conn)
        except BaseException:
            assert limited.stopped, "raised, though no limit was met"
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL
    return limited.stopped.what if limited.stopped else ""


def compute(_: sqlite3.Connection) -> None:
    while True:
        pass


def poll(conn: sqlite3.Connection) -> None:
    while conn.execute("SELECT a FROM t WHERE a > 1").fetchone() is None:
        time.sleep(0.001)


def try_again(conn: sqlite3.Connection) -> None:
    while True:
        try:
            conn.execute("INSERT INTO missing VALUES (1)")
        except sqlite3.Error:
            continue


def catch_everything(_: sqlite3.Connection) -> None:
    while True:
        try:
            time.sleep(9999)
        except BaseException:
            continue


def answer_with_sleep(conn: sqlite3.Connection) -> None:
    try:
        conn.execute("SELECT nothing")
    except sqlite3.Error:
        time.sleep(9999)


def swallow(_: sqlite3.Connection) -> None:
    try:
        time.sleep(9999)
    except BaseException:
        return


def collect(_: sqlite3.Connection) -> None:
    """Whatever is raised in a callback of the collector is lost, and told as a warning."""

    def wait(_phase: str, _info: object) -> None:
        until = time.monotonic() + 0.03
        while time.monotonic() < until:
            pass

    gc.callbacks.append(wait)
    try:
        while True:
            gc.collect(0)
    finally:
        gc.callbacks.remove(wait)


def climb_a_circle(conn: sqlite3.Connection) -> None:
    """The usual query of a tree, on rows that are each other's parents."""
    conn.execute("CREATE TABLE tree(id INTEGER PRIMARY KEY, parent INTEGER)")
    conn.execute("INSERT INTO tree VALUES (1, 2), (2, 1)")
    conn.execute(
        "WITH RECURSIVE up(id) AS (VALUES (1) UNION ALL SELECT parent FROM tree JOIN up USING (id))"
        " SELECT count(*) FROM up"
    ).fetchone()


@pytest.mark.parametrize(
    "run",
    [
        lambda _: time.sleep(9999),
        lambda _: threading.Event().wait(),
        compute,
        poll,
        try_again,
        catch_everything,
        answer_with_sleep,
        swallow,
        collect,
        climb_a_circle,
        lambda conn: conn.execute(f"{ENDLESS} UPDATE t SET a = (SELECT max(x) FROM n)"),
    ],
    ids=[
        "sleep",
        "lock",
        "compute",
        "poll",
        "try_again",
        "catch_everything",
        "answer_with_sleep",
        "swallow",
        "collect",
        "climb_a_circle",
        "endless_query",
    ],
)
def test_a_run_without_progress_is_stopped(run: Run) -> None:
    assert stopped(run) == NO_PROGRESS


def insert_slowly(conn: sqlite3.Connection) -> None:
    for _ in range(20):
        conn.execute("INSERT INTO t VALUES (1, NULL)")
        time.sleep(QUICK / 8)


def create_slowly(conn: sqlite3.Connection) -> None:
    for number in range(20):
        conn.execute(f"CREATE TABLE t{number}(a)")
        time.sleep(QUICK / 8)


@pytest.mark.parametrize("run", [insert_slowly, create_slowly])
def test_a_long_run_that_gets_on_is_not(run: Run) -> None:
    assert stopped(run) == ""


def test_a_long_statement_that_writes_is_not() -> None:
    insert = f"{ENDLESS} INSERT INTO t SELECT x, zeroblob(1000) FROM n LIMIT 150000"
    assert stopped(lambda conn: conn.execute(insert), megabytes=0) == ""


def write_for_ever(conn: sqlite3.Connection) -> None:
    while True:
        conn.execute("UPDATE t SET a = a + 1")


def test_an_endless_loop_that_writes_has_thirty_times_as_long() -> None:
    assert stopped(write_for_ever, seconds=0.02) == "does not end within 0.6 s"


def gather(_: sqlite3.Connection) -> None:
    values: list[str] = []
    while True:
        values.append(f"{len(values):1000}")


@pytest.mark.parametrize(
    "run",
    [
        gather,
        lambda _: b"x" * 10**12,
        lambda conn: conn.execute(f"{ENDLESS} INSERT INTO t SELECT x, randomblob(5000) FROM n"),
    ],
    ids=["list", "one_value", "rows"],
)
def test_a_run_that_gathers_without_end_is_stopped_before_memory_ends(run: Run) -> None:
    assert stopped(run, seconds=60) == OUT_OF_MEMORY


def test_the_file_of_a_large_database_grows_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "MEMORY_LIMIT", 1024)
    steps = {
        1: "CREATE TABLE t(a, b)",
        2: f"{ENDLESS} INSERT INTO t SELECT x, zeroblob(9999) FROM n",
    }
    (*_, one) = walk(Notes(tmp_path, steps), EMPTY, to=1)
    with pytest.raises(StepFailedError) as caught:
        list(walk(Notes(tmp_path, steps), one.after, limits=StepLimits(60, 4, "0001")))
    assert str(caught.value) == (
        "the step to 0002, upgraded from 0001, met a limit; 0002_step.py takes more than 4 MB of"
        " memory"
    )


def test_a_full_disk_is_told_as_that_and_not_as_the_step_s_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "MEMORY_LIMIT", 1024)
    insert = f"PRAGMA max_page_count = 20; {ENDLESS} INSERT INTO t SELECT x, zeroblob(9999) FROM n"
    steps = {1: "CREATE TABLE t(a, b)", 2: insert}
    (*_, one) = walk(Notes(tmp_path, steps), EMPTY, to=1)
    usage = shutil.disk_usage(tmp_path)
    told = "the disk of {} is full; expected room for copies of the databases. Make room there,"
    for megabytes, free in ((1024, 2**20 * 1023), (0, 2**20)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        with pytest.raises(TemporaryFolderError) as caught:
            list(walk(Notes(tmp_path, steps), one.after, limits=StepLimits(60, megabytes)))
        assert str(caught.value).startswith(told.format(tempfile.gettempdir()))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**30))
    with pytest.raises(StepFailedError):
        list(walk(Notes(tmp_path, steps), one.after, limits=StepLimits(60, 0)))


def test_no_limit_is_set_with_0() -> None:
    assert stopped(insert_slowly, seconds=0, megabytes=0) == ""


def test_a_timer_that_was_set_goes_on_behind_it() -> None:
    """As that of pytest-timeout, which strikes in the midst of a step."""

    class Struck(BaseException):
        pass

    def strike(*_: object) -> None:
        raise Struck

    before = signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with closing(sqlite3.connect(":memory:")) as conn:
            with pytest.raises(Struck), LimitedRun(conn, StepLimits(60), 1):
                time.sleep(9999)
            signal.setitimer(signal.ITIMER_REAL, 100)
            with LimitedRun(conn, StepLimits(60), 1):
                pass
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 100
        assert signal.getsignal(signal.SIGALRM) is strike
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


SLOW_EXIT = """
def exit_slowly(self, *error):
    time.sleep(0.2)
    return leave(self, *error)
"""


def test_a_timer_that_strikes_at_the_end_of_the_block_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As where freeing what a run gathered takes longer than the time between two strikes."""
    names = {"time": time, "leave": LimitedRun.__exit__}
    exec(compile(SLOW_EXIT, step_limits.__file__, "exec"), names)
    monkeypatch.setattr(LimitedRun, "__exit__", names["exit_slowly"])
    assert stopped(answer_with_sleep) == NO_PROGRESS
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_what_a_run_gathered_is_given_back(tmp_path: Path) -> None:
    kept = []

    class Gathered(list):
        def __del__(self) -> None:
            kept.append(len(self))

    def step(_: sqlite3.Connection) -> None:
        values = Gathered()
        while True:
            values.append(f"{len(values):1000}")

    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(StepFailedError) as caught:
        take_step(Notes(tmp_path, {1: step}), conn, 1, limits=StepLimits(60, FEW))
    assert caught.value.headline == f"0001_step.py {OUT_OF_MEMORY}"
    assert len(kept) == 1


def test_the_message_names_step_database_line_and_setting(tmp_path: Path) -> None:
    def wait(conn: sqlite3.Connection) -> None:
        conn.execute("CREATE TABLE tags(a)")
        threading.Event().wait()

    history = application(
        tmp_path, {1: "CREATE TABLE notes(a)", 2: wait}, step_timeout=QUICK, step_memory=FEW
    )
    store(history, "0001", "CREATE TABLE notes(a)")
    store(history, "0001+rows", "CREATE TABLE notes(a); INSERT INTO notes VALUES (1)")
    text = told(history, "0002", "again")
    shown = re.sub(r"  \S+/(\w+\.py):\d+", r"  \1", text)
    assert shown.splitlines() == [
        "0002_step.py makes no progress for 0.1 s",
        "Upgraded from fresh. No row changed, no other statement began and nothing",
        "grew: it waits, or goes round in circles.",
        "",
        "  test_step_limits.py, in wait",
        "    threading.Event().wait()",
        "",
        "If it needs longer: migration_step_timeout (now 0.1)",
    ]


def test_a_step_that_met_a_limit_is_waited_for_once(tmp_path: Path) -> None:
    runs = []

    def wait(_: sqlite3.Connection) -> None:
        runs.append(1)
        time.sleep(9999)

    history = application(tmp_path, {1: "CREATE TABLE notes(a)", 2: wait}, step_timeout=QUICK)
    for name in ("0001", "0001+a", "0001+b"):
        store(history, name, "CREATE TABLE notes(a)")
    verdict(history, "0002", "again", only=True)
    assert len(runs) == 1


def test_a_second_run_is_limited_too(tmp_path: Path) -> None:
    def second(conn: sqlite3.Connection) -> None:
        conn.execute("CREATE TABLE IF NOT EXISTS ran(a)")
        if conn.execute("SELECT a FROM ran").fetchone():
            time.sleep(9999)
        conn.execute("INSERT INTO ran VALUES (1)")

    history = application(tmp_path, {1: second}, step_timeout=QUICK)
    assert told(history, "0001", "again").splitlines()[4:7] == [
        "  upgraded from fresh:",
        "    it makes no progress for 0.1 s. If it needs longer: migration_step_timeout",
        "    (now 0.1)",
    ]
