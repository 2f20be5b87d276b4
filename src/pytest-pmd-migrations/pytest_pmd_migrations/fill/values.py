"""Values that bite, by a column's declared type and by what its CHECK constraints mention."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

__all__ = ["Value", "candidates", "unlike"]

Value: TypeAlias = int | float | str | bytes | None

_TEXTS: tuple[Value, ...] = (
    "plain",
    'it\'s "quoted"; -- 100 %',
    "Ünïcödé 練習 🗂 e\u0301",
    "",
    "two\nlines and a\ttab",
    "2025-03-01T08:00:00+00:00",
    "[]",
    "a",
)
_INTEGERS: tuple[Value, ...] = (1, 0, 2**63 - 1, -1, -(2**63), 42, 2, 1000)
_REALS: tuple[Value, ...] = (0.5, -1e300, 0.0, 3.0, 1e-9, 42.25)
_BLOBS: tuple[Value, ...] = (b"\x00\xff", b"", b"blob", b"\xf0\x9f\x97\x82")
_LITERAL = re.compile(r"'(?P<text>(?:[^']|'')*)'|(?P<real>[+-]?\d+\.\d+)|(?P<integer>[+-]?\b\d+\b)")


def candidates(declared: str, constraints: Sequence[str]) -> tuple[Value, ...]:
    """Return the values to try in a column, those that its constraints mention first.

    ``declared`` is the column's type, read by SQLite's rules of affinity
    (https://www.sqlite.org/datatype3.html); ``constraints`` are texts of CHECKs.
    """
    found = [value for text in constraints for value in _mentioned(text)]
    return tuple(dict.fromkeys((*found, *_of_type(declared.upper()))))


def unlike(value: Value, number: int) -> Value:
    """Return a value of the same kind that no other row has."""
    match value:
        case str():
            return f"{value} {number}"
        case bytes():
            return value + str(number).encode()
        case float():
            return number + 0.25
        case int():
            return number
        case None:
            return None


def _of_type(declared: str) -> tuple[Value, ...]:
    if "INT" in declared:
        return _INTEGERS
    if any(word in declared for word in ("CHAR", "CLOB", "TEXT")):
        return _TEXTS
    if "BLOB" in declared:
        return _BLOBS
    if any(word in declared for word in ("REAL", "FLOA", "DOUB")):
        return _REALS
    if "BOOL" in declared:
        return (1, 0)
    if not declared or declared == "ANY":
        return (*_TEXTS[:2], *_INTEGERS[:2], *_BLOBS[:1], *_REALS[:1])
    return (*_INTEGERS[:2], *_REALS[:1], *_TEXTS[5:6])


def _mentioned(text: str) -> list[Value]:
    """Return the literals of a constraint, and of each number its neighbours: for < and >."""
    found: list[Value] = []
    for match in _LITERAL.finditer(text):
        if match["text"] is not None:
            found.append(match["text"].replace("''", "'"))
        elif match["real"] is not None:
            number = float(match["real"])
            found.extend((number, number + 0.5, number - 0.5))
        else:
            whole = int(match["integer"])
            found.extend(n for n in (whole, whole + 1, whole - 1) if abs(n) < 2**63)
            # A bound on length() is met by a text of that length.
            found.extend("x" * n for n in (whole, whole + 1) if 0 < n <= 64)
    return found
