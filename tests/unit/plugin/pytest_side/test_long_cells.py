"""A cell that takes long is told on the terminal, once, and what is done of it."""

from __future__ import annotations

import os
import pty
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_pmd_migrations.processes.long_work import (
    Pace,
    expect_work,
    heard_by,
    part_of_work,
    tell_work_done,
)

from tests.warm_python import WarmPython

CONFTEST = """
from pytest_pmd_migrations.pytest_side.long_cells import LongCells

def pytest_sessionstart(session):
    matrix = session.config.pluginmanager.get_plugin("migration-matrix")
    matrix.long_cells = LongCells(session.config, seconds={seconds}, shown_every=0.0)
"""
MATRIX = ("-m", "pytest", "--migration-matrix", "-p", "no:cacheprovider", "--color=no")
FAULTS = r"takes about \d+ s: \d+ fault points on a database of 1 MB"


@pytest.fixture
def project(pytester: pytest.Pytester, light_child_runs: None) -> Path:
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmigration_source = "db/"')
    steps = ("CREATE TABLE t(a);", "ALTER TABLE t ADD COLUMN b;", "CREATE INDEX i ON t(b);")
    folder = pytester.mkdir("db")
    for number, sql in enumerate(steps, start=1):
        folder.joinpath(f"000{number}_step.sql").write_text(sql)
    assert pytester.run(Path(sys.executable).with_name("pmd-migrations"), "snapshot").ret == 0
    pytester.makeconftest(CONFTEST.format(seconds=0.0))
    return pytester.path


@pytest.fixture
def told(project: Path, warm_python: WarmPython) -> Callable[..., list[str]]:
    """Return the lines that tell of long cells, in a run without a terminal."""

    def run_matrix(*arguments: str) -> list[str]:
        run = warm_python.run(sys.executable, *MATRIX, *arguments, cwd=project)
        assert run.returncode == 0, run.stdout
        return [line for line in run.stdout.splitlines() if " takes about " in line]

    return run_matrix


def test_each_long_cell_is_told_once_before_it_is_judged(told: Callable[..., list[str]]) -> None:
    lines = told("--migration-checks=schema,atomic")
    assert lines[:2] == [
        "migrations::0001..0003[schema] takes about 1 s: 2 steps of a database of 1 MB",
        "migrations::0002..0003[schema] takes about 1 s: 1 step of a database of 1 MB",
    ]
    for number, line in enumerate(lines[2:], start=1):
        assert re.fullmatch(rf"migrations::000{number}\[atomic\] {FAULTS}", line)
    assert len(lines) == 5


def test_the_lineages_that_a_migration_needs_are_told_together(
    told: Callable[..., list[str]],
) -> None:
    assert told("--migration-checks=again", "-k", "0003") == [
        "migrations::0003[again] takes about 1 s: 4 lineages with 6 steps"
    ]


def test_lineages_that_another_cell_has_walked_take_no_time(
    project: Path, warm_python: WarmPython
) -> None:
    (project / "db/0004_bad.sql").write_text("SELECT missing;")
    checks = "--migration-checks=schema"
    run = warm_python.run(sys.executable, *MATRIX, checks, cwd=project)
    assert run.returncode == 1, run.stdout
    assert [line for line in run.stdout.splitlines() if " takes about " in line] == [
        "migrations::0001..0004[schema] takes about 1 s: 3 steps of a database of 1 MB"
    ]


def test_nothing_is_told_to_who_wants_little_nor_by_workers_nor_of_what_takes_no_time(
    project: Path, told: Callable[..., list[str]]
) -> None:
    assert told("-q", "--migration-checks=schema") == []
    assert told("-n", "1", "--migration-checks=schema") == []
    (project / "conftest.py").write_text(CONFTEST.format(seconds=3600))
    assert told("--migration-checks=schema") == []


def test_a_terminal_shows_what_is_done(project: Path, warm_python: WarmPython) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, *MATRIX, "-v", "--migration-checks=atomic", "-k", "0002"]
    terminal = SimpleNamespace(name=os.ttyname(theirs))
    run = warm_python.start(command, cwd=project, env=os.environ, stdout=terminal, stderr=terminal)
    with ThreadPoolExecutor(1) as waiting:
        code = waiting.submit(run.wait)
        code.add_done_callback(lambda _: os.close(theirs))
        written = b""
        while piece := read_of_terminal(ours):
            written += piece
    os.close(ours)
    assert code.result() == 0, written.decode()
    shown = written.decode().replace("\r\n", "\n")
    first, *parts = re.findall(r"\r(migrations::0002\[atomic\] [^\r\n]*?) *(?=[\r\n])", shown)
    assert first == "migrations::0002[atomic] takes about 1 s: 4 lineages with 6 steps"
    struck = [
        re.fullmatch(r"migrations::0002\[atomic\] (\d+)% of about \d+ s: (.*)", part)
        for part in parts
    ]
    percents = [int(match[1]) for match in struck if match and "fault points" in match[2]]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert re.search(r"\nmigrations::0002\[atomic\] +PASSED", shown)


def read_of_terminal(handle: int) -> bytes:
    """Return what was written to a terminal; nothing once nobody can write to it any more."""
    try:
        return os.read(handle, 65536)
    except OSError:
        return b""


class Heard:
    """What was heard of a piece of work."""

    def __init__(self) -> None:
        self.told: list[tuple[str, float]] = []

    def expects(self, seconds: float, what: str) -> None:
        self.told.append((what, seconds))

    def begins(self, done: float) -> None:
        self.told.append(("begins", done))

    def has_done(self, done: float, what: str) -> None:
        self.told.append((what, done))


def test_parts_of_work_count_by_their_sizes() -> None:
    heard = Heard()
    tell_work_done(0.5, "to nobody")
    with heard_by(heard):
        expect_work(3, "all")
        for number in range(2):
            with part_of_work(number, (1, 3)):
                tell_work_done(0, "part")
                tell_work_done(0.5, "part")
        tell_work_done(1, "all")
    expect_work(3, "nobody")
    assert heard.told == [
        ("all", 3),
        ("begins", 0),
        ("part", 0.125),
        ("begins", 0.25),
        ("part", 0.625),
        ("all", 1),
    ]


def test_what_was_done_since_the_beginning_tells_how_long_the_rest_takes() -> None:
    pace = Pace(patience=10)
    pace.begin(0.2, now=100)
    assert pace.left(0.2, now=105) is None
    assert pace.left(0.24, now=109) is None
    assert pace.left(0.24, now=110) == pytest.approx(0.76 * 10 / 0.04)
    assert pace.left(0.4, now=102) == pytest.approx(0.6 * 2 / 0.2)
    assert pace.left(1, now=200) == 0
