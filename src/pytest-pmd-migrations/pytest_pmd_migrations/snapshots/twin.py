"""Write a snapshot's text twin: its schema and rows as SQL, for a reviewer's diff."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.printable import printable_line, printable_text
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.untrusted_schema import read_untrusted

__all__ = ["twin_sql"]

_MOST_PAGES = 256
"""Pages of a table whose rows' text is kept: one text is written while many snapshots have it."""

_KNOWN: dict[tuple[object, ...], str] = {}
"""The rows of tables as SQL that this process has written, by what the tables hold."""

_KINDS = {"table": 0, "index": 1, "view": 2, "trigger": 3}


@dataclass(frozen=True)
class _Text:
    """A TEXT value as SQLite holds it: any bytes, also invalid UTF-8 or with a NUL."""

    content: bytes


def twin_sql(conn: sqlite3.Connection, layout: Layout | None = None) -> str:
    """Return the schema and every row that ``conn`` shows as SQL text, always in one order.

    Virtual tables are shown by their columns and rows, never by their shadow tables, whose bytes
    depend on the module's version; one that cannot list its rows is named as that. The text is for
    reading and comparing. With the ``layout`` of what ``conn`` shows, no small table is read that
    was read before.
    """
    factory = conn.text_factory
    conn.text_factory = _Text
    try:
        # What is read here are stored values: nothing of the schema has to run.
        return read_untrusted(conn, partial(_text, conn, layout))
    finally:
        conn.text_factory = factory


def _text(conn: sqlite3.Connection, layout: Layout | None) -> str:
    return "\n".join(_lines(conn, layout)) + "\n"


def _lines(conn: sqlite3.Connection, layout: Layout | None) -> Iterator[str]:
    for pragma in ("user_version", "application_id"):
        yield f"PRAGMA {pragma} = {conn.execute(f'PRAGMA {pragma}').fetchone()[0]};"
    kinds = {
        _read(name): _read(kind)
        for schema, name, kind in conn.execute("SELECT schema, name, type FROM pragma_table_list")
        if _read(schema) == "main"
    }
    objects = sorted(
        (_KINDS[_read(kind)], _read(name), _read(sql))
        for kind, name, sql in conn.execute(
            "SELECT type, name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL"
        )
        if kinds.get(_read(name)) != "shadow" and not _read(name).startswith("sqlite_")
    )
    for kind, name, sql in objects:
        yield ""
        yield _printable_sql(f"{sql};")
        if kind == _KINDS["table"]:
            yield from _known_rows(conn, name, layout, virtual=kinds.get(name) == "virtual")
    sequence = conn.execute("SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'")
    if sequence.fetchone():
        yield ""
        yield from sorted(_rows(conn, "sqlite_sequence", virtual=False))


def _known_rows(
    conn: sqlite3.Connection, table: str, layout: Layout | None, *, virtual: bool
) -> Iterator[str]:
    """Yield the rows of a table, which are written once for each content of it."""
    held = None if layout is None or virtual else layout.holdings.get(table)
    small = layout is not None and layout.table_pages.get(table, 0) <= _MOST_PAGES
    # Rows stand in the order of their keys: that of a collation is for the application to say.
    if held is None or not small or "COLLATE" in str(held[0]).upper():
        yield from _rows(conn, table, virtual=virtual)
        return
    key = table, *held
    if key not in _KNOWN:
        _KNOWN[key] = "\n".join(_rows(conn, table, virtual=False))
    if _KNOWN[key]:
        yield _KNOWN[key]


def _rows(conn: sqlite3.Connection, table: str, *, virtual: bool) -> Iterator[str]:
    quoted = quote(table)
    shown = printable_line(table)
    try:
        info = conn.execute(f"PRAGMA table_xinfo({quoted})").fetchall()
        any(_read(row[1]).encode() for row in info)
    except UnicodeEncodeError:
        yield f"-- rows of {shown} cannot be read: a name is no UTF-8"
        return
    except sqlite3.OperationalError as error:
        yield f"-- rows of {shown} cannot be read: {printable_line(str(error))}"
        return
    columns = [quote(_read(row[1])) for row in info if row[6] == 0]
    keys = [quote(_read(row[1])) for row in sorted(info, key=lambda row: row[5]) if row[5]]
    if virtual:
        columns.insert(0, "rowid")
        keys = ["rowid"]
    names = ", ".join(columns)
    order = ", ".join(keys) or "rowid"
    sql = f"SELECT {names} FROM {quoted} ORDER BY {order}"
    try:
        rows = conn.execute(sql).fetchall() if virtual else conn.execute(sql)
    except conn.DatabaseError:
        if not virtual:
            raise
        # Without SQLite's reason, whose words differ between its versions.
        yield f"-- rows of {shown} cannot be listed by its module"
        return
    into = printable_line(f"INSERT INTO {quoted}({names}) VALUES (")
    for row in rows:
        yield f"{into}{', '.join(map(_literal, row))});"


def _printable_sql(sql: str) -> str:
    """Return SQL whose names and comments no terminal and no log obeys; it keeps its line ends."""
    lines = (line.removesuffix("\r") for line in sql.split("\n"))
    ends = ("\r\n" if line.endswith("\r") else "\n" for line in sql.split("\n"))
    shown = "".join(f"{printable_line(line)}{end}" for line, end in zip(lines, ends, strict=True))
    return shown.removesuffix("\n")


def _literal(value: object) -> str:
    match value:
        case None:
            return "NULL"
        case _Text():
            return _text_literal(value.content)
        case bytes():
            return f"x'{value.hex()}'"
        case float() if math.isinf(value):
            return "9e999" if value > 0 else "-9e999"
        case _:
            return repr(value)


def _text_literal(content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return f"CAST(x'{content.hex()}' AS TEXT)"
    if printable_text(text) != text:
        # A reviewer's terminal, or a log, could obey it.
        return f"CAST(x'{content.hex()}' AS TEXT)"
    return "'" + text.replace("'", "''") + "'"


def _read(value: _Text | str) -> str:
    return value.content.decode(errors="surrogateescape") if isinstance(value, _Text) else value
