"""Several processes open one file at once: each step is applied once, and all reach the end."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).parents[4] / "fixtures" / "snapshots"
PROCESSES = 8
ROUNDS = 5
LATEST = 12

# For each path it is told: open it, and say its version and which steps this process applied.
OPENER = """
import logging, sys
import sqlite_utils
from pmd.store.database import Database

applied = []
class Collect(logging.Handler):
    def emit(self, record):
        if ": applied in " in record.getMessage():
            applied.append(record.getMessage()[:4])

log = logging.getLogger("pmd.store.migrations")
log.setLevel(logging.INFO)
log.addHandler(Collect())
print("ready", flush=True)
for line in sys.stdin:
    applied.clear()
    with Database(line.rstrip(), timeout=60) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
    print(version, *applied, flush=True)
"""


@pytest.fixture(scope="module")
def openers():
    """Processes that wait for a path to open."""
    with ExitStack() as stack:
        started = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", OPENER],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for _ in range(PROCESSES)
        ]
        assert [opener.stdout.readline() for opener in started] == ["ready\n"] * PROCESSES
        yield started


def open_at_once(openers, path):
    """Open `path` in all processes at once; return each one's version and applied steps."""
    for opener in openers:
        opener.stdin.write(f"{path}\n")
        opener.stdin.flush()
    return [opener.stdout.readline().split() for opener in openers]


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("name", ["0000+u1", "0007", "nothing yet"])
def test_openers_at_once_apply_each_step_once(openers, tmp_path, name, mode):
    for number in range(ROUNDS):
        path = tmp_path / f"{number}.db"
        first = 1
        if name != "nothing yet":
            shutil.copyfile(SNAPSHOTS / f"{name}.db", path)
            first = int(name[:4]) + 1
        if mode == "wal":
            with closing(sqlite3.connect(path)) as conn:
                conn.execute("PRAGMA journal_mode = WAL")
        said = open_at_once(openers, path)
        assert [version for version, *_ in said] == [str(LATEST)] * PROCESSES
        applied = sorted(step for _, *steps in said for step in steps)
        assert applied == [f"{version:04d}" for version in range(first, LATEST + 1)]
        with closing(sqlite3.connect(path)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
