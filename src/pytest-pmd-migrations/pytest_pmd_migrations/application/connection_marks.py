"""Read what steps left on their connection, where the next step finds it and no other user does.

A step may add a function, make a temporary table or set a pragma that a later step takes for
granted. A user whose database is at a later version opens a connection without them.
"""

from __future__ import annotations

import sqlite3
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.connections.connection import ApplicationConnection, Preparation

__all__ = ["Marks", "connection_marks", "has_rows_of_its_own"]

Marks = tuple[object, ...]
"""All that tells two connections apart, beside the database."""


_DATABASES = "PRAGMA database_list"
_TEMPORARY = "SELECT group_concat(type || name || coalesce(sql, '')) FROM sqlite_temp_schema"
_ADDED = (
    "SELECT group_concat(one) FROM (SELECT name || narg || type || enc || flags || builtin AS one"
    " FROM pragma_function_list ORDER BY one)",
    "SELECT group_concat(name) FROM (SELECT name FROM pragma_collation_list ORDER BY name)",
    "SELECT group_concat(name) FROM (SELECT name FROM pragma_module_list"
    # SQLite adds those of its pragmas when they are first asked for.
    " WHERE name NOT LIKE 'pragma%' ORDER BY name)",
)
_TEMP = "temp"
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
_ASKED = (_TEMPORARY, *(f"PRAGMA {name}" for name in _PRAGMAS))
_KNOWN: WeakKeyDictionary[Preparation, tuple[object, ...]] = WeakKeyDictionary()


_ROWS: dict[tuple[object, ...], tuple[object, ...]] = {}
"""What was read of connections before."""


def connection_marks(conn: sqlite3.Connection) -> Marks | None:
    """Return all that tells two connections apart, beside the database; None if it cannot be read.

    These are functions, collations, modules, attached databases, temporary objects, pragmas, and
    how rows are returned.
    """
    cursor = conn.cursor()
    cursor.row_factory = None
    try:
        added = _added(conn, cursor)
        names = tuple([name for _, name, _ in cursor.execute(_DATABASES) if name != _TEMP])
        found = tuple([_shared(cursor.execute(sql).fetchone()) for sql in _ASKED])
    except (sqlite3.Error, UnicodeError):
        return None
    own: tuple[object, ...] = ()
    if isinstance(conn, ApplicationConnection):
        own = conn.settings_of_application, conn.additions
    factories = conn.row_factory, conn.text_factory, conn.isolation_level
    return (_shared(names), *found, added, *factories, *own)


def _added(conn: sqlite3.Connection, cursor: sqlite3.Cursor) -> tuple[object, ...]:
    """Return what was added to a connection; asked once of all that are only prepared alike."""
    plain = (
        isinstance(conn, ApplicationConnection)
        and conn.additions == conn.additions_when_prepared
        and not conn.may_load_extensions
    )
    known = _KNOWN.get(conn.preparation) if isinstance(conn, ApplicationConnection) else None
    if plain and known is not None:
        return known
    found = tuple(cursor.execute(sql).fetchone() for sql in _ADDED)
    if plain and isinstance(conn, ApplicationConnection):
        _KNOWN[conn.preparation] = found
    return found


def has_rows_of_its_own(marks: Marks) -> bool:
    """Return whether a connection has temporary objects, or a database beside its own."""
    return marks[:2] != (("main",), (None,))


def _shared(row: tuple[object, ...] | None) -> tuple[object, ...] | None:
    """Return an equal row; there are thousands of steps, and few rows that differ."""
    return None if row is None else _ROWS.setdefault(row, row)
