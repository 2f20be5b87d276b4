"""SQL text as tokens, by SQLite's lexical rules (https://www.sqlite.org/lang_keywords.html).

White space and comments are no tokens; two spellings of one operator are one token.
"""

from __future__ import annotations

import re
import string
from typing import Literal, NamedTuple

__all__ = ["Kind", "Token", "fold", "tokenize"]

Kind = Literal["word", "name", "string", "blob", "number", "variable", "operator"]
"""What a token is: a bare word (keyword or identifier), a quoted name, a literal, ..."""

_TOKEN = re.compile(
    r"""
    [ \t\n\f\r]*(?:
      (?P<blank>[ \t\n\f\r]+ | \ufeff | --[^\n]*(?:\n|\Z) | /\*.*?(?:\*/|\Z))
    | (?P<blob>[xX]'[0-9A-Fa-f]*')
    | (?P<string>'(?:[^']|'')*(?:'|\Z))
    | (?P<double>"(?:[^"]|"")*(?:"|\Z))
    | (?P<name>`(?:[^`]|``)*(?:`|\Z) | \[[^\]]*(?:\]|\Z))
    | (?P<number>0[xX][0-9A-Fa-f_]+
        | (?:[0-9][0-9_]*(?:\.[0-9_]*)? | \.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)
    | (?P<variable>\?[0-9]* | [@$:\#][A-Za-z0-9_$\x80-\U0010ffff:]+)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<operator>->> | -> | \|\| | << | >> | <> | <= | >= | == | != | .)
    )""",
    re.DOTALL | re.VERBOSE,
)
_SYNONYMS = {"==": "=", "!=": "<>"}
_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def fold(name: str) -> str:
    """Return a name as SQLite compares it: the case of ASCII letters makes no difference."""
    return name.lower() if name.isascii() else name.translate(_FOLDED)


class Token(NamedTuple):
    """One token: ``value`` is a name or string without its quotes, else the text itself.

    ``double`` marks a name in double quotes, which SQLite may read as a string.
    """

    kind: Kind
    value: str
    text: str
    double: bool = False

    def is_word(self, *words: str) -> bool:
        """Return whether this is one of these bare words, given in upper case."""
        # Only ASCII has keywords; Unicode would make one of a dotless i.
        value = self.value
        return self.kind == "word" and value.upper() in words and value.isascii()

    @property
    def is_identifier(self) -> bool:
        """Whether this can stand for a name."""
        return self.kind in ("word", "name")


def tokenize(sql: str) -> tuple[Token, ...]:
    """Return the tokens of ``sql`` in order."""
    found = []
    new = tuple.__new__  # NamedTuple's own takes three times as long
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup
        if kind is None or kind == "blank":
            continue
        text = match[kind]
        if kind == "double":
            found.append(new(Token, ("name", _unquote(text), text, True)))
        elif kind == "name":
            value = text[1:].removesuffix("]") if text[0] == "[" else _unquote(text)
            found.append(new(Token, ("name", value, text, False)))
        elif kind == "string":
            found.append(new(Token, ("string", _unquote(text), text, False)))
        elif kind == "operator":
            found.append(new(Token, ("operator", _SYNONYMS.get(text, text), text, False)))
        else:
            found.append(new(Token, (kind, text, text, False)))
    return tuple(found)


def _unquote(text: str) -> str:
    quote = text[0]
    return text[1:].removesuffix(quote).replace(quote * 2, quote)
