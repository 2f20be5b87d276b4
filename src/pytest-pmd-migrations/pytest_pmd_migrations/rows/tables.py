"""Which tables of a database hold rows of the application, and how their rows are known."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TypeAlias

__all__ = ["ForeignKey", "RowTable", "Value", "exact_rows", "list_tables", "quote"]

Value: TypeAlias = int | bytes | tuple[str, bytes] | tuple[str, float] | None
"""A stored value: NULL, an integer, a blob, ``("text", bytes)`` or ``("real", number)``."""

_GENERATED = (2, 3)


@dataclass(frozen=True)
class ForeignKey:
    """Columns of a table that name a row of another; ``target`` empty means its primary key."""

    columns: tuple[str, ...]
    parent: str
    target: tuple[str, ...]


@dataclass(frozen=True)
class RowTable:
    """One table that holds rows.

    ``columns`` are those that are stored; ``generated`` those that are computed. ``key`` are the
    columns that tell a row from every other: the primary key, else a UNIQUE over NOT NULL
    columns, else none. ``rowid`` says whether rows have one; ``full_text`` that FTS keeps the
    table, ``contentless`` that it keeps no text, so that rows are known by their rowid alone.
    """

    name: str
    columns: tuple[str, ...]
    generated: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    rowid: bool = True
    full_text: bool = False
    contentless: bool = False
    foreign_keys: tuple[ForeignKey, ...] = ()


def exact_rows(conn: sqlite3.Connection, sql: str) -> list[tuple[Value, ...]]:
    """Return the rows of a query with values that are equal only if type and content are.

    A text is ``("text", bytes)``, whatever its bytes; a real number is ``("real", number)``.
    """
    factories = conn.row_factory, conn.text_factory
    conn.row_factory, conn.text_factory = None, _text
    try:
        return [
            tuple(("real", value) if type(value) is float else value for value in row)
            for row in conn.execute(sql)
        ]
    finally:
        conn.row_factory, conn.text_factory = factories


def list_tables(
    conn: sqlite3.Connection, *, schema: str = "main", ignore: Sequence[str] = ()
) -> dict[str, RowTable]:
    """Return the tables that hold rows, by name in lower case.

    Left out are SQLite's own, shadow tables, what ``ignore`` (globs) names, and virtual tables
    that keep no rows of their own or whose module is not loaded.
    """
    found: dict[str, RowTable] = {}
    rows = _read(
        conn,
        "SELECT name, type, wr FROM pragma_table_list"
        f" WHERE schema = '{schema}' AND type IN ('table', 'virtual')",
    )
    for name, kind, without_rowid in rows:
        lower = str(name).lower()
        if lower.startswith("sqlite_") or any(fnmatchcase(lower, p.lower()) for p in ignore):
            continue
        table = (
            _full_text(conn, schema, str(name))
            if kind == "virtual"
            else _ordinary(conn, schema, str(name), rowid=not without_rowid)
        )
        if table is not None:
            found[lower] = table
    return found


def quote(name: str) -> str:
    """Return ``name`` as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _text(content: bytes) -> tuple[str, bytes]:
    return "text", content


def _read(conn: sqlite3.Connection, sql: str) -> list[tuple[object, ...]]:
    factories = conn.row_factory, conn.text_factory
    conn.row_factory, conn.text_factory = None, _lenient
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.row_factory, conn.text_factory = factories


def _lenient(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


def _ordinary(conn: sqlite3.Connection, schema: str, name: str, *, rowid: bool) -> RowTable:
    info = _read(conn, f"PRAGMA {schema}.table_xinfo({quote(name)})")
    stored = tuple(str(row[1]) for row in info if row[6] not in _GENERATED)
    return RowTable(
        name=name,
        columns=stored,
        generated=tuple(str(row[1]) for row in info if row[6] in _GENERATED),
        key=_key(conn, schema, name, info),
        rowid=rowid and not {"rowid", "oid", "_rowid_"} <= {column.lower() for column in stored},
        foreign_keys=_foreign_keys(conn, schema, name),
    )


def _key(
    conn: sqlite3.Connection, schema: str, name: str, info: list[tuple[object, ...]]
) -> tuple[str, ...]:
    primary = [row for row in sorted(info, key=lambda row: int(str(row[5]))) if row[5]]
    if primary:
        return tuple(str(row[1]) for row in primary)
    solid = {str(row[1]) for row in info if row[3]}
    for index in _read(conn, f"PRAGMA {schema}.index_list({quote(name)})"):
        if not index[2] or index[4]:
            continue
        terms = _read(conn, f"PRAGMA {schema}.index_info({quote(str(index[1]))})")
        columns = tuple(str(row[2]) for row in terms)
        if columns and set(columns) <= solid:
            return columns
    return ()


def _foreign_keys(conn: sqlite3.Connection, schema: str, name: str) -> tuple[ForeignKey, ...]:
    keys: dict[object, list[tuple[object, ...]]] = {}
    for row in _read(conn, f"PRAGMA {schema}.foreign_key_list({quote(name)})"):
        keys.setdefault(row[0], []).append(row)
    return tuple(
        ForeignKey(
            tuple(str(row[3]) for row in rows),
            str(rows[0][2]),
            tuple(str(row[4]) for row in rows if row[4] is not None),
        )
        for rows in keys.values()
    )


def _full_text(conn: sqlite3.Connection, schema: str, name: str) -> RowTable | None:
    """Return an FTS table that keeps rows itself: neither external content nor another module."""
    sql = str(
        _read(
            conn,
            f"SELECT sql FROM {schema}.sqlite_schema WHERE type = 'table' AND name = "
            + "'"
            + name.replace("'", "''")
            + "'",
        )[0][0]
    )
    if "fts" not in sql.lower():
        return None
    shadows = {
        str(row[0]).lower()
        for row in _read(conn, f"SELECT name FROM {schema}.sqlite_schema WHERE type = 'table'")
    }
    stored = f"{name}_content".lower() in shadows
    counted = f"{name}_docsize".lower() in shadows
    try:
        info = _read(conn, f"PRAGMA {schema}.table_xinfo({quote(name)})")
    except conn.OperationalError:
        return None
    columns = tuple(str(row[1]) for row in info if row[6] == 0)
    if stored:
        return RowTable(name, columns, full_text=True)
    if counted and _is_contentless(sql):
        return RowTable(name, (), full_text=True, contentless=True)
    return None


def _is_contentless(sql: str) -> bool:
    text = "".join(sql.lower().split())
    return "content=''" in text or 'content=""' in text
