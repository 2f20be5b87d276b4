"""The text twin of a database as a text."""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.snapshots.twin import twin_sql


def twin_text(conn: sqlite3.Connection) -> str:
    """Return the schema and every row that ``conn`` shows as SQL text."""
    return bytes(twin_sql(conn)).decode()
