"""Write a snapshot's text twin: its schema and rows as SQL, for a reviewer's diff."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import islice

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.connections.rows_at_once import rows_at_once
from pytest_pmd_migrations.connections.untrusted_schema import read_untrusted
from pytest_pmd_migrations.files.file_content import Content, keep_content
from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.messages.printable import printable_line, printable_text
from pytest_pmd_migrations.pages.layout import Layout

__all__ = ["twin_sql"]

_MOST_PAGES = 256
"""Pages of a table whose rows' text is kept: one text is written while many snapshots have it."""

_KNOWN: dict[tuple[object, ...], str] = {}
"""The rows of tables as SQL that this process has written, by what the tables hold."""

_LARGE = 64 * 1024
_MOST_COLUMNS = 100
_QUOTED = (
    "CASE typeof({0}) WHEN 'integer' THEN {0} WHEN 'null' THEN 'NULL'"
    " WHEN 'text' THEN CASE instr({0}, char(0)) WHEN 0 THEN quote({0}) END END"
)
"""A value as ``_literal`` writes it; NULL where SQLite would write another text, or less."""

_OTHER_FUNCTIONS = (
    "SELECT 1 FROM pragma_function_list WHERE NOT builtin"
    " AND name COLLATE NOCASE IN ('typeof', 'instr', 'char', 'quote')"
)
_KINDS = {"table": 0, "index": 1, "view": 2, "trigger": 3}


class _Text(bytes):
    """A TEXT value as SQLite holds it: any bytes, also invalid UTF-8 or with a NUL."""


def twin_sql(conn: sqlite3.Connection, layout: Layout | None = None) -> Content:
    """Return the schema and every row that ``conn`` shows as SQL in UTF-8, always in one order.

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


def _text(conn: sqlite3.Connection, layout: Layout | None) -> Content:
    return keep_content(_joined(_parts(conn, layout)), MEMORY_LIMIT)


def _joined(parts: Iterator[str]) -> Iterator[bytes]:
    """Yield the text in UTF-8; many lines at once take less time than one by one."""
    some: list[str] = []
    size = 0
    for part in parts:
        some.append(part)
        size += len(part)
        if size > _LARGE:
            yield "".join(some).encode()
            some, size = [], 0
    yield "".join(some).encode()


def _parts(conn: sqlite3.Connection, layout: Layout | None) -> Iterator[str]:
    for pragma in ("user_version", "application_id"):
        yield f"PRAGMA {pragma} = {conn.execute(f'PRAGMA {pragma}').fetchone()[0]};\n"
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
        yield f"\n{_printable_sql(f'{sql};')}\n"
        if kind == _KINDS["table"]:
            yield from _known_rows(conn, name, layout, virtual=kinds.get(name) == "virtual")
    sequence = conn.execute("SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'")
    if sequence.fetchone():
        yield "\n"
        rows = _rows(conn, "sqlite_sequence", virtual=False, together=False)
        yield from sorted(map("".join, rows))


def _known_rows(
    conn: sqlite3.Connection, table: str, layout: Layout | None, *, virtual: bool
) -> Iterator[str]:
    """Yield the rows of a table, which are written once for each content of it."""
    held = None if layout is None or virtual else layout.holdings.get(table)
    small = layout is not None and layout.table_pages.get(table, 0) <= _MOST_PAGES
    # Rows stand in the order of their keys: that of a collation is for the application to say.
    if held is None or not small or "COLLATE" in str(held[0]).upper():
        for row in _rows(conn, table, virtual=virtual):
            yield from row
        return
    key = table, *held
    if key not in _KNOWN:
        _KNOWN[key] = "".join(map("".join, _rows(conn, table, virtual=False)))
    yield _KNOWN[key]


def _rows(
    conn: sqlite3.Connection, table: str, *, virtual: bool, together: bool = True
) -> Iterator[Iterable[str]]:
    """Yield the line of each row, in parts: one of 20 MB is never a text as a whole.

    Unless not ``together``, the lines of many small rows are one part.
    """
    quoted = quote(table)
    shown = printable_line(table)
    try:
        info = conn.execute(f"PRAGMA table_xinfo({quoted})").fetchall()
        any(_read(row[1]).encode() for row in info)
    except UnicodeEncodeError:
        yield (f"-- rows of {shown} cannot be read: a name is no UTF-8\n",)
        return
    except sqlite3.OperationalError as error:
        yield (f"-- rows of {shown} cannot be read: {printable_line(str(error))}\n",)
        return
    columns = [quote(_read(row[1])) for row in info if row[6] == 0]
    keys = [quote(_read(row[1])) for row in sorted(info, key=lambda row: row[5]) if row[5]]
    if virtual:
        columns.insert(0, "rowid")
        keys = ["rowid"]
    ordered = f"{quoted} ORDER BY {', '.join(keys) or 'rowid'}"
    sql = f"SELECT {(names := ', '.join(columns))} FROM {ordered}"
    try:
        rows = conn.execute(sql).fetchall() if virtual else conn.execute(sql)
    except conn.DatabaseError:
        if not virtual:
            raise
        # Without SQLite's reason, whose words differ between its versions.
        yield (f"-- rows of {shown} cannot be listed by its module\n",)
        return
    into = printable_line(f"INSERT INTO {quoted}({names}) VALUES (")
    if not isinstance(rows, sqlite3.Cursor) or not _may_quote(conn, columns):
        yield from (_line(into, row) for row in rows)
        return
    read = [_read(row[1]) for row in info if row[6] == 0]
    at_once = rows_at_once(conn, table, read) if together else 1
    yield from _quick_lines(into, _quoted_rows(conn, ordered, columns, at_once), rows)


def _quoted_rows(
    conn: sqlite3.Connection, table: str, columns: Sequence[str], at_once: int
) -> Iterator[Sequence[bytes | None]]:
    """Yield the values of each row as SQLite writes them, those of many rows together."""
    quoting = "'' || " + " || ', ' || ".join(map(_QUOTED.format, columns))
    cursor = conn.execute(f"SELECT {quoting} FROM {table}")
    while True:
        conn.text_factory = bytes
        values = [value for (value,) in cursor.fetchmany(at_once)]
        conn.text_factory = _Text
        if not values:
            return
        yield values


def _quick_lines(
    into: str, quick: Iterable[Sequence[bytes | None]], rows: Iterator[Sequence[object]]
) -> Iterator[Iterable[str]]:
    """Yield the lines of rows, most of which SQLite wrote in ``quick``, in a tenth of the time.

    ``rows`` are the same rows in the same order.
    """
    behind = 0
    for some in quick:
        lines = _plain_lines(into, some)
        if lines:
            behind += len(some)
            yield (lines,)
            continue
        for values in some:
            line = _plain_lines(into, (values,))
            if line:
                behind += 1
                yield (line,)
            else:
                yield _line(into, next(islice(rows, behind, None)))
                behind = 0


def _plain_lines(into: str, some: Sequence[bytes | None]) -> str:
    """Return the lines of rows that may stand as SQLite wrote them; none where one may not."""
    written = [values for values in some if values is not None]
    content = b"".join(written)
    if len(written) < len(some) or not content.isascii():
        return ""
    text = content.decode()
    if not text.isprintable() or "::" in text or "##" in text:
        return ""
    between = f");\n{into}"
    return f"{into}{between.encode().join(written).decode()});\n"


def _may_quote(conn: sqlite3.Connection, columns: Sequence[str]) -> bool:
    """Return whether SQLite can write rows: an application may have functions of these names."""
    if not 0 < len(columns) <= _MOST_COLUMNS:
        return False
    try:
        return conn.execute(_OTHER_FUNCTIONS).fetchone() is None
    except sqlite3.OperationalError:
        # SQLite may be built without the list.
        return False


def _line(into: str, row: Sequence[object]) -> Iterable[str]:
    """Return the line of a row, in parts."""
    if any(type(value) is bytes and len(value) > _LARGE for value in row):
        return _large_row(into, row)
    return (f"{into}{', '.join(map(_literal, row))});\n",)


def _large_row(into: str, row: Sequence[object]) -> Iterator[str]:
    """Yield the line of a row with large blobs, a piece of a blob at a time."""
    before = into
    for value in row:
        yield before
        if type(value) is bytes:
            yield "x'"
            for start in range(0, len(value), _LARGE):
                yield value[start : start + _LARGE].hex()
            yield "'"
        else:
            yield _literal(value)
        before = ", "
    yield ");\n"


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
            return _text_literal(value)
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
    return value.decode(errors="surrogateescape") if isinstance(value, _Text) else value
