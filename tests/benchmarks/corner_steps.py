"""Steps that do one thing to many columns or tables, with the databases before and after them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import compare_rows
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED

__all__ = ["compared_columns", "compared_tables"]


def compared_columns(count: int) -> Callable[[], object]:
    """Return the comparison of a step that renames all columns of a table by a rebuild."""
    return _compared(1, count)


def compared_tables(count: int) -> Callable[[], object]:
    """Return the comparison of a step that renames many tables and their columns by rebuilds."""
    return _compared(count, 2)


def _compared(tables: int, columns: int) -> Callable[[], object]:
    old, new = ([f"{letter}{number}" for number in range(columns)] for letter in "cd")
    made = "".join(
        f"CREATE TABLE t{table}(id INTEGER PRIMARY KEY, {', '.join(old)});"
        f"INSERT INTO t{table} VALUES ({', '.join(str(table + n) for n in range(columns + 1))});"
        for table in range(tables)
    )
    statements = [one for table in range(tables) for one in _rebuild(table, old, new)]

    def step(conn: sqlite3.Connection) -> None:
        for statement in statements:
            conn.execute(statement)
        conn.commit()

    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(made)
        before = Image.of_connection(conn)
        step(conn)
        after = Image.of_connection(conn)
    runs = []

    def rerun(conn: sqlite3.Connection) -> None:
        runs.append(conn)
        step(conn)

    def compare() -> None:
        runs.clear()
        report = compare_rows(
            before, after, declarations=NOTHING_DECLARED, rerun=rerun, statements=statements
        )
        assert not report.findings
        assert len(runs) <= 2

    return compare


def _rebuild(table: int, old: list[str], new: list[str]) -> Iterator[str]:
    yield f"CREATE TABLE new_t{table}(id INTEGER PRIMARY KEY, {', '.join(new)})"
    yield f"INSERT INTO new_t{table} SELECT id, {', '.join(old)} FROM t{table}"
    yield f"DROP TABLE t{table}"
    yield f"ALTER TABLE new_t{table} RENAME TO u{table}"
