"""What SQLite itself tells apart: PRAGMAs, programs of statements, answers to statements."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from typing import Any

from pytest_pmd_migrations.connections.quoting import quote

__all__ = ["answers", "pragmas", "programs"]

Rows = list[tuple[Any, ...]]
_BLANKS = re.compile(r"/\*.*?\*/|--[^\n]*|[\s\"'\[\]`()]+", re.DOTALL)


def pragmas(conn: sqlite3.Connection, *, loose: bool) -> dict[str, Any]:
    """Return the facts of every PRAGMA; ``loose`` forgets the spelling of types and defaults."""
    facts: dict[str, Any] = {}
    for _, name, kind, columns, without_rowid, strict in _tables(conn):
        facts[f"table {name}"] = (kind, columns, without_rowid, strict)
        if kind == "virtual" and columns == 0:
            continue  # its module is not loaded
        facts[f"columns {name}"] = [
            (
                found,
                _word(declared) if loose else declared,
                required,
                _word(default) if loose else default,
                key,
                hidden,
            )
            for _, found, declared, required, default, key, hidden in _rows(
                conn, "table_xinfo", name
            )
            if kind != "view" or not loose
        ]
        facts[f"indexes {name}"] = Counter(
            (
                row[2],
                row[3],
                row[4],
                "" if row[1].startswith("sqlite_autoindex") else row[1],
                _terms(conn, row[1]),
            )
            for row in _rows(conn, "index_list", name)
        )
        keys = _rows(conn, "foreign_key_list", name)
        facts[f"foreign keys {name}"] = [row[:7] for row in keys]
    return facts


def programs(conn: sqlite3.Connection, *, loose: bool) -> dict[str, Any]:
    """Return the programs of statements on every table and view.

    ``loose`` forgets the texts of messages and of names, in which spelling shows.
    """
    roots = dict(conn.execute("SELECT rootpage, name FROM sqlite_schema WHERE rootpage > 0"))
    found: dict[str, Any] = {}
    for _, name, kind, *_ in _tables(conn):
        if kind in ("table", "view", "virtual") and not name.startswith("sqlite_"):
            columns = [row[1] for row in _rows(conn, "table_xinfo", name) if not row[6]]
            for sql in _statements(name, columns):
                found[sql] = _program(conn, sql, roots, loose=loose)
    return found


def answers(conn: sqlite3.Connection, script: str) -> list[Any]:
    """Return the rows or the error of each statement of a script."""
    found: list[Any] = []
    for sql in script.split(";"):
        try:
            found.append(conn.execute(sql).fetchall())
        except sqlite3.Error as error:
            found.append(str(error))
    return found


def _statements(name: str, columns: list[str]) -> list[str]:
    table = quote(name)
    return [
        f"SELECT * FROM {table}",
        f"INSERT INTO {table} DEFAULT VALUES",
        f"INSERT INTO {table} VALUES({', '.join('?' for _ in columns)})",
        f"DELETE FROM {table}",
        *(f"UPDATE {table} SET {quote(column)} = ?" for column in columns),
        *(f"SELECT 1 FROM {table} ORDER BY {quote(column)}" for column in columns),
        *(f"SELECT 1 FROM {table} WHERE {quote(column)} = ?" for column in columns),
    ]


def _program(conn: sqlite3.Connection, sql: str, roots: dict[int, str], *, loose: bool) -> Any:
    arguments = [None] * sql.count("?")
    try:
        rows = conn.execute(f"EXPLAIN {sql}", arguments).fetchall()
    except sqlite3.Error as error:
        return "refused" if loose else str(error)
    return [_step(row, roots, loose=loose) for row in rows]


def _step(row: tuple[Any, ...], roots: dict[int, str], *, loose: bool) -> tuple[Any, ...]:
    _, operation, p1, p2, p3, p4, p5, _ = row
    if operation in ("OpenRead", "OpenWrite"):
        p2 = re.sub(r"sqlite_autoindex_.*", "", str(roots.get(p2, p2)))
    if operation == "Transaction":
        p3 = p4 = None  # the schema's cookie
    if operation == "Clear":
        p1 = roots.get(p1, p1)
    if str(p4).startswith("vtab:") or (loose and operation in ("Halt", "HaltIfNull")):
        p4 = None  # an address; a message
    if loose and str(p4).startswith("k("):
        p4 = str(p4).replace(",B", ",")  # BINARY, said or not
    if loose and str(p4).startswith("-- "):
        p4 = None  # a trigger's statement as it is written
    return operation, p1, p2, p3, p4, p5


def _tables(conn: sqlite3.Connection) -> Rows:
    return [
        row
        for row in conn.execute("PRAGMA main.table_list").fetchall()
        if row[0] == "main" and row[1] != "sqlite_schema"
    ]


def _rows(conn: sqlite3.Connection, pragma: str, name: str) -> Rows:
    try:
        return conn.execute(f"PRAGMA main.{pragma}({quote(name)})").fetchall()
    except sqlite3.OperationalError:
        return []  # a view whose table is gone


def _terms(conn: sqlite3.Connection, index: str) -> tuple[Any, ...]:
    rows = _rows(conn, "index_xinfo", index)
    return tuple((row[2], row[3], str(row[4]).lower()) for row in rows if row[5])


def _word(text: str | None) -> str | None:
    return None if text is None else _BLANKS.sub("", text).lower()
