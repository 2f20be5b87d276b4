"""Read what a virtual table is: its module, whether it lists its rows, how it is checked."""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.stored_rows import decoded_rows, plain_texts
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = ["FULL_TEXT_CHECKS", "can_be_scanned", "is_contentless", "module_of"]

FULL_TEXT_CHECKS = {
    # Rank 1 compares with external content, which rank 0 and PRAGMA integrity_check do not.
    "fts5": "INSERT INTO {table}({table}, rank) VALUES ('integrity-check', 1)",
    "fts4": "INSERT INTO {table}({table}) VALUES ('integrity-check')",
    "fts3": "INSERT INTO {table}({table}) VALUES ('integrity-check')",
}
"""The statement by which each full-text module compares its index with its content."""


def module_of(sql: str) -> str:
    """Return the module of a CREATE VIRTUAL TABLE, in lower case."""
    tokens = tokenize(sql)
    using = next(n for n, token in enumerate(tokens) if token.is_word("USING"))
    return fold(tokens[using + 1].value)


def is_contentless(sql: str) -> bool:
    """Return whether the SQL of a full-text table says that it keeps no text."""
    text = "".join(fold(sql).split())
    return "content=''" in text or 'content=""' in text


def can_be_scanned(conn: sqlite3.Connection, schema: str, name: str) -> bool:
    """Return whether the rows of a virtual table can be read one after the other.

    A full-text table may keep neither its text nor its rowids, and a table that shows what
    another one holds may outlive it. Of a damaged table that is not said: it must be told.
    """
    try:
        with plain_texts(conn):
            decoded_rows(conn, f"SELECT 1 FROM {schema}.{quote(name)} LIMIT 1")
    except conn.OperationalError:
        return False
    except conn.DatabaseError:
        return True
    return True
