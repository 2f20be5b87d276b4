"""Put a database's indexes and triggers aside while rows come in, and make them again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["RefusedCopiesError", "indexes_aside"]


class RefusedCopiesError(Exception):
    """A constraint refuses every copy of a table's rows; ``table`` is its name in lower case."""

    def __init__(self, table: str, error: sqlite3.IntegrityError) -> None:
        super().__init__(str(error))
        self.table = table


@contextmanager
def indexes_aside(conn: sqlite3.Connection) -> Iterator[None]:
    """Put indexes and triggers aside, and make them again in their order.

    A transaction is open, which is to be undone where RefusedCopiesError is raised: then the rows
    that came in break a unique index.
    """
    rows = conn.execute(
        "SELECT type, name, tbl_name, sql FROM main.sqlite_schema"
        " WHERE type IN ('index', 'trigger') AND sql IS NOT NULL ORDER BY rowid"
    ).fetchall()
    for kind, name, _, _ in reversed(rows):
        conn.execute(f"DROP {kind} main.{quote(name)}")
    yield
    for _, _, table, sql in rows:
        try:
            conn.execute(sql)
        except sqlite3.IntegrityError as error:
            raise RefusedCopiesError(fold(table), error) from error
