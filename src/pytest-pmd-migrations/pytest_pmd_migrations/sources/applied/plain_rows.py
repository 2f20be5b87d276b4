"""Read rows as tuples with texts, whatever rows the application has its connection make."""

from __future__ import annotations

import sqlite3
from typing import Any

__all__ = ["plain_rows"]


def plain_rows(conn: sqlite3.Connection, sql: str, *values: object) -> list[tuple[Any, ...]]:
    """Return the rows of a query as tuples with texts, whatever the application makes of them.

    A text that is no UTF-8 has surrogates in the place of its odd bytes.
    """
    # The application's own cursors may have a row factory of theirs.
    cursor = sqlite3.Cursor(conn)
    cursor.row_factory = None
    kept, conn.text_factory = conn.text_factory, _text
    try:
        return cursor.execute(sql, values).fetchall()
    finally:
        conn.text_factory = kept
        cursor.close()


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")
