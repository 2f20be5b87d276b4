"""Execute a statement although functions and collations that only an application has are missing.

Each one that SQLite misses is told, and replaced by a stand-in.
"""

from __future__ import annotations

import re
import sqlite3
from itertools import count
from typing import Literal, NamedTuple, TypeAlias, cast

__all__ = ["MissingName", "SqlError", "execute", "missing_name", "prepare"]

SqlError: TypeAlias = sqlite3.Error | ValueError
"""Why a statement cannot be executed; Python hands SQLite no text that is not UTF-8."""

_NUMBERS = count()

_MISSING = re.compile(
    r"no such (?P<kind>function|collation sequence): (?P<name>.*)"
    r"|unknown function: (?P<called>.*)\(\)",
    re.DOTALL,
)


class MissingName(NamedTuple):
    """A function or a collation that a connection lacks."""

    kind: Literal["function", "collation"]
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def missing_name(message: str) -> MissingName | None:
    """Return what SQLite's message says is missing, None for any other message."""
    found = _MISSING.search(message)
    if found is None:
        return None
    if found["called"]:
        return MissingName("function", found["called"])
    kind = found["kind"].removesuffix(" sequence")
    return MissingName(cast("Literal['function', 'collation']", kind), found["name"])


def prepare(conn: sqlite3.Connection, sql: str) -> tuple[SqlError | None, tuple[MissingName, ...]]:
    """Prepare a statement without running it; return the same as ``execute``."""
    # The driver keeps statements by their text, and EXPLAIN does not see that the schema changed.
    return execute(conn, f"EXPLAIN {sql} -- {next(_NUMBERS)}")


def execute(conn: sqlite3.Connection, sql: str) -> tuple[SqlError | None, tuple[MissingName, ...]]:
    """Execute a statement; return its error, None if there is none, and what was missing.

    A stand-in stays on ``conn``, so one thing is missing once.
    """
    met: list[MissingName] = []
    while True:
        try:
            conn.execute(sql)
        except ValueError as error:
            return error, tuple(met)
        except sqlite3.Error as error:
            missing = missing_name(str(error))
            if missing is None or missing in met:
                return error, tuple(met)
            met.append(missing)
            _stand_in(conn, missing)
        else:
            return None, tuple(met)


def _stand_in(conn: sqlite3.Connection, missing: MissingName) -> None:
    if missing.kind == "function":
        conn.create_function(missing.name, -1, _return_zero, deterministic=True)
    else:
        conn.create_collation(missing.name, _return_zero)


def _return_zero(*_: object) -> int:
    return 0
