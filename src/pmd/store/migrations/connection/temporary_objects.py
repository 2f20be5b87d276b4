"""List a connection's temporary tables, views and triggers, and drop those that a step left."""

from __future__ import annotations

import sqlite3

__all__ = ["TemporaryObjects", "drop_temporary_objects", "read_temporary_objects"]

TemporaryObjects = frozenset[tuple[str, str]]
"""The kind and name of each."""

# Joining the empty text removes the declared type: the connection may have a converter for it.
_SQL = "SELECT type || '', name || '' FROM temp.sqlite_schema WHERE type <> 'index'"
_RESERVED = "sqlite_"
_DROP_ORDER = ("trigger", "view", "table")


def read_temporary_objects(cursor: sqlite3.Cursor) -> TemporaryObjects:
    """Return the temporary objects there are now."""
    return frozenset(
        (kind, name) for kind, name in cursor.execute(_SQL) if not name.startswith(_RESERVED)
    )


def drop_temporary_objects(cursor: sqlite3.Cursor, before: TemporaryObjects) -> None:
    """Drop the temporary objects that are not among `before`."""
    made = read_temporary_objects(cursor) - before
    for kind, name in sorted(made, key=lambda item: (_DROP_ORDER.index(item[0]), item[1])):
        quoted = name.replace('"', '""')
        cursor.execute(f'DROP {kind} IF EXISTS temp."{quoted}"')
