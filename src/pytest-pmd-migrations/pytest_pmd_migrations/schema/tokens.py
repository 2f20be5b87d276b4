"""SQL text as tokens, by SQLite's lexical rules (https://www.sqlite.org/lang_keywords.html).

White space and comments are no tokens; two spellings of one operator are one token.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Kind", "Token", "canonical", "one_line", "spell", "tokenize"]

Kind = Literal["word", "name", "string", "blob", "number", "variable", "operator"]
"""What a token is: a bare word (keyword or identifier), a quoted name, a literal, ..."""

_TOKEN = re.compile(
    r"""
      (?P<blank>[ \t\n\f\r]+ | --[^\n]*(?:\n|\Z) | /\*.*?(?:\*/|\Z))
    | (?P<blob>[xX]'[0-9A-Fa-f]*')
    | (?P<string>'(?:[^']|'')*(?:'|\Z))
    | (?P<double>"(?:[^"]|"")*(?:"|\Z))
    | (?P<name>`(?:[^`]|``)*(?:`|\Z) | \[[^\]]*(?:\]|\Z))
    | (?P<number>0[xX][0-9A-Fa-f_]+
        | (?:[0-9][0-9_]*(?:\.[0-9_]*)? | \.[0-9][0-9_]*)(?:[eE][+-]?[0-9_]+)?)
    | (?P<variable>\?[0-9]* | [@$:\#][A-Za-z0-9_$\x80-\U0010ffff:]+)
    | (?P<word>[A-Za-z_\x80-\U0010ffff][A-Za-z0-9_$\x80-\U0010ffff]*)
    | (?P<operator>->> | -> | \|\| | << | >> | <> | <= | >= | == | != | .)
    """,
    re.DOTALL | re.VERBOSE,
)
_SYNONYMS = {"==": "=", "!=": "<>"}


@dataclass(frozen=True)
class Token:
    """One token: ``value`` is a name or string without its quotes, else the text itself.

    ``double`` marks a name in double quotes, which SQLite may read as a string.
    """

    kind: Kind
    value: str
    text: str
    double: bool = False

    def is_word(self, *words: str) -> bool:
        """Return whether this is one of these bare words, given in upper case."""
        return self.kind == "word" and self.value.upper() in words

    @property
    def is_identifier(self) -> bool:
        """Whether this can stand for a name."""
        return self.kind in ("word", "name")


def tokenize(sql: str) -> tuple[Token, ...]:
    """Return the tokens of ``sql`` in order."""
    found = []
    for match in _TOKEN.finditer(sql):
        kind, text = match.lastgroup, match[0]
        if kind == "blank":
            continue
        if kind == "double":
            found.append(Token("name", _unquote(text), text, double=True))
        elif kind == "name":
            value = text[1:].removesuffix("]") if text[0] == "[" else _unquote(text)
            found.append(Token("name", value, text))
        elif kind == "string":
            found.append(Token("string", _unquote(text), text))
        elif kind == "operator":
            found.append(Token("operator", _SYNONYMS.get(text, text), text))
        else:
            found.append(Token(kind, text, text))  # type: ignore[arg-type]  # a group's name
    return tuple(found)


def spell(token: Token, *, strings: frozenset[str] = frozenset()) -> str:
    """Return one spelling for all that mean the same.

    ``strings`` are the names (in lower case) that are none, so that SQLite reads them as strings
    where they stand in double quotes (https://www.sqlite.org/quirks.html#dblquote).
    """
    match token.kind:
        case "word":
            return token.value.lower()
        case "name" if token.double and token.value.lower() in strings:
            return _quoted(token.value, "'")
        case "name":
            name = token.value.lower()
            return _quoted(name, '"') if not _PLAIN.fullmatch(name) or name in _RESERVED else name
        case "string":
            return _quoted(token.value, "'")
        case "blob" | "number":
            return token.value.lower()
        case _:
            return token.value


def canonical(tokens: Sequence[Token], *, strings: frozenset[str] = frozenset()) -> str:
    """Return one text for all spellings of an expression or statement.

    Keyword case, quoting and redundant parentheses are gone.
    """
    return " ".join(spell(token, strings=strings) for token in _without_parentheses(tokens))


def one_line(sql: str) -> str:
    """Return a statement in one line, with its semicolon; comments are left out."""
    if "--" in sql or "/*" in sql:
        return " ".join(token.text for token in tokenize(sql)) + ";"
    return " ".join(sql.split()) + ";"


def _without_parentheses(tokens: Sequence[Token]) -> list[Token]:
    """Drop parentheses round the whole, round parentheses, and round one operand alone."""
    partner: dict[int, int] = {}
    stack: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind == "operator" and token.value == "(":
            stack.append(place)
        elif token.kind == "operator" and token.value == ")" and stack:
            partner[stack.pop()] = place
    dropped: set[int] = set()
    for start, end in partner.items():
        whole = start == 0 and end == len(tokens) - 1
        doubled = partner.get(start + 1) == end - 1
        before = tokens[start - 1] if start else None
        alone = end == start + 2 and (before is None or before.kind == "operator")
        if before is not None and before.kind == "operator" and before.value == ")":
            alone = False
        if whole or doubled or (alone and not _is_operand_list(tokens, start)):
            dropped.update((start, end))
    return [token for place, token in enumerate(tokens) if place not in dropped]


def _is_operand_list(tokens: Sequence[Token], start: int) -> bool:
    """Return whether the parenthesis belongs to VALUES (1), (2): there it is no redundancy."""
    before = tokens[start - 1] if start else None
    return before is not None and before.value == ","


def _unquote(text: str) -> str:
    quote = text[0]
    return text[1:].removesuffix(quote).replace(quote * 2, quote)


def _quoted(value: str, quote: str) -> str:
    return quote + value.replace(quote, quote * 2) + quote


_PLAIN = re.compile(r"[a-z_\x80-\U0010ffff][a-z0-9_$\x80-\U0010ffff]*")
_RESERVED = frozenset(
    [
        "add",
        "all",
        "alter",
        "and",
        "as",
        "autoincrement",
        "between",
        "case",
        "check",
        "collate",
        "commit",
        "constraint",
        "create",
        "current_date",
        "current_time",
        "current_timestamp",
        "default",
        "deferrable",
        "delete",
        "distinct",
        "drop",
        "else",
        "escape",
        "except",
        "exists",
        "foreign",
        "from",
        "group",
        "having",
        "in",
        "index",
        "insert",
        "intersect",
        "into",
        "is",
        "isnull",
        "join",
        "limit",
        "not",
        "notnull",
        "null",
        "on",
        "or",
        "order",
        "primary",
        "references",
        "returning",
        "select",
        "set",
        "table",
        "then",
        "to",
        "transaction",
        "true",
        "false",
        "union",
        "unique",
        "update",
        "using",
        "values",
        "when",
        "where",
        "raise",
    ]
)
