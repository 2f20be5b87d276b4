"""Values to try in a column, by its declared type and its name."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from string import ascii_uppercase
from typing import TypeAlias

__all__ = [
    "HEX_DIGITS",
    "JSON",
    "UUIDS",
    "Row",
    "Value",
    "affinity",
    "are_many",
    "can_store",
    "has_no_affinity",
    "in_32_bits",
    "is_text",
    "is_usual",
    "number_texts",
    "typed_values",
    "unlike",
]

Value: TypeAlias = int | float | str | bytes | None

Row: TypeAlias = dict[str, Value]
"""The values of one row, by column."""

_TEXTS: tuple[Value, ...] = (
    "plain",
    'It\'s "quoted"; -- 100 % ',
    "Ünïcödé 練習 🗂 e\u0301",
    "",
    "Two\nlines, É, a\ttab ",
    "0017",
    "NULL",
)
# Two that no REAL holds; their sum, absolute value and thousandfold are still integers.
_INTEGERS: tuple[Value, ...] = (1, 0, 2**53 + 1, -1, -(2**53) - 1, 42)
_REALS: tuple[Value, ...] = (0.5, -1e300, 0.0, 3.0, 1e-9)
_NUMBERS: tuple[Value, ...] = (*_INTEGERS[:2], *_REALS[:2])
_BLOBS: tuple[Value, ...] = (b"\x00\xff", b"", b"blob", b"\xf0\x9f\x97\x82")
_BOOLEANS: tuple[Value, ...] = (1, 0)
_MOMENTS: tuple[Value, ...] = (
    "2025-03-01T08:00:00+00:00",
    "2024-02-29T23:59:59.999999+00:00",
    "1970-01-01T00:00:00+00:00",
)
_TIMES: tuple[Value, ...] = ("08:00:00", "23:59:59.999999", "00:00:00")
_DAYS: tuple[Value, ...] = ("2025-03-01", "2024-02-29", "1970-01-01")
_SECONDS: tuple[Value, ...] = (1740816000, 0, 2**31)
JSON: tuple[Value, ...] = ("{}", '{"a": [1, "é", null]}', "[]")
HEX_DIGITS: tuple[Value, ...] = (
    "6b1b36cbb04b41490bfc0ab2bfa26f86",
    "00000000000000000000000000000000",
    "ffffffffffffffffffffffffffffffff",
)
UUIDS: tuple[Value, ...] = (
    "6b1b36cb-b04b-4149-8bfc-0ab2bfa26f86",
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
)
_ANYTHING: tuple[Value, ...] = (*_TEXTS[:3], *_INTEGERS[:3], _BLOBS[0], _REALS[0])
_MANY = (
    _TEXTS,
    _INTEGERS,
    _REALS,
    _NUMBERS,
    _BLOBS,
    _MOMENTS,
    _TIMES,
    _DAYS,
    _SECONDS,
    HEX_DIGITS,
    UUIDS,
    _ANYTHING,
)
_INTEGER_TEXTS: tuple[Value, ...] = ("17", "1", "42", "0", "-3", "1000003")
_REAL_TEXTS: tuple[Value, ...] = ("0.5", "2.25", "-1.5", "17.0", "1000.125")
_NAMED = (
    (re.compile(r"json|meta(data)?$"), JSON),
    (re.compile(r"(^|_)(date|day|birthday)$"), _DAYS),
    (re.compile(r"_at$|(^|_)(time|datetime|timestamp|created|updated|modified)$"), _MOMENTS),
)
_OF_32_DIGITS = re.compile(r"CHAR\(32\)")
_OF_A_UUID = re.compile(r"CHAR\(36\)")
_DIGITS = re.compile(r"[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\1){3}[0-9a-f]{12}")
_TIME = re.compile(r"\d\d:\d\d(?!\d)")
_CODE = re.compile(r"[A-Z]{1,3}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def typed_values(declared: str, name: str) -> tuple[Value, ...]:
    """Return values for a column of that type, by SQLite's rules of affinity.

    A text column whose name says that it holds JSON or a moment gets such texts, and one of 32 or
    36 characters a UUID, as Django and SQLAlchemy store it: an application may parse them. https://www.sqlite.org/datatype3.html
    """
    kind = declared.upper()
    named = next((found for pattern, found in _NAMED if pattern.search(name.lower())), ())
    if "INT" in kind:
        return _SECONDS if named is _MOMENTS else _INTEGERS
    if _OF_32_DIGITS.fullmatch(kind):
        return HEX_DIGITS
    if _OF_A_UUID.fullmatch(kind):
        return UUIDS
    if any(word in kind for word in ("CHAR", "CLOB", "TEXT")):
        return named or _TEXTS
    if "BLOB" in kind:
        return _BLOBS
    if any(word in kind for word in ("REAL", "FLOA", "DOUB")):
        return _REALS
    if "BOOL" in kind:
        return _BOOLEANS
    if "JSON" in kind:
        return JSON
    if kind == "TIME":
        return _TIMES
    if "TIME" in kind:
        return _MOMENTS
    if "DATE" in kind:
        return _DAYS
    if not kind or kind == "ANY":
        return named or _ANYTHING
    return _NUMBERS


def is_usual(declared: str, value: Value) -> bool:
    """Return whether an application would put such a value into a column of that type.

    SQLite stores a text in an INTEGER column, and a CHECK such as ``n > 0`` lets it in.
    """
    match affinity(declared):
        case "INTEGER":
            return isinstance(value, int)
        case "TEXT":
            return isinstance(value, str)
        case "REAL":
            return isinstance(value, int | float)
        case "NUMERIC" if re.search("NUM|DEC|BOOL", declared.upper()):
            return isinstance(value, int | float)
        case "BLOB" if declared:
            return isinstance(value, bytes)
        case _:
            return True


def number_texts(declared: Iterable[str]) -> tuple[Value, ...]:
    """Return texts for a key to which columns of these types refer: numbers, where one is numeric.

    A column of numbers turns ``0017`` into 17, which is another key than ``0017``.
    """
    affinities = {affinity(kind) for kind in declared}
    integers = _INTEGER_TEXTS if affinities & {"INTEGER", "NUMERIC"} else ()
    return (*integers, *(_REAL_TEXTS if "REAL" in affinities else ()))


def has_no_affinity(declared: str) -> bool:
    """Return whether a column of that type is one for blobs: BLOB, or no type at all."""
    return affinity(declared) == "BLOB"


def is_text(declared: str) -> bool:
    """Return whether a column of that type is one for texts."""
    return affinity(declared) == "TEXT"


def are_many(values: Sequence[Value]) -> bool:
    """Return whether the values of a type stand for very many, so that rows need share none."""
    return values in _MANY


def in_32_bits(values: Sequence[Value]) -> tuple[Value, ...]:
    """Return the values without the numbers that do not fit into 32 bits."""
    return tuple(
        value for value in values if not isinstance(value, int | float) or abs(value) < 2**31
    )


def can_store(declared: str, value: Value) -> bool:
    """Return whether a column of that type in a STRICT table stores the value.

    A number that a TEXT column turns into a text counts, a text that looks like a number does not.
    https://www.sqlite.org/stricttables.html
    """
    match declared.upper():
        case "INT" | "INTEGER":
            return isinstance(value, int)
        case "REAL":
            return isinstance(value, int | float)
        case "TEXT":
            return isinstance(value, int | float | str)
        case "BLOB":
            return isinstance(value, bytes)
        case _:
            return True


def unlike(value: Value, chance: random.Random) -> Value:
    """Return a value of the same kind that other rows hardly have, often of the same length."""
    number = chance.choice((chance.randrange(10), chance.randrange(10_000)))
    same_length = chance.random() < 0.5
    match value:
        case str():
            return _text_unlike(value, number, chance, same_length=same_length)
        case bytes():
            tail = str(number).encode()
            return value[: -len(tail)] + tail if same_length else value + tail
        case float():
            return number + 0.25
        case int():
            return number
        case _:
            return None


def _text_unlike(value: str, number: int, chance: random.Random, *, same_length: bool) -> str:
    """Return another text, of the same shape where it has one that a CHECK may ask for."""
    if _DIGITS.fullmatch(value):
        digits = f"{chance.getrandbits(128):032x}"
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        return ("-" if "-" in value else "").join(parts)
    if _DAY.match(value):
        # The day of the month is one that each month and each year has.
        return f"{1970 + number % 100}{value[4:8]}{1 + number % 28:02}{value[10:]}"
    if _TIME.match(value):
        return f"{number % 24:02}:{number % 60:02}{value[5:]}"
    if _CODE.fullmatch(value):
        return "".join(chance.choice(ascii_uppercase) for _ in value)
    if value[:1] in ("[", "{"):
        return f"[{number}]" if value[0] == "[" else f'{{"a": {number}}}'
    if "@" in value:
        return f"{number}{value}"
    end = str(number)
    return value[: -len(end)] + end if same_length and value else f"{value} {end}".strip()


def affinity(declared: str) -> str:
    """Return the affinity of a column, https://www.sqlite.org/datatype3.html, section 3.1."""
    kind = declared.upper()
    if "INT" in kind:
        return "INTEGER"
    if any(word in kind for word in ("CHAR", "CLOB", "TEXT")):
        return "TEXT"
    if not kind or "BLOB" in kind:
        return "BLOB"
    return "REAL" if any(word in kind for word in ("REAL", "FLOA", "DOUB")) else "NUMERIC"
