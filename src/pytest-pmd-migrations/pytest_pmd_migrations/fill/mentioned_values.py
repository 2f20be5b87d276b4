"""Values that the text of a rule speaks of: its literals, what its patterns and functions want."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.fill.candidate_values import JSON, Value
from pytest_pmd_migrations.fill.value_shapes import MOMENTS
from pytest_pmd_migrations.schema.reading.tokens import Token

__all__ = ["mentioned_values"]

_LONGEST_TEXT = 1000
_STEPS = (0.5, 2**-10)
_OUTSIDE = re.compile(r"\[\^(.)")
_LIST = '["a", "é"]'
_OF_TIME = ("date", "time", "datetime", "julianday", "strftime", "unixepoch")


def mentioned_values(tokens: Sequence[Token], *, binary: bool = False) -> tuple[Value, ...]:
    """Return the literals among ``tokens``, and values near them that a rule may ask for.

    Where a number may be a length, a text of that length is among them, and with ``binary`` a
    blob; where a function of JSON is called, JSON texts are, and moments where one of time is.
    """
    found: list[Value] = []
    excluded = [_OUTSIDE.findall(token.value) for token in tokens if token.kind == "string"]
    letters = sorted({first for firsts in excluded for first in firsts}) or ["x"]
    for index, (before, token) in enumerate(zip((None, *tokens), tokens, strict=False)):
        if token.kind == "string":
            found.extend(_near_text(token.value))
        elif token.kind == "number":
            negative = before is not None and before.value == "-"
            found.extend(_near_number(token.value, letters, negative=negative, binary=binary))
        elif token.kind == "blob":
            found.append(bytes.fromhex(token.value[2:-1]))
        elif token.kind == "word" and token.value.lower().startswith("json"):
            found.extend((_LIST, *JSON))
        elif token.is_word(*map(str.upper, _OF_TIME)) and _is_given_a_value(tokens[index + 1 :]):
            found.extend(MOMENTS)
    # True and 1.0 are equal to 1, but they are other values.
    return tuple({(type(value), value): value for value in found}.values())


def _is_given_a_value(after: Sequence[Token]) -> bool:
    """Return whether a function of time is called for something else than the present moment."""
    called = [token.text.lower() for token in after[:4]]
    return called[:1] == ["("] and called[1:2] != [")"] and "'now'" not in called


def _near_text(text: str) -> Iterator[Value]:
    yield text
    yield f"x{text}x"
    if any(wildcard in text for wildcard in "%_*?"):
        # The pattern of a LIKE or GLOB, met by what it leaves open as nothing and as a letter.
        for many, one in (("", "x"), ("x", "x"), ("1", "1")):
            yield text.replace("%", many).replace("*", many).replace("_", one).replace("?", one)
    if re.search(r"\[[^^]", text):
        yield re.sub(r"\[(.)[^\]]*\]", r"\1", text).replace("*", "").replace("?", "x")


def _near_number(
    text: str, letters: Sequence[str], *, negative: bool, binary: bool
) -> Iterator[Value]:
    """Yield a number and its neighbours, for ``<`` and ``>``, and texts that long."""
    sign = -1 if negative else 1
    digits = text.replace("_", "")
    if re.fullmatch(r"\d+|0[xX][0-9a-fA-F]+", digits):
        number = sign * int(digits, 16 if digits[:2].lower() == "0x" else 10)
        near = (number, number + 1, number - 1)
        yield from (n for n in near if -(2**63) <= n < 2**63)
        lengths = [n for n in near if 0 < n <= _LONGEST_TEXT]
        yield from (letter * n for letter in letters for n in lengths)
        if binary:
            yield from (b"\xff" * n for n in lengths)
    else:
        real = sign * float(digits)
        yield from (real, *(real + sign * step for step in _STEPS for sign in (1, -1)))
