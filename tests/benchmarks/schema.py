"""Print what a comparison of two schemas costs, ours and others', each with its aim.

`python -m tests.benchmarks.schema`. Times are CPU seconds, the median of several turns; the tools
beside ours are measured in turns with it, since a single time says more about the machine than
about the code. Their omissions and errors are not measured here.
"""

from __future__ import annotations

import gc
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path

from pytest_pmd_migrations.schema import SchemaDiff, compare, compare_databases, read_schema

try:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import MetaData, create_engine
    from sqlite_utils import Database
except ImportError as error:
    sys.exit(f"{error}; install the group first: pip install --group benchmark")

PLAIN = """
CREATE TABLE table_{n} (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL DEFAULT '',
    kind VARCHAR(20) COLLATE NOCASE,
    amount REAL CHECK (amount > 0),
    parent INTEGER REFERENCES table_0(id) ON DELETE CASCADE,
    created TEXT DEFAULT CURRENT_TIMESTAMP,
    note TEXT,
    UNIQUE (name, kind)
);
CREATE INDEX index_{n} ON table_{n}(parent, created DESC) WHERE parent IS NOT NULL;
"""
RESPELLED = """
create table "table_{n}"(
    "id" integer primary key, -- the rowid
    [name] text default ('') not null,
    `kind` varchar( 20 ) collate nocase,
    "amount" real check(("amount" > 0)),
    "parent" integer references "table_0"("id") on delete cascade,
    "created" text default current_timestamp, /* UTC */
    "note" text,
    unique("name", "kind"));
create index "index_{n}" on "table_{n}"("parent", "created" desc) where ("parent" is not null);
"""
TURNS = 9


def main() -> None:
    """Measure 10 and 200 tables."""
    # What is imported here would otherwise be searched for garbage at everyone's cost.
    gc.freeze()
    with tempfile.TemporaryDirectory() as name:
        for tables, respelled, identical in ((10, 10, 1), (200, 200, 10)):
            folder = Path(name) / str(tables)
            folder.mkdir()
            plain = _make(folder / "plain.db", PLAIN, tables)
            other = _make(folder / "other.db", RESPELLED, tables)
            same = _make(folder / "same.db", PLAIN, tables)
            sys.stdout.write(f"{tables} tables, both read and compared:\n")
            ours = f"every statement re-spelled, aim: at most {respelled} ms"
            text = f"identical text, aim: at most {identical} ms"
            _say(
                {
                    ours: partial(_read_and_compare, plain, other),
                    text: partial(_compare_files, plain, same),
                    "SQLAlchemy with Alembic's compare_metadata": partial(_alembic, plain, other),
                    "sqlite-utils' introspection": partial(_sqlite_utils, plain, other),
                }
            )


def _make(path: Path, statements: str, tables: int) -> Path:
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript("".join(statements.format(n=number) for number in range(tables)))
    return path


def _read_and_compare(upgraded: Path, fresh: Path) -> None:
    _must_be_equal(compare(read_schema(upgraded), read_schema(fresh)))


def _compare_files(upgraded: Path, fresh: Path) -> None:
    _must_be_equal(compare_databases(upgraded, fresh))


def _must_be_equal(difference: SchemaDiff) -> None:
    if difference:
        sys.exit(f"these schemas are equal, but: {difference}")


def _alembic(upgraded: Path, fresh: Path) -> None:
    metadata = MetaData()
    engines = [create_engine(f"sqlite:///{path}") for path in (upgraded, fresh)]
    metadata.reflect(engines[1])
    with engines[0].connect() as conn:
        compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata)
    for engine in engines:
        engine.dispose()


def _sqlite_utils(*paths: Path) -> None:
    """Read what sqlite-utils tells of every table; it has nothing that compares."""
    for path in paths:
        database = Database(path)
        for table in database.tables:
            _ = table.columns, table.xindexes, table.foreign_keys, table.pks, table.triggers
        database.close()


def _say(measured: dict[str, Callable[[], None]]) -> None:
    for work in measured.values():
        work()
    times: dict[str, list[float]] = {what: [] for what in measured}
    for _ in range(TURNS):
        for what, work in measured.items():
            # Nobody pays for what another tool left behind.
            gc.collect()
            before = time.process_time()
            work()
            times[what].append(time.process_time() - before)
    for what, taken in times.items():
        sys.stdout.write(f"{statistics.median(taken) * 1000:9.2f} ms  {what}\n")


if __name__ == "__main__":
    main()
