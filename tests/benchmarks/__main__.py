"""Print the ratios that the project promises, each with its aim.

Every ratio compares two things measured in turns in this run, because a single time says more
about the machine than about the code. Times are CPU seconds, of child processes where whole
commands are compared.
"""

from __future__ import annotations

import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pmd.store.database import Database
from tests.benchmarks.fresh_databases import main as measure_fresh_databases
from tests.benchmarks.history import make
from tests.benchmarks.indexing import main as measure_indexing
from tests.benchmarks.runner import main as measure_runner

BARE_LOOP = """
import sqlite3, sys
from contextlib import closing
from pathlib import Path
from pmd.store.migrations import MigrationRunner, load_migrations

migrations = load_migrations(sys.argv[1])
for path in sorted(Path(sys.argv[2]).glob("*.db")):
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.deserialize(path.read_bytes())
        runner = MigrationRunner(conn, migrations)
        for version in range(runner.get_current_version() + 1, len(migrations) + 1):
            runner.run_migrations(version)
"""

NO_OP = """
import pytest

@pytest.mark.parametrize("number", range({items}))
def test_nothing(number):
    pass
"""


def main() -> None:
    """Measure everything, which takes some minutes; with `--quick`, only show that it runs."""
    quick = sys.argv[1:] == ["--quick"]
    if sys.argv[1:] and not quick:
        raise SystemExit("usage: python -m tests.benchmarks [--quick]")
    small, large, turns = (5, 10, 1) if quick else (50, 200, 25)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _matrix_against_no_op_items(folder / "small", small, aim="at most 3", turns=min(turns, 5))
        _matrix_against_no_op_items(folder / "large", large, aim="(no aim)", turns=1)
        _against_bare_loop(folder / "large", large, turns=min(turns, 2))
        _open_against_connect(folder / "open.db", aim="at most 2", turns=turns)
        _plugin_against_none(folder / "plain", aim="at most 1.05", turns=turns)
    measure_fresh_databases(turns=1 if quick else 21)
    if not quick:
        measure_runner()
        measure_indexing()


def _matrix_against_no_op_items(folder: Path, versions: int, *, aim: str, turns: int) -> None:
    make(folder, versions)
    (folder / "test_no_op.py").write_text(NO_OP.format(items=versions * 4))
    matrix = _matrix(folder)
    no_op = _command(folder, "-m", "pytest", "-q", "test_no_op.py")
    what = f"matrix of {versions} versions / {versions * 4} no-op items"
    _say(what, matrix, no_op, aim=aim, turns=turns)


def _matrix(folder: Path) -> Callable[[], float]:
    """Return the command that runs the matrix: what faults cost, `tests.benchmarks.faults` says."""
    checks = "--migration-checks=schema,data,again,frozen"
    return _command(
        folder, "-m", "pytest", "-q", "--migration-matrix", checks, "-m", "migration", "app"
    )


def _against_bare_loop(folder: Path, versions: int, *, turns: int) -> None:
    """Measure whatever walks every lineage beside a loop that does nothing else."""
    bare = _command(folder, "-c", BARE_LOOP, "app/migrations", "fixtures/snapshots")
    steps = f"the same steps of {versions} versions in a bare loop"
    _say(f"matrix / {steps}", _matrix(folder), bare, aim="at most 4", turns=turns)
    script = str(Path(sys.executable).parent / "pmd-migrations")
    check = _command(folder, script, "check")
    _say(f"pmd-migrations check / {steps}", check, bare, aim="(no aim)", turns=turns)


def _open_against_connect(path: Path, *, aim: str, turns: int) -> None:
    with Database(path):
        pass

    def connect() -> None:
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA user_version").fetchone()

    def open_database() -> None:
        with Database(path):
            pass

    _say(
        "opening an up-to-date Database / connect and one pragma",
        _many(open_database),
        _many(connect),
        aim=aim,
        turns=turns,
    )


def _plugin_against_none(folder: Path, *, aim: str, turns: int) -> None:
    folder.mkdir()
    (folder / "test_no_op.py").write_text(NO_OP.format(items=20))
    # Paired and repeated more often: the difference is smaller than one run's noise.
    _say(
        "pytest with the plugin and no flag / without it",
        _command(folder, "-m", "pytest", "-q"),
        _command(folder, "-m", "pytest", "-q", "-p", "no:pmd_migrations"),
        aim=aim,
        turns=turns,
    )


def _command(folder: Path, *arguments: str) -> Callable[[], float]:
    # As for anybody else: what is imported has been compiled by an earlier run.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def measure() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{arguments} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return measure


def _many(work: Callable[[], None]) -> Callable[[], float]:
    def measure() -> float:
        before = time.process_time()
        for _ in range(200):
            work()
        return (time.process_time() - before) / 200

    return measure


def _say(
    what: str,
    one: Callable[[], float],
    other: Callable[[], float],
    *,
    aim: str,
    turns: int = 5,
) -> None:
    one(), other()
    pairs = [(one(), other()) for _ in range(turns)]
    ratio = statistics.median(first / second for first, second in pairs)
    first = statistics.median(pair[0] for pair in pairs)
    second = statistics.median(pair[1] for pair in pairs)
    sys.stdout.write(f"{ratio:6.2f}  {what} ({first:.4f} s / {second:.4f} s CPU), aim: {aim}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
