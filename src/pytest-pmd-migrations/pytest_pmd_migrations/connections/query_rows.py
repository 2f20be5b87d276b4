"""Ask a connection for rows, whichever driver made it and whatever rows it returns otherwise."""

from __future__ import annotations

from typing import Any

__all__ = ["query_rows"]


def query_rows(conn: Any, sql: str, *values: object) -> list[tuple[Any, ...]]:  # noqa: ANN401 - a connection of any driver
    """Return the rows of a query as tuples with texts, which the connection may return otherwise.

    A text that is no UTF-8 has surrogates in the place of its odd bytes. Raises what the driver
    raises, also where the connection is closed.
    """
    # A subclass may make cursors of its own, which tell what they are asked.
    kinds = (kind for kind in type(conn).__mro__[::-1] if kind.__name__ == "Connection")
    driver: Any = next(kinds, type(conn))
    cursor = driver.cursor(conn)
    cursor.row_factory = None
    kept, conn.text_factory = conn.text_factory, _text
    try:
        found: list[tuple[Any, ...]] = cursor.execute(sql, values).fetchall()
    finally:
        conn.text_factory = kept
        cursor.close()
    return found


def _text(content: bytes) -> str:
    return content.decode(errors="surrogateescape")
