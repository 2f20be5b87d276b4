"""AUTOINCREMENT's high-water marks, each told apart: a step depends on those of its own tables.

SQLite keeps them all in one table, which every INSERT into such a table changes.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping

__all__ = ["MARKS", "is_mark", "marks_as_parts", "marks_of"]

MARKS = "sqlite_sequence"
_DIGEST_BYTES = 16
_BETWEEN = "\0"
"""What no name of a table has in it."""


def is_mark(name: str) -> bool:
    """Return whether that is the name of a mark, among what tables hold."""
    return _BETWEEN in name


def marks_of(tables: Collection[str]) -> frozenset[str]:
    """Return the names of the marks of those tables."""
    return frozenset(_mark_name(name) for name in tables if name != MARKS and not is_mark(name))


def marks_as_parts(tables: Mapping[str, bytes], conn: sqlite3.Connection) -> dict[str, bytes]:
    """Return what the tables of a database hold with one entry for each mark that ``conn`` shows.

    What is kept for them all has none then.
    """
    if MARKS not in tables:
        return dict(tables)
    kept: defaultdict[str, list[object]] = defaultdict(list)
    for name, mark in _rows(conn):
        kept[str(name).lower()].append(mark)
    found = {name: held for name, held in tables.items() if name != MARKS}
    for name, marks in kept.items():
        content = repr(marks).encode(errors="surrogatepass")
        found[_mark_name(name)] = hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
    return found


def _rows(conn: sqlite3.Connection) -> list[tuple[object, object]]:
    """Return all marks, by names that may not be UTF-8."""
    cursor = conn.cursor()
    cursor.row_factory = None
    kept, conn.text_factory = conn.text_factory, _text
    try:
        return cursor.execute(f"SELECT name, seq FROM main.{MARKS} ORDER BY rowid").fetchall()
    finally:
        conn.text_factory = kept


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")


def _mark_name(table: str) -> str:
    return f"{MARKS}{_BETWEEN}{table}"
