"""Think of conditions that say why the values of a column changed, from old values and new ones."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.rows.conditions.literals import as_literal, plain_value
from pytest_pmd_migrations.rows.matching.exact_rows import Value

__all__ = [
    "constant_conditions",
    "copying_conditions",
    "explaining_conditions",
    "limiting_conditions",
    "nulled_conditions",
]

_OF_TEXT = (
    ("trim({0})", "{0} <> trim({0})"),
    ("rtrim({0})", "{0} <> rtrim({0})"),
    ("ltrim({0})", "{0} <> ltrim({0})"),
    ("lower({0})", "{0} <> lower({0})"),
    ("upper({0})", "{0} <> upper({0})"),
    ("lower(trim({0}))", "{0} <> lower(trim({0}))"),
    ("upper(trim({0}))", "{0} <> upper(trim({0}))"),
    ("CAST({0} AS INTEGER)", "typeof({0}) = 'text'"),
    ("CAST({0} AS REAL)", "typeof({0}) = 'text'"),
)
_OF_NUMBER = (
    ("abs({0})", "{0} < 0"),
    ("max({0}, 0)", "{0} < 0"),
    ("round({0})", "{0} <> round({0})"),
    ("round({0}, 1)", "{0} <> round({0}, 1)"),
    ("round({0}, 2)", "{0} <> round({0}, 2)"),
    ("round({0}, 3)", "{0} <> round({0}, 3)"),
    ("CAST({0} AS INTEGER)", "typeof({0}) = 'real'"),
    ("CAST({0} AS REAL)", "typeof({0}) = 'integer'"),
    ("CAST({0} AS TEXT)", "typeof({0}) <> 'text'"),
)
"""What a step may do to each value, and the condition under which that makes another value."""
_COPIED = (
    *("{0}", "trim({0})", "lower({0})", "upper({0})"),
    *("lower(trim({0}))", "upper(trim({0}))"),
)
"""How a step may write the value of another column."""


def explaining_conditions(
    conn: sqlite3.Connection, column: str, changes: Sequence[tuple[Value, Value]]
) -> Iterator[str]:
    """Yield conditions that would explain why just these values changed, the likeliest first.

    ``column`` is a name as SQL has it, ``changes`` are the old values and the new ones. ``conn`` is
    only asked to compute.
    """
    if all(was is None for was, _ in changes):
        yield f"{column} IS NULL"
    texts = all(isinstance(plain_value(was), str) for was, _ in changes)
    for function, condition in _OF_TEXT if texts else _OF_NUMBER:
        if _gives_all(conn, function, changes):
            yield condition.format(column)
    yield from _cut_off(column, changes)


def copying_conditions(
    conn: sqlite3.Connection, column: str, other: str, changes: Sequence[tuple[Value, Value]]
) -> Iterator[str]:
    """Yield that ``column`` had another value than it was given: the one of the column ``other``.

    ``changes`` are the values of ``other``, each with the new value of ``column``.
    """
    first = [str(plain_value(value)).strip().lower() for value in changes[0]]
    if first[0] != first[1]:
        return
    for function in _COPIED:
        if _gives_all(conn, function, changes):
            yield f"{column} IS NOT {function.format(other)}"


def constant_conditions(column: str, changes: Sequence[tuple[Value, Value]]) -> Iterator[str]:
    """Yield that the value was another one than the one that all rows have now."""
    literal = _only_literal([now for _, now in changes])
    if literal is not None and len(changes) > 1:
        yield f"{column} <> {literal}"


def limiting_conditions(column: str, changes: Sequence[tuple[Value, Value]]) -> Iterator[str]:
    """Yield that a number was above what is the largest one now, or below the smallest one."""
    pairs = [(plain_value(was), plain_value(now)) for was, now in changes]
    largest: set[float] = set()
    smallest: set[float] = set()
    for was, now in pairs:
        if not isinstance(was, int | float) or not isinstance(now, int | float) or was == now:
            return
        (largest if was > now else smallest).add(now)
    if len(largest) > 1 or len(smallest) > 1 or not all(map(math.isfinite, largest | smallest)):
        return
    if largest and smallest:
        low, high = smallest.pop(), largest.pop()
        if low <= high:
            yield f"{column} NOT BETWEEN {low!r} AND {high!r}"
    for operator, limit in ((">", largest), ("<", smallest)):
        yield from (f"{column} {operator} {value!r}" for value in limit)


def nulled_conditions(column: str, changes: Sequence[tuple[Value, Value]]) -> Iterator[str]:
    """Yield which value it was that all rows had and none has any more."""
    literal = _only_literal([was for was, _ in changes])
    if literal is not None and all(now is None for _, now in changes):
        yield f"{column} = {literal}"


def _only_literal(values: Sequence[Value]) -> str | None:
    return as_literal(values[0]) if len(set(values)) == 1 else None


def _gives_all(
    conn: sqlite3.Connection, function: str, changes: Sequence[tuple[Value, Value]]
) -> bool:
    """Return whether a function gives each new value of the old one."""
    given = function.format(":was")
    sql = f"SELECT {given} IS :now AND typeof({given}) = typeof(:now)"
    for pair in changes:
        was, now = (plain_value(value) for value in pair)
        if was is None or now is None:
            return False
        try:
            [(same,)] = conn.execute(sql, {"was": was, "now": now}).fetchall()
        except sqlite3.Error:
            return False
        if same != 1:
            return False
    return True


def _cut_off(column: str, changes: Sequence[tuple[Value, Value]]) -> Iterator[str]:
    """Yield the condition that a text is too long, where each new one is the beginning of it."""
    lengths = set()
    for pair in changes:
        was, now = (plain_value(value) for value in pair)
        if not isinstance(was, str) or not isinstance(now, str) or not was.startswith(now):
            return
        lengths.add(len(now))
    if len(lengths) == 1:
        yield f"length({column}) > {lengths.pop()}"
