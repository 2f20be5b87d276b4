"""SQL text as tokens, by SQLite's lexical rules (https://www.sqlite.org/lang_keywords.html).

White space and comments are no tokens; two spellings of one operator are one token.
"""

from __future__ import annotations

import re
import string
from typing import Literal, NamedTuple

__all__ = ["Kind", "Token", "fold", "tokenize"]

Kind = Literal["word", "name", "string", "blob", "number", "variable", "operator", "illegal"]
"""What a token is: a bare word (keyword or identifier), a quoted name, a literal, ..."""

# What is no more taken back once it is read, as SQLite never looks back: (?>...).
_LETTER = r"[A-Za-z0-9_$\x80-\U0010ffff]"
_DIGITS = (
    r"(?>0[xX][0-9A-Fa-f][0-9A-Fa-f_]*"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)"
)
_BOUND = rf"[@$:\#](?>(?:::)*{_LETTER}(?:{_LETTER}|::)*)"
# SQLite's tokenize.c: what a text begins with decides. A quote that is not closed, digits before a
# letter and x'...' that is no blob are illegal as a whole. /* begins a comment only before another
# character, and a vertical tab is white space only behind other.
_TOKEN = re.compile(
    rf"""
    (?:[ \t\n\f\r][ \t\n\v\f\r]*)?(?:
      (?P<end>\0.*)
    | (?P<blank>[ \t\n\f\r][ \t\n\v\f\r]* | \ufeff | --[^\n\0]*
        | /\*(?=[^\0])(?:[^\0]*?\*/ | [^\0]*))
    | (?P<blob>[xX]'(?:[0-9A-Fa-f]{{2}})*')
    | (?P<string>'(?>(?:[^'\0]|'')*)')
    | (?P<double>"(?>(?:[^"\0]|"")*)")
    | (?P<name>`(?>(?:[^`\0]|``)*)` | \[[^\]\0]*\])
    | (?P<number>{_DIGITS}(?!{_LETTER}))
    | (?P<variable>\?[0-9]* | {_BOUND}(?:\([^ \t\n\v\f\r)\0]*\) | (?!\()))
    | (?P<illegal>[xX]'[^'\0]*'? | ["'`\[][^\0]* | {_DIGITS}{_LETTER}+
        | {_BOUND}\([^ \t\n\v\f\r)\0]* | [@$:\#](?:::)* | !(?!=) | [\\\]{{}}^\x01-\x1f\x7f])
    | (?P<word>[A-Za-z_\x80-\U0010ffff]{_LETTER}*)
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
    """Return the tokens of ``sql`` in order, up to a NUL, which ends a text for SQLite.

    What SQLite refuses as "unrecognized token" is a token of the kind "illegal".
    """
    found = []
    new = tuple.__new__  # NamedTuple's own takes three times as long
    for match in _TOKEN.finditer(sql):
        kind = match.lastgroup
        if kind == "end":
            break
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
