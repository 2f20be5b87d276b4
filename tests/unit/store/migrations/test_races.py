"""Several processes open one file at once: each step is applied once, and all reach the end."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).parents[4] / "fixtures" / "snapshots"
PROCESSES = 8
ROUNDS = 3
LATEST = 12

# Ready, wait for the start, open, and say which steps this process applied.
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
sys.stdin.readline()
with Database(sys.argv[1], timeout=60) as database:
    (version,) = database.execute("PRAGMA user_version").fetchone()
print(version, *applied)
"""


def open_at_once(path):
    """Open `path` in all processes at once; return each one's version and applied steps."""
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", OPENER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    for opener in openers:
        assert opener.stdout.readline() == "ready\n"
    for opener in openers:
        opener.stdin.write("go\n")
        opener.stdin.flush()
    ended = [(*opener.communicate(), opener.returncode) for opener in openers]
    assert [error for _, error, code in ended if code] == []
    return [out.split() for out, _, _ in ended]


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("name", ["0000+u1", "0007", "nothing yet"])
def test_openers_at_once_apply_each_step_once(tmp_path, name, mode):
    for number in range(ROUNDS if mode == "delete" else 1):
        path = tmp_path / f"{number}.db"
        first = 1
        if name != "nothing yet":
            shutil.copyfile(SNAPSHOTS / f"{name}.db", path)
            first = int(name[:4]) + 1
        if mode == "wal":
            with closing(sqlite3.connect(path)) as conn:
                conn.execute("PRAGMA journal_mode = WAL")
        said = open_at_once(path)
        assert [version for version, *_ in said] == [str(LATEST)] * PROCESSES
        applied = sorted(step for _, *steps in said for step in steps)
        assert applied == [f"{version:04d}" for version in range(first, LATEST + 1)]
        with closing(sqlite3.connect(path)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
