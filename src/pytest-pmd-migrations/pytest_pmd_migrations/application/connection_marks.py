"""Read what steps left on their connection, where the next step finds it and no other user does.

A step may add a function, make a temporary table or set a pragma that a later step takes for
granted. A user whose database is at a later version opens a connection without them.
"""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.connection import ApplicationConnection

__all__ = ["Marks", "connection_marks", "has_rows_of_its_own"]

Marks = tuple[object, ...]
"""All that tells two connections apart, beside the database."""


_ATTACHED = "SELECT group_concat(name) FROM pragma_database_list WHERE name <> 'temp'"
_TEMPORARY = "SELECT group_concat(type || name || coalesce(sql, '')) FROM sqlite_temp_schema"
_LISTS = (
    "SELECT group_concat(one) FROM (SELECT name || narg || type || enc || flags || builtin AS one"
    " FROM pragma_function_list ORDER BY one)",
    "SELECT group_concat(name) FROM (SELECT name FROM pragma_collation_list ORDER BY name)",
    "SELECT group_concat(name) FROM (SELECT name FROM pragma_module_list"
    # SQLite adds those of its pragmas when they are first asked for.
    " WHERE name NOT LIKE 'pragma%' ORDER BY name)",
    _ATTACHED,
    _TEMPORARY,
)
_PRAGMAS = (
    "foreign_keys",
    "recursive_triggers",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "writable_schema",
    "query_only",
    "trusted_schema",
    "reverse_unordered_selects",
    "automatic_index",
    "cell_size_check",
    "temp_store",
)


def connection_marks(conn: sqlite3.Connection) -> Marks | None:
    """Return all that tells two connections apart, beside the database; None if it cannot be read.

    These are functions, collations, modules, attached databases, temporary objects, pragmas, and
    how rows are returned.
    """
    cursor = conn.cursor()
    cursor.row_factory = None
    asked = (*_LISTS, *(f"PRAGMA {name}" for name in _PRAGMAS))
    try:
        found = tuple(cursor.execute(sql).fetchone() for sql in asked)
    except (sqlite3.Error, UnicodeError):
        return None
    own: tuple[object, ...] = ()
    if isinstance(conn, ApplicationConnection):
        own = conn.settings_of_application, conn.additions
    return (*found, conn.row_factory, conn.text_factory, conn.isolation_level, *own)


def has_rows_of_its_own(marks: Marks) -> bool:
    """Return whether a connection has temporary objects, or a database beside its own."""
    return marks[_LISTS.index(_ATTACHED)] != ("main",) or marks[_LISTS.index(_TEMPORARY)] != (None,)
