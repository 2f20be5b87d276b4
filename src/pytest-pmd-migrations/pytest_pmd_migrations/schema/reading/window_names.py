"""Spell the names of windows, whose quotes SQLite takes for a part of the name.

``OVER "w"`` finds ``WINDOW "w" AS (...)`` and no ``WINDOW w AS (...)``
(https://www.sqlite.org/windowfunctions.html): quotes mean nothing only where every mention of a
window has the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import RESERVED_WORDS, Token

__all__ = ["with_window_names"]

_FRAMES = ("RANGE", "ROWS", "GROUPS")
_NO_BASE = ("PARTITION", "ORDER", *_FRAMES)
"""What a window's parentheses may begin with in the place of the name of another window."""
_QUERIES = ("SELECT", "WITH", "VALUES")
_COMPOUNDS = ("UNION", "EXCEPT", "INTERSECT")


def with_window_names(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens with each window's name spelled so that equal names are equal to SQLite.

    A name loses its quotes where all its mentions in one SELECT have the same; else each mention
    becomes a word with its quotes in it. ``OVER (w)`` becomes ``OVER w`` where that is the same:
    where w has no frame.
    """
    named = frozenset(_positions(tokens))
    mentions: dict[tuple[int, str], set[str]] = {}
    scopes = dict(zip(range(len(tokens)), _scopes(tokens), strict=True))
    for position in named:
        token = tokens[position]
        mentions.setdefault((scopes[position], fold(token.value)), set()).add(fold(token.text))

    def spelled(position: int, token: Token) -> Token:
        if position not in named:
            return token
        if len(mentions[scopes[position], fold(token.value)]) == 1:
            return Token("name", token.value, token.text)
        return Token("word", token.text, token.text)

    found = [spelled(position, token) for position, token in enumerate(tokens)]
    needless = frozenset(_needless(tokens, found, named, scopes))
    return tuple(token for position, token in enumerate(found) if position not in needless)


def _needless(
    tokens: Sequence[Token],
    spelled: Sequence[Token],
    named: frozenset[int],
    scopes: Mapping[int, int],
) -> Iterator[int]:
    """Yield the positions of the parentheses in ``OVER (w)``, where w is defined without a frame.

    SQLite refuses them where it has one.
    """
    plain = {
        (scopes[position], fold(spelled[position].value))
        for position in named
        if _is_definition(tokens, position) and not _has_frame(tokens, position + 2)
    }
    for position in named:
        is_alone = tokens[position - 2].word == "OVER" and _is_operator(tokens, position + 1, ")")
        if is_alone and (scopes[position], fold(spelled[position].value)) in plain:
            yield from (position - 1, position + 1)


def _has_frame(tokens: Sequence[Token], position: int) -> bool:
    """Return whether a word that begins a frame stands in the parentheses at the position."""
    inside = tokens[position : _closing(tokens, position)]
    return any(token.word in _FRAMES for token in inside)


def _positions(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield the positions of the names of windows, by the rules of SQLite's tokenizer."""
    for position, token in enumerate(tokens):
        if token.word == "OVER" and position and tokens[position - 1].text == ")":
            yield from _base(tokens, position + 1)
        elif token.word == "WINDOW" and _is_definition(tokens, position + 1):
            yield from _definitions(tokens, position + 1)


def _base(tokens: Sequence[Token], position: int) -> Iterator[int]:
    """Yield the position of the name in ``OVER w``, ``OVER (w ...)`` or ``AS (w ...)``."""
    if _is_operator(tokens, position, "("):
        if not _may_name(tokens, position + 1) or tokens[position + 1].word in _NO_BASE:
            return
        position += 1
    if _may_name(tokens, position):
        yield position


def _definitions(tokens: Sequence[Token], position: int) -> Iterator[int]:
    """Yield the positions of the names in a WINDOW clause: ``w AS (...), x AS (w ...)``."""
    while _is_definition(tokens, position):
        yield position
        yield from _base(tokens, position + 2)
        position = _closing(tokens, position + 2) + 1
        if not _is_operator(tokens, position, ","):
            return
        position += 1


def _is_definition(tokens: Sequence[Token], position: int) -> bool:
    after = tokens[position + 1] if position + 1 < len(tokens) else None
    return _may_name(tokens, position) and after is not None and after.word == "AS"


def _may_name(tokens: Sequence[Token], position: int) -> bool:
    if position >= len(tokens):
        return False
    token = tokens[position]
    if token.kind == "word":
        return fold(token.value) not in RESERVED_WORDS
    return token.kind in ("name", "string")


def _closing(tokens: Sequence[Token], position: int) -> int:
    """Return the position of the parenthesis that closes the one at the position."""
    depth = 0
    for here in range(position, len(tokens)):
        if _is_operator(tokens, here, "("):
            depth += 1
        elif _is_operator(tokens, here, ")"):
            depth -= 1
            if depth == 0:
                return here
    return len(tokens)


def _scopes(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield for each token the number of the SELECT whose WINDOW clause holds for it."""
    scopes, last = [0], 0
    for position, token in enumerate(tokens):
        if _is_operator(tokens, position, "("):
            begins = position + 1 < len(tokens) and tokens[position + 1].word in _QUERIES
            last += begins
            scopes.append(last if begins else scopes[-1])
        elif _is_operator(tokens, position, ")") and len(scopes) > 1:
            scopes.pop()
        elif token.word in _COMPOUNDS or _is_operator(tokens, position, ";"):
            last += 1
            scopes[-1] = last
        yield scopes[-1]


def _is_operator(tokens: Sequence[Token], position: int, operator: str) -> bool:
    return (
        position < len(tokens)
        and tokens[position].kind == "operator"
        and tokens[position].text == operator
    )
