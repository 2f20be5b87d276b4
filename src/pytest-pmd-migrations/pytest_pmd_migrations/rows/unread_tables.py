"""Find the tables whose rows nobody can read here, each with the reason."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.ordinary_schema import (
    Objects,
    are_named,
    can_be_named,
    ordinary_tables,
)
from pytest_pmd_migrations.rows.tables import is_ignored, stored_columns
from pytest_pmd_migrations.rows.virtual_tables import can_be_scanned
from pytest_pmd_migrations.schema.missing_modules import missing_module
from pytest_pmd_migrations.schema.reading.stored_rows import decoded_rows, plain_texts
from pytest_pmd_migrations.schema.reading.view_expansion import refuse_endless_views

__all__ = ["NOT_LOADED", "unread_tables"]

NOT_LOADED = "is not loaded"
"""Ends the reason why a table is unread whose module an application may load."""


def unread_tables(
    conn: sqlite3.Connection, *, ignore: Sequence[str] = (), objects: Objects | None = None
) -> dict[str, str]:
    """Return the tables whose rows nobody can read here, each with the reason.

    They are virtual ones, and those with names that are no UTF-8, which another driver made. Where
    the ``objects`` of the schema are known, and are none of that, SQLite is not asked.
    """
    if objects is not None and ordinary_tables(objects) is not None and are_named(objects):
        return {}
    sql = (
        "SELECT l.name, l.type, s.sql FROM pragma_table_list l LEFT JOIN main.sqlite_schema s"
        " ON s.name = l.name AND s.type = 'table' WHERE l.schema = 'main'"
        " AND l.type IN ('table', 'virtual') ORDER BY l.name"
    )
    found: dict[str, str] = {}
    refuse_endless_views(conn)
    with plain_texts(conn):
        listed = decoded_rows(conn, sql)
    for name, kind, text in listed:
        table = str(name)
        if is_ignored(table, ignore):
            continue
        if not can_be_named(table):
            found[table] = "its name is no UTF-8, so no SQL of Python's can name it"
        elif kind == "table":
            # All names of its columns stand in its text.
            columns = (
                () if text and can_be_named(str(text)) else stored_columns(conn, "main", table)
            )
            if not all(can_be_named(str(row[1])) for row in columns):
                found[table] = "a column's name is no UTF-8, so no SQL of Python's can name it"
        elif not stored_columns(conn, "main", table):
            found[table] = _why_unloaded(conn, table)
        elif not can_be_scanned(conn, "main", table):
            found[table] = "its module cannot list its rows"
    return found


def _why_unloaded(conn: sqlite3.Connection, name: str) -> str:
    """Return which module or tokenizer of a virtual table is not loaded."""
    try:
        conn.execute(f"PRAGMA main.table_xinfo({quote(name)})").fetchall()
    except conn.OperationalError as error:
        missing = missing_module(str(error))
        if missing is not None:
            return f"its {missing} {NOT_LOADED}"
    return "its module cannot be used"
