"""Execute SQL although functions or collations are missing that only the application has."""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple, TypeAlias

__all__ = ["Missing", "SqlError", "execute", "missing_in"]

_UNKNOWN = re.compile(r"no such (function|collation sequence): (.*)", re.DOTALL)

SqlError: TypeAlias = sqlite3.Error | UnicodeEncodeError
"""Why a statement cannot be executed; Python hands no text to SQLite that is not UTF-8."""


class Missing(NamedTuple):
    """Something of the application's that SQLite lacks: a "function" or a "collation"."""

    kind: str
    name: str


def execute(conn: sqlite3.Connection, sql: str) -> tuple[SqlError | None, list[Missing]]:
    """Execute a statement; return its error, None if there is none, and what was missing.

    What is missing gets a stand-in on ``conn``, so that the statement can be prepared; it stays
    there, so one thing is missing once.
    """
    met: list[Missing] = []
    while True:
        try:
            conn.execute(sql)
        except UnicodeEncodeError as error:
            return error, met
        except sqlite3.Error as error:
            missing = missing_in(error)
            if missing is None or missing in met:
                return error, met
            met.append(missing)
            _stand_in(conn, missing)
        else:
            return None, met


def missing_in(error: sqlite3.Error) -> Missing | None:
    """Return what of the application's an error says is missing, None if it says another thing."""
    unknown = _UNKNOWN.search(str(error))
    return Missing(unknown[1].removesuffix(" sequence"), unknown[2]) if unknown else None


def _stand_in(conn: sqlite3.Connection, missing: Missing) -> None:
    if missing.kind == "function":
        conn.create_function(missing.name, -1, _return_zero, deterministic=True)
    else:
        conn.create_collation(missing.name, _return_zero)


def _return_zero(*_: object) -> int:
    return 0
