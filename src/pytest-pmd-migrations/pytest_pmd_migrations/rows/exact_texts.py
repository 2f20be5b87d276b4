"""Write exact rows as texts, many at once: those that digests of rows are made of."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain

__all__ = ["exact_texts"]

_READ_AS_TEXT = "bytearray(b"
_EXACT_TEXT = "('text', b"
_ESCAPED_QUOTE = "\\'"


def exact_texts(conn: sqlite3.Connection, sql: str, *, at_once: int) -> Iterator[list[bytes]]:
    """Yield ``repr`` of each row that ``exact_rows`` yields, those of ``at_once`` rows together.

    SQLite's texts are read as what no stored value is otherwise, a ``bytearray``: Python writes it
    as it writes bytes, but for the name before it, and that it escapes each single quote.
    """
    factories = conn.row_factory, conn.text_factory
    conn.row_factory, conn.text_factory = None, bytearray
    try:
        cursor = conn.execute(sql)
        while rows := cursor.fetchmany(at_once):
            yield _texts(rows)
    finally:
        conn.row_factory, conn.text_factory = factories


def _texts(rows: Sequence[tuple[object, ...]]) -> list[bytes]:
    kinds = list(map(type, chain.from_iterable(rows)))
    if float in kinds:
        rows = [tuple([_real(value) for value in row]) for row in rows]
    written = "\n".join(map(repr, rows))
    if written.count(_READ_AS_TEXT) != kinds.count(bytearray):
        # A stored value has that word in it.
        return [_text(row) for row in rows]
    texts = written.replace(_READ_AS_TEXT, _EXACT_TEXT).encode().split(b"\n")
    if _ESCAPED_QUOTE in written:
        return [
            _text(row) if _ESCAPED_QUOTE.encode() in text else text
            for row, text in zip(rows, texts, strict=True)
        ]
    return texts


def _text(row: tuple[object, ...]) -> bytes:
    exact = [("text", bytes(value)) if type(value) is bytearray else value for value in row]
    return repr(tuple(exact)).encode()


def _real(value: object) -> object:
    return ("real", value) if type(value) is float else value
