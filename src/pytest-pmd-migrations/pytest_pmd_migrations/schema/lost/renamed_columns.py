"""Let SQLite give columns other names in a schema, as ALTER TABLE would have done."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.lost.successors import Successors
from pytest_pmd_migrations.schema.reading.read import read_schema
from pytest_pmd_migrations.schema.reading.stand_ins import execute
from pytest_pmd_migrations.schema.values import Schema

__all__ = ["with_renamed_columns"]

_ORDER = ("table", "virtual table", "view", "index", "trigger")


def with_renamed_columns(schema: Schema, successors: Successors) -> Schema | None:
    """Return a schema in which columns have the names of their successors, in every object.

    None where SQLite refuses a name, or the schema cannot be made anew without its rows.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        for kind in _ORDER:
            for one in schema.objects:
                if one.kind == kind and one.sql:
                    execute(conn, one.sql)
        # What is broken elsewhere in the schema is then no reason to refuse.
        conn.execute("PRAGMA writable_schema = ON")
        names = {fold(one.name): one.name for one in schema.objects if one.kind == "table"}
        for table, columns in successors.items():
            for old, new in columns.items():
                renaming = f"RENAME COLUMN {quote(old)} TO {quote(new)}"
                error, _ = execute(conn, f"ALTER TABLE {quote(names[table])} {renaming}")
                if error is not None:
                    return None
        try:
            renamed = read_schema(conn)
        except SchemaReadError:
            return None
    made = {one.key for one in renamed.objects}
    kept = (
        one
        for one in schema.objects
        if one.kind in ("virtual table", "view") and one.key not in made
    )
    return Schema((*renamed.objects, *kept))
