"""Print what the runner costs over the same statements in a bare transaction each.

`python -m tests.benchmarks.runner` measures CPU time in turns with a loop of BEGIN IMMEDIATE, the
step's statements, PRAGMA user_version and COMMIT, and the peak of memory in processes of their
own. Modules are imported, and scripts read, before the clock starts.
"""

from __future__ import annotations

import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import sqlite_utils

from pmd.store.migrations import MigrationRunner, load_migrations
from pmd.store.migrations.run import take_steps
from tests.benchmarks.history import write_migrations

STEPS = 200
ROWS = 1_000_000
ROW_COUNTS = (10_000, 1_000_000)

FILL = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
TABLES = {
    "without foreign keys": f"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER); {FILL}"
    " INSERT INTO t SELECT i, 'text ' || i, i FROM n;",
    "with a foreign key": "CREATE TABLE p (id INTEGER PRIMARY KEY);"
    f" {FILL} INSERT INTO p SELECT i FROM n;"
    " CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b REFERENCES p(id));"
    f" {FILL} INSERT INTO t SELECT i, 'text ' || i, i FROM n;",
}
REWRITE = "UPDATE t SET a = a || ' more'"


def main() -> int:
    """Measure everything, which takes a minute or two; return 1 where an aim is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # First, since a child's peak is at least what this process needed when it was started.
        for rows in ROW_COUNTS:
            _peak(folder / f"peak-{rows}", rows)
        met = [_history(folder / "modules")]
        for what, script in TABLES.items():
            met.append(_million_rows(folder / what.replace(" ", "-"), what, script))
    return int(not all(met))


def _history(folder: Path) -> bool:
    folder.mkdir()
    write_migrations(folder, STEPS)
    migrations = load_migrations(folder)
    loaded = [migration.load() for migration in migrations]

    def run(conn: sqlite3.Connection) -> None:
        take_steps(conn, loaded, authorizer=None, backup=None)

    def run_told(conn: sqlite3.Connection) -> None:
        take_steps(
            conn, loaded, authorizer=None, backup=None, after_step=lambda _, version: version
        )

    def bare(conn: sqlite3.Connection) -> None:
        db = sqlite_utils.Database(conn, recursive_triggers=False, execute_plugins=False)
        for version, step in enumerate(loaded, start=1):
            conn.execute("BEGIN IMMEDIATE")
            step.up(db)
            conn.execute(f"PRAGMA user_version = {version}")
            conn.execute("COMMIT")

    alone = _compare(f"a history of {STEPS} steps, in memory", run, bare, aim=1.5, turns=25)
    told = _compare("the same, told after each step", run_told, bare, aim=2, turns=25)
    return alone and told


def _million_rows(folder: Path, what: str, script: str) -> bool:
    folder.mkdir()
    (folder / "0001_rows.sql").write_text(script.format(rows=ROWS))
    (folder / "0002_rewrite.sql").write_text(REWRITE)
    migrations = load_migrations(folder)

    def prepared(conn: sqlite3.Connection) -> None:
        MigrationRunner(conn, migrations).run_migrations(1)

    def run(conn: sqlite3.Connection) -> None:
        MigrationRunner(conn, migrations).run_migrations()

    def bare(conn: sqlite3.Connection) -> None:
        conn.execute("BEGIN IMMEDIATE")
        conn.execute(REWRITE)
        conn.execute("PRAGMA user_version = 2")
        conn.execute("COMMIT")

    aim = 1.15 if "REFERENCES" in script else 1.1
    what = f"a step that rewrites {ROWS} rows, {what}"
    return _compare(what, run, bare, aim=aim, turns=5, prepare=prepared)


def _compare(
    what: str,
    run: Callable[[sqlite3.Connection], None],
    bare: Callable[[sqlite3.Connection], None],
    *,
    aim: float,
    turns: int,
    prepare: Callable[[sqlite3.Connection], None] | None = None,
) -> bool:
    """Say the ratio; return whether it is at most the aim."""

    def seconds(work: Callable[[sqlite3.Connection], None]) -> float:
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
            if prepare is not None:
                prepare(conn)
            before = time.process_time()
            work(conn)
            return time.process_time() - before

    seconds(run), seconds(bare)
    pairs = [(seconds(run), seconds(bare)) for _ in range(turns)]
    ratio = statistics.median(first / second for first, second in pairs)
    least = [min(column) for column in zip(*pairs, strict=True)]
    _say(
        f"{ratio:6.2f}  {what}: runner / bare loop (least {least[0]:.4f} s / {least[1]:.4f} s CPU),"
        f" aim: at most {aim}"
    )
    return ratio <= aim


def _peak(folder: Path, rows: int) -> None:
    """Measure in a process of its own, since a peak never goes down."""
    folder.mkdir()
    (folder / "0001_rows.sql").write_text(TABLES["with a foreign key"].format(rows=rows))
    (folder / "0002_rewrite.sql").write_text(REWRITE)
    path = folder / "rows.db"
    with closing(sqlite3.connect(path)) as conn:
        MigrationRunner(conn, load_migrations(folder)).run_migrations(1)
    command = [sys.executable, "-m", "tests.benchmarks.runner", str(path), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    _say(f"{done.stdout.strip()} MB  peak memory of the step on a file of {rows} rows")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _upgrade(arguments: Sequence[str]) -> None:
    path, folder = arguments
    with closing(sqlite3.connect(path)) as conn:
        MigrationRunner(conn, load_migrations(folder)).run_migrations()
    _say(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.1f}")


if __name__ == "__main__":
    if sys.argv[1:]:
        _upgrade(sys.argv[1:])
    else:
        sys.exit(main())
