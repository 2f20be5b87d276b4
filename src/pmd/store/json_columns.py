"""Write JSON into text columns strictly, and read it leniently.

Old databases hold whatever their writers put there: a blob, half a list, a bare word. One such
value must not make a listing fail, so a text that is no JSON is returned as it is stored, or left
out where a list is promised.
"""

from __future__ import annotations

import json
from typing import Any

from pmd.store.errors import InvalidValueError

__all__ = ["read_json", "read_list", "read_strings", "write_json"]


def write_json(value: object, *, what: str) -> str:
    """Return `value` as JSON text; `what` names it in the error.

    Raises InvalidValueError for a value that JSON cannot express, NaN and infinity included.
    """
    try:
        # ASCII escapes, because a lone surrogate can be escaped but not bound.
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidValueError(
            f"{what} cannot be written as JSON: {error}. "
            "Expected dicts with text keys, lists, text, numbers, booleans or None."
        ) from error


def read_json(stored: object) -> Any:  # noqa: ANN401  # whatever the JSON says
    """Return the value of JSON text, or `stored` itself where it is no JSON text."""
    if not isinstance(stored, str):
        return stored
    try:
        return json.loads(stored)
    except (ValueError, RecursionError):
        return stored


def read_list(stored: object) -> list[Any]:
    """Return the list that JSON text holds; an empty one where it holds none."""
    value = read_json(stored)
    return value if isinstance(value, list) else []


def read_strings(stored: object) -> tuple[str, ...]:
    """Return the strings of the list that JSON text holds; anything else in it is left out."""
    return tuple(item for item in read_list(stored) if isinstance(item, str))
