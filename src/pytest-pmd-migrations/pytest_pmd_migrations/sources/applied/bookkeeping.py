"""The tables in which a runner keeps what it has applied: no business of the application's.

They are kept in snapshots, since the runner needs them, and left out wherever rows or schemas are
compared or rows are generated.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.ask import ask, described
from pytest_pmd_migrations.sources.protocol import Source

__all__ = ["bookkeeping_of", "foreign_of", "put_back_on_error"]


def bookkeeping_of(source: Source) -> tuple[str, ...]:
    """Return the globs on the runner's own tables.

    Raises SourceError unless these are strings.
    """
    return _globs(source, "bookkeeping", "the runner's own tables")


def foreign_of(source: Source) -> tuple[str, ...]:
    """Return the globs on the tables of other packages, whose migrations come along.

    Rows are generated for them, as the application's refer to them; no check compares them.
    Raises SourceError unless these are strings.
    """
    return _globs(source, "foreign", "tables of other packages")


def _globs(source: Source, attribute: str, what: str) -> tuple[str, ...]:
    found = getattr(source, attribute, ())
    globs = ask(described(source), attribute, lambda: [] if callable(found) else list(found))
    if isinstance(found, str) or not all(isinstance(glob, str) and glob for glob in globs):
        raise SourceError(
            f"{described(source)}: {attribute} is {found!r}; expected a list of globs on the names"
            f" of {what}"
        )
    return tuple(globs)


@contextmanager
def put_back_on_error(conn: sqlite3.Connection, globs: tuple[str, ...]) -> Iterator[None]:
    """Have the rows of the runner's own tables again as they were, where the block raises.

    A migration that refuses to run twice has not been undone: it is still applied.
    """
    kept = {table: _rows(conn, table) for table in _tables(conn, globs)}
    try:
        yield
    except BaseException:
        if conn.in_transaction:
            conn.rollback()
        for table in kept.keys() & {*_tables(conn, globs)}:
            _write_back(conn, table, kept[table])
        conn.commit()
        raise


def _tables(conn: sqlite3.Connection, globs: tuple[str, ...]) -> list[str]:
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND lower(name) GLOB lower(?)"
    return [str(name) for glob in globs for (name,) in query_rows(conn, sql, glob)]


def _rows(conn: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return query_rows(conn, f"SELECT * FROM {quote(table)}")


def _write_back(conn: sqlite3.Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    if _rows(conn, table) == rows:
        return
    conn.execute(f"DELETE FROM {quote(table)}")
    for row in rows:
        marks = ", ".join("?" * len(row))
        conn.execute(f"INSERT INTO {quote(table)} VALUES ({marks})", row)
