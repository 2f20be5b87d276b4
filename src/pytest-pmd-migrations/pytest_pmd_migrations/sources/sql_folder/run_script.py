"""Run one script as its tool does, with its mark in the same transaction.

Python's ``executescript`` would not say which statement raised.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.connections.statement_record import first_word
from pytest_pmd_migrations.sources.sql_folder.script import Script
from pytest_pmd_migrations.sources.sql_folder.statements import statements

__all__ = ["as_tool", "run_script"]


def run_script(conn: sqlite3.Connection, script: Script, take_note: Callable[[], None]) -> None:
    """Run a script, and take note of it; where something raises, an open transaction is undone.

    A script that is not to be in a transaction, or begins one itself, is run as it stands. What
    SQLite raises has the ``statement`` that it was raised for.
    """
    begins = script.in_transaction and first_word(script.up.removeprefix("\ufeff")) != "BEGIN"
    try:
        if begins:
            conn.execute("BEGIN")
        for statement in statements(script.up):
            _run_statement(conn, statement)
        if begins and not conn.in_transaction:
            # What the tool's own COMMIT would be told.
            raise sqlite3.OperationalError("cannot commit - no transaction is active")
        if not conn.in_transaction:
            conn.execute("BEGIN")
        take_note()
        conn.execute("COMMIT")
    except BaseException:
        if conn.in_transaction:
            conn.rollback()
        raise


def _run_statement(conn: sqlite3.Connection, statement: str) -> None:
    """Run a statement to its end, rows included."""
    cursor = conn.cursor()
    cursor.row_factory = None
    try:
        for _ in cursor.execute(statement):
            pass
    except sqlite3.Error as error:
        # The line of the script is told by it.
        error.statement = statement  # type: ignore[attr-defined]
        raise
    finally:
        cursor.close()


@contextmanager
def as_tool(conn: sqlite3.Connection, *, foreign_keys: bool) -> Iterator[None]:
    """Have a connection in the block as tools have theirs: it begins nothing by itself.

    ``foreign_keys`` switches them on. They are as before in the end: a script may switch them
    too, which ends with the tool's own connection.
    """
    level, before = conn.isolation_level, query_rows(conn, "PRAGMA foreign_keys")[0][0]
    conn.isolation_level = None
    if foreign_keys:
        conn.execute("PRAGMA foreign_keys = ON")
    try:
        yield
    finally:
        if not conn.in_transaction:
            conn.execute(f"PRAGMA foreign_keys = {before}")
            conn.isolation_level = level
