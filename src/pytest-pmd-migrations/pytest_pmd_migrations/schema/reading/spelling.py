"""Spell names, expressions and statements in one way, whatever way they were written in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import (
    RESERVED_WORDS,
    WORD,
    Token,
    split_list,
    tokenize,
)

__all__ = [
    "as_sql",
    "canonical",
    "capitals",
    "collated_terms",
    "column_list",
    "one_line",
    "spell_name",
]

_PLAIN = re.compile(WORD)
_BLANKS = re.compile(
    r"""('(?:[^']|'')*' | "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\]) | \s+""", re.VERBOSE
)
_JOIN_WORDS = frozenset(["natural", "left", "right", "full", "outer", "inner", "cross"])


def canonical(tokens: Sequence[Token]) -> str:
    """Return one text for all spellings of an expression or a statement.

    Keywords and names are in lower case; needless quotes and redundant parentheses are left out.
    """
    # Windows and operators are read where there are some; most of a schema has neither.
    if any(token.word == "OVER" for token in tokens):
        from pytest_pmd_migrations.schema.reading.window_names import with_window_names

        tokens = with_window_names(tokens)
    plain = tokens
    if any(token.text == "(" for token in tokens):
        from pytest_pmd_migrations.schema.reading.parentheses import without_redundant

        plain = without_redundant(tokens)
    spelled = [_spell(token) for token in plain]
    if not _JOIN_WORDS.isdisjoint(spelled):
        spelled = [
            _quoted(word, '"') if word in _JOIN_WORDS and not _is_join(plain, position) else word
            for position, word in enumerate(spelled)
        ]
    return " ".join(spelled)


def capitals(word: str) -> str:
    """Return a word with its ASCII letters in capitals, the only ones that SQLite folds."""
    return (
        word.upper() if word.isascii() else "".join(c.upper() if c.isascii() else c for c in word)
    )


@lru_cache(maxsize=65_536)
def spell_name(name: str) -> str:
    """Return a declared name for people to read, in double quotes unless it is a plain word."""
    return name if _PLAIN.fullmatch(name) else _quoted(name, '"')


def as_sql(name: str) -> str:
    """Return a name for SQL to run: in double quotes if it is a keyword or no plain word."""
    reserved = fold(name) in RESERVED_WORDS or fold(name) in _JOIN_WORDS
    return _quoted(name, '"') if reserved or not _PLAIN.fullmatch(name) else name


def column_list(names: Sequence[str]) -> str:
    """Return declared names separated by commas, each spelled as ``spell_name`` does."""
    return ", ".join(spell_name(name) for name in names)


def collated_terms(columns: str) -> list[tuple[str, str]]:
    """Return the folded terms of a list of columns, each with its stated collation, or ""."""
    found = []
    for part in split_list(tokenize(columns)):
        is_name = len(part) == 1 or part[1].is_word("COLLATE", "DESC", "ASC")
        term = fold(part[0].value if is_name else " ".join(token.text for token in part))
        is_collated = is_name and len(part) > 2 and part[1].is_word("COLLATE")
        found.append((term, fold(part[2].value) if is_collated else ""))
    return found


def one_line(sql: str) -> str:
    """Return a statement in one line with its semicolon and without comments."""
    if "--" in sql or "/*" in sql:
        return " ".join(token.text for token in tokenize(sql)) + ";"
    return _BLANKS.sub(lambda match: match[1] or " ", sql).strip() + ";"


@lru_cache(maxsize=65_536)
def _spell(token: Token) -> str:
    match token.kind:
        case "name":
            name = fold(token.value)
            plain = (
                _PLAIN.fullmatch(name) and name not in RESERVED_WORDS and name not in _JOIN_WORDS
            )
            return name if plain else _quoted(name, '"')
        case "string":
            return _quoted(token.value, "'")
        case "word" | "blob" | "number":
            return fold(token.value)
        case _:
            return token.value


def _is_join(tokens: Sequence[Token], position: int) -> bool:
    """Return whether LEFT, CROSS and the like begin a JOIN here rather than name something."""
    following = tokens[position + 1] if position + 1 < len(tokens) else None
    return following is not None and (
        following.word == "JOIN"
        or (following.kind == "word" and fold(following.value) in _JOIN_WORDS)
    )


def _quoted(value: str, quote: str) -> str:
    return quote + value.replace(quote, quote * 2) + quote
