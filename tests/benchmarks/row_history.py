"""A generated history with rows: CREATE TABLE, ADD COLUMN, CREATE INDEX, INSERT, in turn."""

from __future__ import annotations

from pathlib import Path

ROWS = 100
SETTINGS = (
    '[tool.pytest.ini_options]\nmigration_source = "db/"\nmigration_snapshots = "snapshots"\n'
)


def step(number: int) -> str:
    """Return the SQL of step `number`, counted from 1; four steps make one table."""
    group, kind = divmod(number - 1, 4)
    table = f"t{group}"
    if kind == 0:
        return (
            f"CREATE TABLE {table} (id INTEGER NOT NULL PRIMARY KEY, name TEXT NOT NULL, val REAL);"
        )
    if kind == 1:
        return f"ALTER TABLE {table} ADD COLUMN extra TEXT;"
    if kind == 2:
        return f"CREATE INDEX ix_{table} ON {table} (name, extra);"
    return insert(table)


def insert(table: str) -> str:
    """Return the statement that inserts the rows of one table."""
    count = (
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c"
        f" WHERE n < {ROWS}) SELECT n FROM c"
    )
    return (
        f"INSERT INTO {table} (name, val, extra)"
        f" SELECT 'name-' || n, n * 1.5, 'extra-' || (n % 97) FROM ({count});"
    )


def write(folder: Path, versions: int) -> None:
    """Write a project of that many versions to a folder, without snapshots."""
    (folder / "db").mkdir(parents=True)
    for number in range(1, versions + 1):
        (folder / f"db/{number:04}_step.sql").write_text(f"-- step {number}\n{step(number)}\n")
    (folder / "pyproject.toml").write_text(SETTINGS)


BARE_LOOP = """
import sqlite3, sys
from contextlib import closing
from pathlib import Path

steps = [path.read_text() for path in sorted(Path("db").iterdir())]
for path in [None, *sorted(Path("snapshots").glob("*.db"))]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        if path is not None:
            conn.deserialize(path.read_bytes())
        at = conn.execute("PRAGMA user_version").fetchone()[0]
        for version, text in enumerate(steps[at:], at + 1):
            conn.execute("BEGIN IMMEDIATE")
            conn.execute(text)
            conn.execute(f"PRAGMA user_version = {version}")
            conn.execute("COMMIT")
"""
"""The same steps of every lineage, the fresh one too, and nothing else; for `python -c`."""

BARE_START_UP = """
import sqlite3, sys
from contextlib import closing
from pathlib import Path
"""
"""What the loop above costs without a step."""
