"""What an application adds to its own connections: a function, and a collation."""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.connections.connection import Preparation

SCHEMA = (
    "CREATE TABLE t(name TEXT COLLATE FOLDED PRIMARY KEY CHECK (fold(name) <> ''));"
    "CREATE INDEX i ON t(fold(name))"
)
"""The schema of an application that registers fold(x) and the collation FOLDED."""

ADVICE = 'migration_connection = "app.db:prepare" (docs/howto/functions-and-collations.md)'


def fold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def folded(first: str, second: str) -> int:
    first, second = first.casefold(), second.casefold()
    return (first > second) - (first < second)


def prepare(conn: sqlite3.Connection) -> sqlite3.Connection:
    conn.create_function("fold", 1, fold, deterministic=True)
    conn.create_collation("FOLDED", folded)
    return conn


PARTS = (("app.db:prepare", prepare),)
PREPARED = Preparation(PARTS)


def works(conn: sqlite3.Connection) -> bool:
    """Whether a connection has both."""
    rows = conn.execute("SELECT fold('A'), 'A' = 'a' COLLATE FOLDED").fetchall()
    return [tuple(row) for row in rows] == [("a", 1)]
