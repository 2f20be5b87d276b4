"""Several openers of one file at once, with readers going on: ``python -m tests.races [ROUNDS]``.

Eight processes, or eight threads with a connection each, open an old database or one that does
not exist yet, every other round with backups. Each step must be applied once, all must end at the
latest version, the one backup must hold what was there before, and no reader may see anything but
whole versions.
"""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import sqlite3
import sys
import tempfile
import threading
from collections import Counter
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pmd.store.database import Database
from pmd.store.files.backup import find_backups

SNAPSHOTS = Path(__file__).parents[1] / "fixtures" / "snapshots"
OPENERS = 8
READERS = 2
LATEST = 12
TIMEOUT = 120
MODES = ("delete", "wal")
BEGINNINGS = ("0000+u1", "0007", "nothing yet")
KINDS = ("processes", "threads")

READ = "SELECT user_version, (SELECT count(*) FROM documents) FROM pragma_user_version"


class Applied(logging.Handler):
    """Collects the steps that this process applies while it is entered."""

    def __init__(self):
        super().__init__()
        self.steps = []
        self._log = logging.getLogger("pmd.store.migrations")

    def emit(self, record):
        if ": applied in " in record.getMessage():
            self.steps.append(record.getMessage()[:4])

    def __enter__(self):
        self._level = self._log.level
        self._log.setLevel(logging.INFO)
        self._log.addHandler(self)
        return self

    def __exit__(self, *_):
        self._log.removeHandler(self)
        self._log.setLevel(self._level)


@dataclass
class RaceResult:
    """Tells what one race did: each opener's version or error, the steps applied, what was read."""

    ends: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    reads: list[tuple[int, int]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def open_once(path, *, backup):
    """Open the database and return its version, or the name of the error."""
    try:
        with Database(path, timeout=TIMEOUT, backup=backup) as database:
            return str(*database.execute("PRAGMA user_version").fetchone())
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return type(error).__name__


def prepare(path, beginning, mode):
    """Put the database there that the race begins with."""
    if beginning != "nothing yet":
        shutil.copyfile(SNAPSHOTS / f"{beginning}.db", path)
    if mode == "wal":
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA journal_mode = WAL")


def content(path):
    with closing(sqlite3.connect(path)) as conn:
        return [*conn.iterdump(), conn.execute("PRAGMA user_version").fetchone()]


@contextmanager
def reading(path, result):
    """Read on and on, in threads, until the block is over."""
    over = threading.Event()

    def read():
        while not over.is_set():
            try:
                with closing(sqlite3.connect(path, timeout=TIMEOUT)) as conn:
                    result.reads.append(conn.execute(READ).fetchone())
            except sqlite3.Error as error:
                if "no such table: documents" not in str(error):
                    result.troubles.append(f"reader: {error}")

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    try:
        yield
    finally:
        over.set()
        for reader in readers:
            reader.join()


def open_as_told(pipe):
    """Open each path that the pipe brings, with a backup or without; send back what came of it.

    That is the version or the error, and the steps that were applied here. None ends it.
    """
    with Applied() as applied:
        pipe.send("ready")
        for path, backup in iter(pipe.recv, None):
            applied.steps.clear()
            pipe.send((open_once(path, backup=backup), [*applied.steps]))


@contextmanager
def waiting_processes():
    """Yield pipes to processes that wait for paths to open.

    Where one process can fork them, only that one imports what opening takes.
    """
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    if forks:
        context.set_forkserver_preload(["pmd.store.database", "sqlite_utils"])
    pipes = []
    with ExitStack() as stack:
        for _ in range(OPENERS):
            ours, theirs = context.Pipe()
            opener = context.Process(target=open_as_told, args=(theirs,))
            opener.start()
            stack.callback(opener.join)
            stack.callback(ours.send, None)
            pipes.append(ours)
        assert [pipe.recv() for pipe in pipes] == ["ready"] * OPENERS
        yield pipes


def race_processes(pipes, path, beginning, *, backup):
    """Open the path in all processes at once; return what it did."""
    result = RaceResult()
    with look_at(path, beginning, result, backup=backup), reading(path, result):
        for pipe in pipes:
            pipe.send((path, backup))
        for pipe in pipes:
            end, steps = pipe.recv()
            result.ends.append(end)
            result.steps.extend(steps)
    return result


def race_threads(path, beginning, *, backup):
    """Open the path in as many threads at once, each with a connection of its own."""
    result = RaceResult()
    together = threading.Barrier(OPENERS)

    def work():
        together.wait()
        result.ends.append(open_once(path, backup=backup))

    threads = [threading.Thread(target=work) for _ in range(OPENERS)]
    with (
        look_at(path, beginning, result, backup=backup),
        Applied() as applied,
        reading(path, result),
    ):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        result.steps = applied.steps
    return result


@contextmanager
def look_at(path, beginning, result, *, backup):
    """Compare the state after the block with the one before it."""
    there = beginning != "nothing yet"
    before = content(path) if there else None
    yield
    first = int(beginning[:4]) + 1 if there else 1
    expected = [f"{version:04d}" for version in range(first, LATEST + 1)]
    if sorted(result.steps) != expected:
        result.troubles.append(f"steps applied: {sorted(result.steps)}")
    result.troubles.extend(end for end in result.ends if end != str(LATEST))
    rows = {count for _, count in result.reads}
    if len(rows) > 1 or not {version for version, _ in result.reads} <= set(range(LATEST + 1)):
        result.troubles.append(f"readers saw {sorted(set(result.reads))}")
    backups = [content(backup.path) for backup in find_backups(path)]
    if (there or not backup) and backups != [before] * backup:
        result.troubles.append(f"{len(backups)} backups, or not what was there before")
    # Of a new database an opener may find, and keep, what another one has built so far: no row.
    if not there and any('INSERT INTO "documents"' in line for b in backups for line in b[:-1]):
        result.troubles.append("a backup of a new database has rows")
    with closing(sqlite3.connect(path)) as conn:
        sound = conn.execute("PRAGMA integrity_check").fetchall()
    if sound != [("ok",)]:
        result.troubles.append(f"integrity: {sound}")


def say(line):
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(rounds):
    """Run every race that often, print a line for each kind, and return how many went wrong."""
    failed = 0
    say(f"{'openers':<10} {'journal':<8} {'beginning':<12} rounds  opened  steps   reads  wrong")
    with waiting_processes() as pipes, tempfile.TemporaryDirectory() as made:
        for kind in KINDS:
            for mode in MODES:
                for beginning in BEGINNINGS:
                    count = Counter()
                    for number in range(rounds):
                        path = Path(made) / f"{kind} {mode} {beginning} {number}.db"
                        prepare(path, beginning, mode)
                        backup = number % 2 == 0
                        if kind == "threads":
                            result = race_threads(path, beginning, backup=backup)
                        else:
                            result = race_processes(pipes, path, beginning, backup=backup)
                        count.update(opened=len(result.ends), steps=len(result.steps))
                        count.update(reads=len(result.reads), wrong=bool(result.troubles))
                        for trouble in result.troubles:
                            say(f"  round {number}: {trouble}")
                    failed += count["wrong"]
                    say(
                        f"{kind:<10} {mode:<8} {beginning:<12} {rounds:>6}  {count['opened']:>6}"
                        f"  {count['steps']:>5}  {count['reads']:>6}  {count['wrong']:>5}"
                    )
    return failed


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 25) and 1)
