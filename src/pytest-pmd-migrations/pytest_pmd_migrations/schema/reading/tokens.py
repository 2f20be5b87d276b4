"""SQL text as tokens, by SQLite's lexical rules (https://www.sqlite.org/lang_keywords.html).

White space and comments are no tokens; two spellings of one operator are one token.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
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
# letter and x'...' that is no blob are illegal as a whole.
_KINDS = re.compile(
    rf"""
      (?P<word>(?:[A-WYZa-wyz_\x80-\U0010ffff] | [xX](?!')){_LETTER}*+)
    | (?P<blob>[xX]'(?:[0-9A-Fa-f]{{2}})*+')
    | (?P<string>'[^'\0]*+(?:''[^'\0]*+)*+')
    | (?P<double>"[^"\0]*+(?:""[^"\0]*+)*+")
    | (?P<name>`[^`\0]*+(?:``[^`\0]*+)*+` | \[[^\]\0]*+\])
    | (?P<number>{_DIGITS}(?!{_LETTER}))
    | (?P<variable>\?[0-9]* | {_BOUND}(?:\([^ \t\n\v\f\r)\0]*\) | (?!\()))
    | (?P<illegal>[xX]'[^'\0]*'? | ["'`\[][^\0]* | {_DIGITS}{_LETTER}+
        | {_BOUND}\([^ \t\n\v\f\r)\0]* | [@$:\#](?:::)* | !(?!=) | [\\\]{{}}^\x01-\x1f\x7f])
    | (?P<operator>->> | -> | \|\| | << | >> | <> | <= | >= | == | != | [^\0])
    """,
    re.VERBOSE,
)
# The same without names, and what is no token. /* begins a comment only before another character,
# a vertical tab is white space only behind other, and a NUL ends a text.
_TOKEN = re.compile(
    rf"""
    (?:[ \t\n\f\r][ \t\n\v\f\r]*+)?+
    (?: \ufeff | --[^\n\0]*+ | /\*(?=[^\0])(?:[^\0]*?\*/ | [^\0]*+) | \0.* | \Z
    | ({re.sub(r"[(][?]P<[a-z]+>", "(?:", _KINDS.pattern)}) )
    """,
    re.DOTALL | re.VERBOSE,
)
_SYNONYMS = {"==": "=", "!=": "<>"}
_FOLDED = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_MANY = 20_000


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """Return a name as SQLite compares it: the case of ASCII letters makes no difference."""
    return name.lower() if name.isascii() else name.translate(_FOLDED)


class Token(NamedTuple):
    """One token: ``value`` is a name or string without its quotes, else the text itself.

    ``double`` marks a name in double quotes, which SQLite may read as a string; ``word`` is a bare
    word in upper case, empty for all else.
    """

    kind: Kind
    value: str
    text: str
    double: bool = False
    word: str = ""

    def is_word(self, *words: str) -> bool:
        """Return whether this is one of these bare words, given in upper case."""
        return self.word in words

    @property
    def is_identifier(self) -> bool:
        """Whether this can stand for a name."""
        return self.kind in ("word", "name")


def tokenize(sql: str) -> tuple[Token, ...]:
    """Return the tokens of ``sql`` in order, up to a NUL, which ends a text for SQLite.

    What SQLite refuses as "unrecognized token" is a token of the kind "illegal".
    """
    known = _KNOWN
    return tuple([known[text] for text in _TOKEN.findall(sql) if text])


class _Known(dict[str, Token]):
    """Every token met so far, by its text, which alone says what it is."""

    def __missing__(self, text: str) -> Token:
        if len(self) >= _MANY:
            self.clear()
        token = self[text] = _token(text)
        return token


_KNOWN = _Known()


def _token(text: str) -> Token:
    match = _KINDS.match(text)
    kind = match.lastgroup if match else None
    match kind:
        case "word":
            # Only ASCII has keywords; Unicode would make one of a dotless i.
            return Token("word", text, text, word=text.upper() if text.isascii() else "")
        case "double":
            return Token("name", _unquote(text), text, double=True)
        case "name":
            value = text[1:].removesuffix("]") if text[0] == "[" else _unquote(text)
            return Token("name", value, text)
        case "string":
            return Token("string", _unquote(text), text)
        case "operator":
            return Token("operator", _SYNONYMS.get(text, text), text)
        case "blob" | "number" | "variable":
            return Token(kind, text, text)
        case _:
            return Token("illegal", text, text)


def _unquote(text: str) -> str:
    quote = text[0]
    return text[1:].removesuffix(quote).replace(quote * 2, quote)
