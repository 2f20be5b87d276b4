"""Check the foreign keys of a large database that a step may have broken, and no others.

The check of SQLite's reads every row that has a key, which takes a good part of the time of a step
over a million rows. Where the schema stayed the same, a key can only be broken by other values in
its own columns, or by a write to the table it refers to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator

from pmd.store.migrations.connection.prepared import PreparedConnection
from pmd.store.migrations.migration_files.migration import LoadedMigration
from pmd.store.migrations.step.foreign_keys import (
    Violation,
    Violations,
    find_violations_of,
    lower,
)
from pmd.store.migrations.step.written_tables import (
    Question,
    WrittenTables,
    may_change_schema,
)

__all__ = ["LARGE", "find_violations_of_touched", "is_large", "tell_touched", "touched_tables"]

LARGE = 1_000_000
"""Bytes. The check of a smaller database is quicker than asking which keys there are."""

# Joining the empty text removes the declared type: the connection may have a converter for it.
_KEYS = (
    "SELECT child.name || '', key.\"table\" || '', key.\"from\" || ''"
    " FROM main.sqlite_schema AS child, pragma_foreign_key_list(child.name, 'main') AS key"
    " WHERE child.type = 'table'"
)
_COLUMNS = "SELECT name || '' FROM pragma_table_info(?, 'main')"


def tell_touched(
    prepared: PreparedConnection, loaded: LoadedMigration, questions: Collection[Question]
) -> WrittenTables | None:
    """Return what a step wrote, if the keys of these tables tell all that it may have broken."""
    if may_change_schema(questions) or not is_large(prepared) or _may_write_blobs(loaded):
        return None
    return WrittenTables(questions)


def find_violations_of_touched(
    cursor: sqlite3.Cursor, written: WrittenTables, before: Violations
) -> Iterator[Violation]:
    """Yield the violations there are after a step: those of untouched keys are as before it."""
    touched = touched_tables(cursor, written, {lower(table) for table, _, _, _ in before})
    for violation, count in before.items():
        if lower(violation[0]) not in touched:
            yield from [violation] * count
    for table in touched.values():
        yield from find_violations_of(cursor, table)


def touched_tables(
    cursor: sqlite3.Cursor, written: WrittenTables, before: set[str]
) -> dict[str, str]:
    """Return the tables whose keys are to be checked, by their names in lower case.

    `before` are the names in lower case of those that had violations.
    """
    touched: dict[str, str] = {}
    for child, parent, column in cursor.execute(_KEYS).fetchall():
        violated = lower(child) in before
        if (
            written.wrote(parent)
            or written.may_have_new_values(child, column)
            # Of a table with violations, those of rows that are gone must be forgotten.
            or (written.wrote(child) and (violated or not _is_plain(cursor, child, column)))
        ):
            touched[lower(child)] = child
    return touched


def _is_plain(cursor: sqlite3.Cursor, table: str, column: str) -> bool:
    """Return whether it is no generated column, which changes with others."""
    return lower(column) in {lower(name) for (name,) in cursor.execute(_COLUMNS, (table,))}


def is_large(prepared: PreparedConnection) -> bool:
    """Return whether the check of all keys takes long; a database without a file is none such."""
    return prepared.file.size() >= LARGE


def _may_write_blobs(loaded: LoadedMigration) -> bool:
    """Return whether the step's file names the method whose writes nobody is asked about."""
    try:
        return b"blobopen" in loaded.migration.path.read_bytes()
    except OSError:
        return True
