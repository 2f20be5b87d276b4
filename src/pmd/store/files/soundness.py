"""Check whether a database is sound: structure, references and full-text index."""

from __future__ import annotations

import sqlite3

from pmd.store.migrations import DamagedDatabaseError
from pmd.store.migrations.database_errors import database_error

__all__ = ["find_faults", "refuse_damaged"]

# SQLite's messages about damaged pages begin with this text; those about rows do not.
_STRUCTURE = "*** in database"
_SHOWN = 20
_FTS_TABLES = """
SELECT name FROM sqlite_schema
WHERE type = 'table' AND lower(sql) LIKE 'create virtual table%using%fts5%' ORDER BY name
"""


def refuse_damaged(connection: sqlite3.Connection, name: str) -> None:
    """Raise DamagedDatabaseError if the database's pages do not hang together.

    Reads the whole file once (https://www.sqlite.org/pragma.html#pragma_quick_check). Rows that
    break a NOT NULL or CHECK are not damage. `name` is how the message calls the database.
    """
    try:
        lines = [row[0] for row in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.Error as error:
        raise database_error(connection, error) from error
    broken = [line for line in lines if line.startswith(_STRUCTURE)]
    if broken:
        what = broken[0].splitlines()[-1]
        raise DamagedDatabaseError(
            f"{name} is damaged: {what}. Nothing was changed; restore a backup, or recover its"
            " rows with the sqlite3 command's .recover."
        )


def find_faults(connection: sqlite3.Connection) -> list[str]:
    """Return what is wrong with the database, one line each, at most 20 of a kind.

    The FTS5 check is a command that needs to write: give a connection to a copy. Raises
    MigrationError where the database cannot be read at all.
    """
    try:
        return [*_integrity(connection), *_foreign_keys(connection), *_indexes(connection)]
    except sqlite3.Error as error:
        raise database_error(connection, error) from error


def _integrity(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute(f"PRAGMA integrity_check({_SHOWN})").fetchall()
    lines = [line for (text,) in rows for line in text.splitlines()]
    return [f"integrity: {line}" for line in lines if line != "ok" and _STRUCTURE not in line]


def _foreign_keys(connection: sqlite3.Connection) -> list[str]:
    try:
        rows = connection.execute("PRAGMA foreign_key_check").fetchmany(_SHOWN)
    except sqlite3.OperationalError as error:
        return [f"foreign key: {error}"]
    return [
        f"foreign key: {table} row {'?' if rowid is None else rowid} refers to a row of {parent}"
        " that is not there"
        for table, rowid, parent, _ in rows
    ]


def _indexes(connection: sqlite3.Connection) -> list[str]:
    faults = []
    for (name,) in connection.execute(_FTS_TABLES).fetchall():
        quoted = '"' + name.replace('"', '""') + '"'
        try:
            # With rank 1 the index is compared with the table it indexes, too.
            connection.execute(
                f"INSERT INTO {quoted} ({quoted}, rank) VALUES ('integrity-check', 1)"
            )
        except sqlite3.DatabaseError as error:
            faults.append(f"full-text index: {name} does not agree with its content ({error})")
    return faults
