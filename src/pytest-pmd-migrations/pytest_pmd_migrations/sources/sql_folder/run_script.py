"""Run one script as SQLite's own shell would, with its mark in the same transaction.

``executescript`` leaves it to SQLite to tell where a statement ends, triggers and comments
included. It would commit first: there is nothing to commit, and its text begins the transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pytest_pmd_migrations.sources.sql_folder.dialect import plain_rows
from pytest_pmd_migrations.sources.sql_folder.script import Script
from pytest_pmd_migrations.statement_record import first_word

__all__ = ["foreign_keys_as_before", "run_script"]


def run_script(
    conn: sqlite3.Connection, script: Script, take_note: Callable[[], None] = lambda: None
) -> None:
    """Run a script, and take note of it; where something raises, an open transaction is undone.

    A script that is not to be in a transaction, or begins one itself, is run as it stands.
    """
    begins = script.in_transaction and first_word(script.up) != "BEGIN"
    try:
        conn.executescript(f"BEGIN;\n{script.up}" if begins else script.up)
        if begins and not conn.in_transaction:
            # What the tool's own COMMIT would be told.
            raise sqlite3.OperationalError("cannot commit - no transaction is active")
        if not conn.in_transaction:
            conn.execute("BEGIN")
        take_note()
        conn.commit()
    except BaseException:
        if conn.in_transaction:
            conn.rollback()
        raise


@contextmanager
def foreign_keys_as_before(conn: sqlite3.Connection, *, on: bool) -> Iterator[None]:
    """Have foreign keys in the block as a tool sets them, and then as they were.

    A script may switch them itself, which ends with the tool's own connection.
    """
    before = plain_rows(conn, "PRAGMA foreign_keys")[0][0]
    if on:
        conn.execute("PRAGMA foreign_keys = ON")
    try:
        yield
    finally:
        if not conn.in_transaction:
            conn.execute(f"PRAGMA foreign_keys = {before}")
