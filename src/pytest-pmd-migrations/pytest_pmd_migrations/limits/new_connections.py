"""Let a limit reach the connections that a runner opens itself, as one does that works on files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from pytest_pmd_migrations.limits.time_limit import let_python_run

__all__ = ["limited_connections"]


@contextmanager
def limited_connections() -> Iterator[None]:
    """Let the limit of the step end the statements of each connection that is opened in the block.

    ``sqlite3.connect`` is replaced meanwhile. A module that has the function itself, by another
    name, opens connections whose statements run to their end before the limit strikes.
    """
    original = sqlite3.connect
    sqlite3.connect = _limited(original)
    try:
        yield
    finally:
        sqlite3.connect = original


def _limited(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def connect(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as sqlite3's own
        conn = original(*args, **kwargs)
        if isinstance(conn, sqlite3.Connection):
            let_python_run(conn)
        return conn

    return connect
