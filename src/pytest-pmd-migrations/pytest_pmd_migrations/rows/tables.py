"""List the tables that hold an application's rows, each with its key, rowid and foreign keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.ordinary_schema import Objects, can_be_named, ordinary_tables
from pytest_pmd_migrations.rows.virtual_tables import can_be_scanned, is_contentless, module_of
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.stored_rows import decoded_rows, plain_texts
from pytest_pmd_migrations.schema.reading.tokens import tokenize
from pytest_pmd_migrations.schema.reading.view_expansion import refuse_endless_views

__all__ = [
    "ForeignKey",
    "RowTable",
    "is_ignored",
    "list_tables",
    "rowid_name",
    "stored_columns",
]

_GENERATED, _FEW = (2, 3), 8
_ROWIDS = ("rowid", "_rowid_", "oid")


class ForeignKey(NamedTuple):
    """Columns of a table that name a row of another; ``target`` empty means its primary key."""

    columns: tuple[str, ...]
    parent: str
    target: tuple[str, ...]


class RowTable(NamedTuple):
    """One table that holds rows.

    ``columns`` are those that are stored; ``generated`` those that are computed. ``key`` are the
    columns that tell a row from every other: the primary key, else a UNIQUE over NOT NULL
    columns, else none. ``rowid`` is the name that reads a row's rowid, empty where none does;
    ``counting`` says that ids are never given out twice, ``full_text`` that FTS keeps the table,
    ``contentless`` that it keeps no text and rows are known by their rowid; ``module`` is that of
    a virtual table.
    """

    name: str
    columns: tuple[str, ...]
    generated: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    rowid: str = "rowid"
    counting: bool = False
    full_text: bool = False
    contentless: bool = False
    foreign_keys: tuple[ForeignKey, ...] = ()
    module: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All columns in lower case."""
        return _in_lower_case(self.columns, self.generated)


@lru_cache(maxsize=1024)
def _in_lower_case(columns: tuple[str, ...], generated: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fold(name) for name in (*columns, *generated))


_KNOWN: dict[tuple[object, ...], RowTable | None] = {}
"""The ordinary tables that this process has met, by their text: what SQLite says of one again."""


def list_tables(
    conn: sqlite3.Connection,
    *,
    schema: str = "main",
    ignore: Sequence[str] = (),
    only: Collection[str] | None = None,
    objects: Objects | None = None,
) -> dict[str, RowTable]:
    """Return the tables that hold rows, by name in lower case; of those of ``only``, if given.

    Left out are SQLite's own, shadow tables, what ``ignore`` (globs) names, virtual tables that
    keep no rows of their own, and what cannot be read (``unread_tables.py``). Where the ``objects``
    of the schema are known, SQLite is asked only about what it has not been asked about before.
    """
    if only is not None and not only:
        return {}
    wanted = None if only is None else {fold(name) for name in only}
    known = None if objects is None else _all_known(objects, ignore, wanted)
    if known is not None:
        return known
    found: dict[str, RowTable] = {}
    refuse_endless_views(conn)
    # Most ask of the few tables that a step wrote.
    is_few = wanted is not None and len(wanted) <= _FEW
    few = sorted(filter(can_be_named, wanted or ())) if is_few else None
    indexes = _indexes(conn, schema, few)
    for name, kind, without_rowid, sql in _listed(conn, schema, few):
        lower = fold(str(name))
        if lower.startswith("sqlite_") or is_ignored(lower, ignore):
            continue
        if (wanted is not None and lower not in wanted) or not can_be_named(str(name)):
            continue
        if kind == "virtual":
            table = _virtual(conn, schema, str(name), str(sql))
        else:
            own = indexes.get(str(name), ())
            table = _known(conn, schema, str(name), str(sql), own, rowid=not without_rowid)
        if table is not None:
            found[lower] = table
    return found


def _all_known(
    objects: Objects, ignore: Sequence[str], wanted: Collection[str] | None
) -> dict[str, RowTable] | None:
    """Return the tables that a schema has, where this process has met all of them; else None."""
    found: dict[str, RowTable] = {}
    tables = ordinary_tables(objects)
    for lower, one in tables.items() if tables is not None else ():
        if (wanted is not None and lower not in wanted) or is_ignored(lower, ignore):
            continue
        if not can_be_named(one.name):
            continue
        if one.text not in _KNOWN:
            return None
        table = _KNOWN[one.text]
        if table is not None:
            found[lower] = table
    return None if tables is None else found


def is_ignored(table: str, ignore: Sequence[str]) -> bool:
    """Return whether one of these globs names a table: its rows are not compared then."""
    lower = fold(table)
    return any(fnmatchcase(lower, fold(pattern)) for pattern in ignore)


def _known(
    conn: sqlite3.Connection,
    schema: str,
    name: str,
    sql: str,
    indexes: Sequence[tuple[object, ...]],
    *,
    rowid: bool,
) -> RowTable | None:
    """Return an ordinary table, which SQLite is asked about once for each text of it."""
    # Whether it has rowids stands in its SQL.
    text = name, sql, *indexes
    if text not in _KNOWN:
        _KNOWN[text] = _ordinary(conn, schema, name, sql, rowid=rowid)
    return _KNOWN[text]


def _listed(
    conn: sqlite3.Connection, schema: str, few: Sequence[str] | None
) -> list[tuple[object, ...]]:
    """Return name, type, WITHOUT ROWID and SQL of all tables, or of ``few``, in their order."""
    argument = "" if few is None else "(s.name)"
    sql = (
        f"SELECT l.name, l.type, l.wr, s.sql FROM {schema}.sqlite_schema s"
        f" JOIN pragma_table_list{argument} l ON l.name = s.name"
        f" WHERE s.type = 'table' AND l.schema = '{schema}' AND l.type IN ('table', 'virtual')"
        f"{_among('s.name', few)} ORDER BY s.rowid"
    )
    return _read(conn, sql, few or ())


def _indexes(
    conn: sqlite3.Connection, schema: str, few: Sequence[str] | None
) -> dict[str, list[tuple[object, ...]]]:
    """Return the names and the SQL of each table's indexes, in their order."""
    found: dict[str, list[tuple[object, ...]]] = {}
    sql = f"SELECT tbl_name, name, sql FROM {schema}.sqlite_schema WHERE type = 'index'"
    for table, *index in _read(conn, sql + _among("tbl_name", few), few or ()):
        found.setdefault(str(table), []).append(tuple(index))
    return found


def rowid_name(columns: Iterable[str]) -> str:
    """Return the name that reads the rowid of a table with these columns, empty where none does."""
    taken = {fold(column) for column in columns}
    return next((name for name in _ROWIDS if name not in taken), "")


def _among(column: str, few: Sequence[str] | None) -> str:
    return "" if few is None else f" AND {column} COLLATE NOCASE IN ({', '.join('?' * len(few))})"


def _read(
    conn: sqlite3.Connection, sql: str, values: Sequence[str] = ()
) -> list[tuple[object, ...]]:
    with plain_texts(conn):
        return decoded_rows(conn, sql, values)


def stored_columns(conn: sqlite3.Connection, schema: str, name: str) -> list[tuple[object, ...]]:
    """Return what table_xinfo says; nothing where a virtual table's module is not loaded."""
    try:
        return _read(conn, f"PRAGMA {schema}.table_xinfo({quote(name)})")
    except conn.OperationalError:
        return []


def _ordinary(
    conn: sqlite3.Connection, schema: str, name: str, sql: str, *, rowid: bool
) -> RowTable | None:
    info = stored_columns(conn, schema, name)
    if not all(can_be_named(str(row[1])) for row in info):
        return None
    return RowTable(
        name=name,
        columns=tuple(str(row[1]) for row in info if row[6] not in _GENERATED),
        generated=tuple(str(row[1]) for row in info if row[6] in _GENERATED),
        key=_key(conn, schema, name, info),
        rowid=rowid_name(str(row[1]) for row in info) if rowid else "",
        counting="AUTOINCREMENT" in sql.upper()
        and any(token.is_word("AUTOINCREMENT") for token in tokenize(sql)),
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
        if not index[2] or index[4] or not can_be_named(str(index[1])):
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


def _virtual(conn: sqlite3.Connection, schema: str, name: str, sql: str) -> RowTable | None:
    """Return a virtual table that keeps rows itself, in shadow tables of its own."""
    module = module_of(sql)
    shadows = {
        fold(str(row[0])).removeprefix(f"{fold(name)}_")
        for row in _read(conn, f"SELECT name FROM {schema}.sqlite_schema WHERE type = 'table'")
        if fold(str(row[0])).startswith(f"{fold(name)}_")
    }
    columns = tuple(str(row[1]) for row in stored_columns(conn, schema, name) if row[6] == 0)
    if not columns or not shadows or not can_be_scanned(conn, schema, name):
        return None
    if not module.startswith("fts"):
        return RowTable(name, columns, module=module)
    if "content" in shadows:
        return RowTable(name, columns, full_text=True, module=module)
    if "docsize" in shadows and is_contentless(sql):
        return RowTable(name, (), full_text=True, contentless=True, module=module)
    return None
