"""Find the database file of a connection, and the one that a call of ``connect`` names."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_pmd_migrations.connections.database_path import file_of

__all__ = ["file_of_argument", "file_of_connection"]


def file_of_connection(conn: Any) -> str:  # noqa: ANN401 - a connection of either driver
    """Return the path of a connection's main database; empty in memory, or where closed."""
    try:
        file = file_of(conn)
    except (conn.Error, MemoryError):
        return ""
    return "" if file is None else str(file)


def file_of_argument(first_argument: object) -> str:
    """Return the path that the first argument of ``connect`` names; empty where none."""
    if not isinstance(first_argument, (str, bytes, os.PathLike)):
        return ""
    text = os.fsdecode(first_argument)
    if text.startswith("file:"):
        text = unquote(urlsplit(text).path)
    return "" if text == ":memory:" else text
