"""Schemas that scripts make, read by our own reader."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from pytest_pmd_migrations.schema import Schema, read_schema

__all__ = ["read_again", "schema"]


@cache
def schema(script: str) -> Schema:
    """Return the schema that a script makes, read once."""
    return read_again(script)


def read_again(script: str) -> Schema:
    """Return the schema that a script makes, in a new database."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(script)
        return read_schema(conn)
