"""Write the values of declarations as a migration's module and a TOML file hold them."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["in_quotes", "toml_key", "written_in_module", "written_in_toml"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def in_quotes(text: str) -> str:
    """Return a text as both Python and TOML write it, in one line without unprintable characters.

    Only TOML has no way to write half of a surrogate pair, which stands for a byte that is not
    UTF-8.
    """
    return f'"{"".join(map(_escaped, text))}"'


def toml_key(name: str) -> str:
    """Return a name as it stands in the header of a TOML table."""
    return name if _BARE.fullmatch(name) else in_quotes(name)


def written_in_module(values: Sequence[str]) -> str:
    """Return one value or several as Python writes them."""
    written = ", ".join(map(in_quotes, values))
    return f"({written})" if len(values) > 1 else written


def written_in_toml(values: Sequence[str]) -> str:
    """Return one value or several as TOML writes them."""
    written = ", ".join(map(in_quotes, values))
    return f"[{written}]" if len(values) > 1 else written


def _escaped(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\U{number:08x}" if number > 0xFFFF else f"\\u{number:04x}"
