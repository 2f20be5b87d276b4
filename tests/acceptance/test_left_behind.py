"""Runs that are broken off in the middle: nothing of theirs stays in the temporary folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.warm_python import WarmPython

SETTINGS = "[pytest]\nmigration_source = migrations\n"
FIRST = "CREATE TABLE notes(id INTEGER PRIMARY KEY, body BLOB);\n"
LARGE = "INSERT INTO notes(body) VALUES (zeroblob(5300000));\n"
SECOND = "ALTER TABLE notes ADD COLUMN title TEXT"
TELLS = """
import sqlite3
import time

VERSION = 2
DESCRIPTION = "tells a test that it waits"


def wait():
    with open("waits", "w") as pipe:
        pipe.write("now")
    time.sleep(9999)


def up(db):
"""
WAITS_ON_A_FILE = f"""{TELLS}
    db.execute("{SECOND}")
    if db.execute("PRAGMA database_list").fetchone()[2].startswith("/"):
        wait()
"""
WAITS_AFTER_AN_ERROR = f"""{TELLS}
    try:
        db.execute("{SECOND}")
    except sqlite3.Error:
        wait()
"""
SNAPSHOT = ("-c", "from pytest_pmd_migrations.cli import main; main()", "snapshot")
ATOMIC = ("-m", "pytest", "-p", "no:hypothesispytest", "migrations::0002[atomic]")


class Project:
    """A project of one released step and one to come; its temporary folders go to `scratch`."""

    def __init__(self, folder: Path, warm_python: WarmPython) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        (folder / "migrations").mkdir()
        (folder / "pytest.ini").write_text(SETTINGS)
        os.mkfifo(folder / "waits")
        self._warm_python = warm_python

    def write(self, name: str, text: str) -> None:
        (self.folder / "migrations" / name).write_text(text)

    def store_first(self, text: str) -> None:
        (self.folder / "migrations/0001_first.sql").write_text(text)
        self.snapshot()

    def snapshot(self) -> str:
        done = self._warm_python.run(sys.executable, *SNAPSHOT, cwd=self.folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stop_while_it_waits(self, number: signal.Signals, *arguments: str) -> int:
        """Start a command, send the signal when a step waits, and return the exit code."""
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert (self.folder / "waits").read_text() == "now"
        assert self.left()
        process.send_signal(number)
        return process.wait()

    def left(self) -> list[str]:
        return [path.name for path in self.scratch.iterdir()]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, warm_python: WarmPython) -> Project:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    return Project(tmp_path, warm_python)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_atomic_leaves_nothing_when_it_is_stopped(project: Project, number: signal.Signals) -> None:
    project.store_first(FIRST)
    project.write("0002_second.py", WAITS_AFTER_AN_ERROR)
    code = project.stop_while_it_waits(number, *ATOMIC)
    assert code == (2 if number == signal.SIGINT else -number)
    assert project.left() == []


def test_what_a_killed_snapshot_leaves_goes_with_the_next(project: Project) -> None:
    project.store_first(FIRST + LARGE)
    project.write("0002_second.py", WAITS_ON_A_FILE)
    assert project.stop_while_it_waits(signal.SIGKILL, *SNAPSHOT) == -signal.SIGKILL
    assert project.left()
    project.write("0002_second.py", WAITS_ON_A_FILE.replace("wait()\n", "pass\n"))
    assert "built    0001 (stored) -> 0002" in project.snapshot()
    assert project.left() == []
