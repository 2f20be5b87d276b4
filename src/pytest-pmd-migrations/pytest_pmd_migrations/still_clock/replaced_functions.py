"""Replace SQL's functions of time and chance one by one, where its library cannot be reached.

A date function is computed by SQLite itself, on a connection that is replaced nothing: only the
time ``'now'`` becomes the still one before. What this way cannot do: refuse ``date('now')`` in an
index, since a replaced function is not told where it is called; and let views and triggers call
the functions once an application has switched ``trusted_schema`` off.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TypeAlias

from pytest_pmd_migrations.still_clock.clock_and_dice import still_time, throw_bytes

__all__ = ["replace_functions"]

_Value: TypeAlias = str | bytes | int | float | None

_TIME_VALUES = {
    "date": (0,),
    "time": (0,),
    "datetime": (0,),
    "julianday": (0,),
    "unixepoch": (0,),
    "strftime": (1,),
    "timediff": (0, 1),
}
"""Which arguments of a function are times."""

_CURRENT = {"current_date": "date", "current_time": "time", "current_timestamp": "datetime"}
_SUBSECONDS = ("subsec", "subsecond")


def replace_functions(conn: sqlite3.Connection) -> None:
    """Replace the functions on ``conn`` that its SQLite has."""
    known = {row[0] for row in conn.execute("SELECT DISTINCT name FROM pragma_function_list")}
    for name in _TIME_VALUES.keys() & known:
        conn.create_function(name, -1, _date_function(name), deterministic=True)
    for name, function in _CURRENT.items():
        conn.create_function(name, 0, _date_function(function), deterministic=True)
    conn.create_function("random", 0, _throw_integer)
    conn.create_function("randomblob", 1, _throw_blob)


def _date_function(name: str) -> Callable[..., _Value]:
    times = _TIME_VALUES[name]

    def function(*values: _Value) -> _Value:
        return _compute(name, tuple(_still(values, times)))

    return function


def _still(values: tuple[_Value, ...], times: tuple[int, ...]) -> list[_Value]:
    """Return the arguments with the still time in the place of the real one."""
    time = still_time()
    given = list(values)
    if time is None:
        return given
    now = datetime.fromtimestamp(time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.000")
    if len(given) == times[0] and len(times) == 1:
        given.append("now")
    for index in (index for index in times if index < len(given)):
        word = _word(given[index])
        if word == "now":
            given[index] = now
        elif word in _SUBSECONDS and sqlite3.sqlite_version_info >= (3, 42):
            given[index] = now
            given.append(word)
    return given


def _word(value: _Value) -> str:
    """Return the text that SQLite reads of a value, in small letters: it stops at a NUL."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    return text.partition("\0")[0].lower() if isinstance(text, str) else ""


def _compute(name: str, values: tuple[_Value, ...]) -> _Value:
    marks = ", ".join("?" * len(values))
    found: _Value = _plain_connection().execute(f"SELECT {name}({marks})", values).fetchone()[0]
    return found


@cache
def _plain_connection() -> sqlite3.Connection:
    """Return the connection of this process whose functions are SQLite's own."""
    return sqlite3.connect(":memory:", check_same_thread=False)


def _throw_integer() -> int:
    return int.from_bytes(throw_bytes(8), "little") - 2**63


def _throw_blob(size: _Value) -> bytes:
    count = _plain_connection().execute("SELECT CAST(? AS INTEGER)", (size,)).fetchone()[0]
    return throw_bytes(max(1, count or 1))
