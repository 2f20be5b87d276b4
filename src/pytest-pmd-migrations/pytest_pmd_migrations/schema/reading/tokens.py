"""Split SQL text into tokens by SQLite's rules (https://www.sqlite.org/lang_keywords.html).

White space and comments make no tokens; the spellings of one operator make the same token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

__all__ = ["RESERVED_WORDS", "WORD", "Kind", "Token", "split_list", "tokenize"]

Kind = Literal["word", "name", "string", "blob", "number", "variable", "operator", "illegal"]
"""The kinds of tokens; a "word" is a keyword or a name without quotes, a "name" has quotes."""

# Letters, and the characters that can begin a word, are those that are not listed here: `re` takes
# 10 ms to compile a class that reaches U+10FFFF, each time that it stands in a pattern.
_LETTER = r"[^\x00-\#%-/:-@\[-^`{-\x7f]"
WORD = rf"[^\x00-@\[-^`{{-\x7f]{_LETTER}*+"
"""A pattern for a keyword or a name without quotes. The x of a blob matches it, too."""
# SQLite never gives back what it has read; (?>...), *+ and ?+ do the same.
_DIGITS = (
    r"(?>0[xX][0-9A-Fa-f][0-9A-Fa-f_]*"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?)"
)
_BOUND = rf"[@$:\#](?>(?:::)*{_LETTER}(?:{_LETTER}|::)*)"
# As in SQLite's tokenize.c, the first characters decide the kind. A quote that is not closed,
# digits before a letter and x'...' that is no blob are illegal as a whole.
_KINDS = re.compile(
    rf"""
      (?P<word>(?![xX]'){WORD})
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
# The same without names of groups, behind white space and comments. /* begins a comment only before
# another character, a vertical tab is white space only behind other, and a NUL ends the text.
_TOKEN = re.compile(
    rf"""
    (?:[ \t\n\f\r][ \t\n\v\f\r]*+)?+
    (?: \ufeff | --[^\n\0]*+ | /\*(?=[^\0])(?:[^\0]*?\*/ | [^\0]*+) | \0.* | \Z
    | ({re.sub(r"[(][?]P<[a-z]+>", "(?:", _KINDS.pattern)}) )
    """,
    re.DOTALL | re.VERBOSE,
)
RESERVED_WORDS = frozenset(
    (
        *("add", "all", "alter", "and", "as", "autoincrement", "between", "case", "check"),
        *("collate", "commit", "constraint", "create", "current_date", "current_time"),
        *("current_timestamp", "default", "deferrable", "delete", "distinct", "drop", "else"),
        *("escape", "except", "exists", "foreign", "from", "group", "having", "in", "index"),
        *("insert", "intersect", "into", "is", "isnull", "join", "limit", "not", "notnull"),
        *("null", "on", "or", "order", "primary", "references", "returning", "select", "set"),
        *("table", "then", "to", "transaction", "true", "false", "union", "unique", "update"),
        *("using", "values", "when", "where", "raise"),
    )
)
"""Words in lower case that name something only in quotes."""
_SYNONYMS = {"==": "=", "!=": "<>"}
_MANY = 20_000


class Token(NamedTuple):
    """One token: ``value`` is a name or string without its quotes, else the text itself.

    ``double`` is true for a name in double quotes, which SQLite may read as a string. ``word`` is a
    bare word in upper case, empty for all other kinds.
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

    A text that SQLite refuses as "unrecognized token" is a token of the kind "illegal".
    """
    known = _KNOWN
    return tuple([known[text] for text in _TOKEN.findall(sql) if text])


def split_list(tokens: Sequence[Token], *, empty: bool = False) -> list[tuple[Token, ...]]:
    """Split a list at its commas, up to the parenthesis that closes it.

    Empty parts are left out unless ``empty`` is true.
    """
    parts: list[tuple[Token, ...]] = []
    depth = start = 0
    end = len(tokens)
    for index, token in enumerate(tokens):
        text = token.text
        if text == "(":
            depth += 1
        elif text == ")":
            depth -= 1
            if depth < 0:
                end = index
                break
        elif text == "," and depth == 0:
            parts.append(tuple(tokens[start:index]))
            start = index + 1
    parts.append(tuple(tokens[start:end]))
    return [part for part in parts if part or (empty and len(parts) > 1)]


class _Known(dict[str, Token]):
    """Caches tokens by their text, which alone decides what a token is."""

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
            # Keywords are ASCII; upper() would make an I of a dotless i.
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
