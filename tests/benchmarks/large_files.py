"""Print what large stored databases cost in time and memory, each with its aim.

`python -m tests.benchmarks.large_files [--quick]`: a million rows, three blobs of 20 MB, 2,000
tables, 200 variants of one version.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measure import (
    COMMAND,
    Cost,
    Plan,
    Table,
    child,
    cost_of,
    environment,
    plan_of,
    python,
    scratch,
)
from tests.benchmarks.row_history import SETTINGS

NOTES = "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT, body BLOB);"
ADDS = "ALTER TABLE notes ADD COLUMN pinned INTEGER;"
ROWS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
    " INSERT INTO notes(title, body) SELECT 'title ' || i, 'body ' || i FROM n;"
)
BLOBS = "INSERT INTO notes(title, body) VALUES ('a', randomblob({size}));"
LEAST = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
conn.execute("VACUUM INTO ?", (sys.argv[2],))
print(conn.execute("PRAGMA integrity_check").fetchone()[0])
"""
"""The least that may be done: a copy, and one look whether the file is sound."""


@dataclass(frozen=True)
class Sizes:
    """How large the files are."""

    rows: int = 1_000_000
    blob: int = 20_000_000
    tables: int = 2_000
    variants: int = 200


def main(plan: Plan) -> int:
    """Measure; return 1 where an aim is missed. Small files show only that it runs."""
    table = Table(judges=not plan.quick)
    sizes = Sizes(20_000, 400_000, 50, 10) if plan.quick else Sizes()
    with scratch() as folder:
        _million_rows(table, _project(folder / "rows"), sizes.rows)
        _blobs(table, _project(folder / "blobs"), sizes.blob)
        _tables(table, folder / "tables", sizes.tables)
        _variants(table, _project(folder / "variants"), sizes.variants)
    return int(bool(table.missed))


def _project(folder: Path) -> Path:
    """Write a project of one stored version and one step to come."""
    (folder / "db").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "db/0001_notes.sql").write_text(NOTES)
    child(folder, COMMAND, "snapshot")()
    (folder / "db/0002_pinned.sql").write_text(ADDS)
    return folder


def _variant(project: Path, name: str, *scripts: str) -> Path:
    path = project / f"snapshots/0001+{name}.db"
    shutil.copy(project / "snapshots/0001.db", path)
    with closing(sqlite3.connect(path)) as conn:
        for script in scripts:
            conn.executescript(script)
    return path


def _stored_and_checked(project: Path) -> Iterator[tuple[str, Cost]]:
    """Yield what `snapshot` costs, and the checks schema and data."""
    yield "snapshot", cost_of(project, (COMMAND, "snapshot"), env=environment())
    matrix = (sys.executable, "-m", "pytest", "-q", "--migration-matrix", "-m", "migration")
    command = (*matrix, "--migration-checks=schema,data")
    yield "schema and data", cost_of(project, command, says=" passed", env=environment())


def _million_rows(table: Table, project: Path, rows: int) -> None:
    path = _variant(project, "large", ROWS.format(rows=rows))
    copy = project / "copy.db"
    least = python(project, "-c", LEAST, str(path), str(copy), says="ok")()
    copy.unlink()
    for name, cost in _stored_and_checked(project):
        what = f"{name} of {rows} rows"
        table.quotient(f"{what} / VACUUM INTO and integrity_check", cost.seconds, least, at_most=4)
        table.amount(f"{what}, peak memory", cost.megabytes, "MB", at_most=120)


def _blobs(table: Table, project: Path, size: int) -> None:
    path = _variant(project, "blobs", *[BLOBS.format(size=size)] * 3)
    megabytes = path.stat().st_size / 2**20
    for name, cost in _stored_and_checked(project):
        what = f"{name} of three blobs of {size} bytes: peak memory / the file, MB"
        table.quotient(what, cost.megabytes, megabytes, at_most=3)


def _tables(table: Table, folder: Path, count: int) -> None:
    (folder / "db").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS)
    tables = "\n".join(NOTES.replace("notes", f"t{number}") for number in range(count))
    (folder / "db/0001_tables.sql").write_text(tables)
    cost = cost_of(folder, (COMMAND, "snapshot"), env=environment())
    table.amount(f"snapshot of {count} tables", cost.seconds, "s", at_most=10)


def _variants(table: Table, project: Path, count: int) -> None:
    for number in range(count):
        _variant(project, f"v{number}", f"INSERT INTO notes(title) VALUES ('variant {number}');")
    for name, cost in _stored_and_checked(project):
        table.amount(f"{name} of {count} variants", cost.seconds, "s", at_most=20)


if __name__ == "__main__":
    sys.exit(main(plan_of(sys.argv[1:])))
