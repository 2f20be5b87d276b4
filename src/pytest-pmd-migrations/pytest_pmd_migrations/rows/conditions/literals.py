"""Write a stored value as a literal of SQL."""

from __future__ import annotations

import math

from pytest_pmd_migrations.rows.matching.exact_rows import Value

__all__ = ["as_literal", "plain_value", "text_literal"]

_LONGEST = 40


def plain_value(value: Value) -> int | float | str | bytes | None:
    """Return a value as Python has it; None for NULL and for a text that is not UTF-8."""
    if not isinstance(value, tuple):
        return value
    content = value[1]
    if not isinstance(content, bytes):
        return content
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def as_literal(value: Value) -> str | None:
    """Return a value as a condition can name it, None where it is too long or cannot be written."""
    plain = plain_value(value)
    if isinstance(plain, str):
        return text_literal(plain) if len(plain) <= _LONGEST and plain.isprintable() else None
    if isinstance(plain, float):
        return repr(plain) if math.isfinite(plain) else None
    return str(plain) if isinstance(plain, int) else None


def text_literal(text: str) -> str:
    """Return a text in single quotes."""
    return "'" + text.replace("'", "''") + "'"
