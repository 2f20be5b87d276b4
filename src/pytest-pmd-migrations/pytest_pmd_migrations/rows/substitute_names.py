"""Let SQL of Python's name tables and columns whose names are no UTF-8, which other drivers make.

Python hands SQLite no text but UTF-8. So a private copy of the database gets a substitute, one
character of a private use area, for each byte of a name that is none. Substitutes are names only
while rows are read: what is told and what is recorded has the real names.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar, cast

from pytest_pmd_migrations.connections.connection import NO_PREPARATION
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.schema.reading.stored_rows import NO_UTF8, as_bytes, plain_rows
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = [
    "can_name_all",
    "nameable",
    "nameable_image",
    "with_real_names",
    "with_substitutes",
    "without_substitutes",
]

_Anything = TypeVar("_Anything")

# Python reads a byte that is no UTF-8 as one of the left ones (PEP 383).
_SUBSTITUTES = {0xDC00 + byte: 0x10FE00 + byte for byte in range(0x80, 0x100)}
_BYTES = {substitute: byte for byte, substitute in _SUBSTITUTES.items()}
_TAKEN = frozenset(map(chr, _BYTES))
_TEXTS = "SELECT type, name, tbl_name, sql, rowid FROM main.sqlite_schema"
_WITH_VALUES = ("table", "index")
_NAME = "name = CAST(? AS TEXT)"
_PUT = f"SET {_NAME}, tbl_name = CAST(? AS TEXT), sql = CAST(? AS TEXT)"


def with_substitutes(value: _Anything) -> _Anything:
    """Return a value with substitutes in each text of it."""
    return cast(_Anything, _translated(value, _SUBSTITUTES))


def without_substitutes(value: _Anything) -> _Anything:
    """Return a value with the real names in each text of it."""
    return cast(_Anything, _translated(value, _BYTES))


def nameable_image(image: Image) -> Image:
    """Return the database with substitutes; the same image where Python can name everything.

    It stays as it is, too, where one of its names has a character that is a substitute.
    """
    with closing(image.prepared_as(NO_PREPARATION).connect()) as conn:
        if can_name_all(conn):
            return image
        with plain_rows(conn) as rows:
            if any(not _TAKEN.isdisjoint(text) for row in rows for text in row if text):
                return image
        _rename(conn, with_substitutes)
        return Image.of_connection(conn).prepared_as(image.preparation)


@contextmanager
def nameable(conn: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Yield a connection that shows the same, with substitutes: ``conn``, or one to a copy.

    Read from it, and never write to it.
    """
    if can_name_all(conn):
        yield conn
        return
    with closing(nameable_image(Image.of_connection(conn)).connect()) as copy:
        yield copy


def can_name_all(conn: sqlite3.Connection, schema: str = "main") -> bool:
    """Return whether all names of a database are UTF-8; ``conn`` is read only."""
    factories = conn.row_factory, conn.text_factory
    conn.row_factory, conn.text_factory = None, str
    try:
        conn.execute(f"SELECT name, sql FROM {schema}.sqlite_schema").fetchall()
    except sqlite3.OperationalError as error:
        if NO_UTF8 not in str(error):
            raise
        return False
    finally:
        conn.row_factory, conn.text_factory = factories
    return True


def with_real_names(
    rerun: Callable[[sqlite3.Connection], None],
) -> Callable[[sqlite3.Connection], None]:
    """Return ``rerun`` for a connection to a copy with substitutes, which a step does not know."""

    def rerun_on_copy(conn: sqlite3.Connection) -> None:
        _rename(conn, without_substitutes)
        rerun(conn)
        _rename(conn, with_substitutes)

    return rerun_on_copy


def _rename(conn: sqlite3.Connection, renamed: Callable[[str], str]) -> None:
    """Write the names in the schema, and AUTOINCREMENT's names of tables, in another way."""
    with plain_rows(conn):
        conn.text_factory = lambda content: content.decode(errors="surrogateescape")
        rows = conn.execute(_TEXTS).fetchall()
        names = frozenset(name for row in rows for name in row[1:3])
        conn.execute("PRAGMA writable_schema = ON")
        for kind, *texts, rowid in rows:
            kept = names if kind in _WITH_VALUES else None
            new = [_respelled(text, renamed, kept) for text in texts]
            if new != texts:
                content = [text if text is None else as_bytes(text) for text in new]
                conn.execute(f"UPDATE main.sqlite_schema {_PUT} WHERE rowid = ?", (*content, rowid))
        if "sqlite_sequence" in names:
            marks = conn.execute("SELECT name, rowid FROM main.sqlite_sequence").fetchall()
            renamed_marks = [(as_bytes(renamed(f"{name}")), rowid) for name, rowid in marks]
            put = f"UPDATE main.sqlite_sequence SET {_NAME} WHERE rowid = ?"
            conn.executemany(put, renamed_marks)
    conn.commit()
    conn.execute("PRAGMA writable_schema = RESET")


def _respelled(
    text: str | None, renamed: Callable[[str], str], names: frozenset[str] | None
) -> str | None:
    """Return a name or SQL, renamed; with ``names`` strings that are none of them are kept.

    They are values, such as a DEFAULT, which rows show without that they are stored there.
    """
    if text is None or text.isascii():
        return text
    new = renamed(text)
    for token in tokenize(text) if names is not None else ():
        if token.kind == "string" and token.value not in (names or ()):
            new = new.replace(renamed(token.text), token.text)
    return new


def _translated(value: object, spelling: Mapping[int, int]) -> object:
    match value:
        case str():
            return value if value.isascii() else value.translate(spelling)
        case tuple() if hasattr(value, "_make"):
            return value._make(_translated(one, spelling) for one in value)
        case tuple() | frozenset() | list():
            return type(value)(_translated(one, spelling) for one in value)
        case Mapping():
            return {
                _translated(key, spelling): _translated(one, spelling) for key, one in value.items()
            }
    if is_dataclass(value) and not isinstance(value, type):
        own = {one.name: _translated(getattr(value, one.name), spelling) for one in fields(value)}
        return replace(value, **own)
    return value
