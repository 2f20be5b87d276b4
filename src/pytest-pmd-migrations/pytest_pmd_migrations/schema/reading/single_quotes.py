"""Find the names that stand in single quotes.

SQLite takes a string for a name where its grammar allows only a name
(https://www.sqlite.org/lang_keywords.html): `AS 'alias'`, `FROM 'table'`, `new.'column'`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.schema.reading.tokens import Token

__all__ = ["with_names"]

_BEFORE_NAME = (
    *("AS", "FROM", "JOIN", "INTO", "UPDATE", "COLLATE", "IN", "WITH", "RECURSIVE", "WINDOW"),
    *("OVER", "INDEXED", "CONSTRAINT", "REFERENCES"),
)
_BEFORE_VALUE = (
    *("SELECT", "DISTINCT", "ALL", "WHERE", "AND", "OR", "NOT", "IS", "LIKE", "GLOB", "MATCH"),
    *("REGEXP", "BETWEEN", "ESCAPE", "CASE", "WHEN", "THEN", "ELSE", "ON", "HAVING", "BY", "LIMIT"),
    *("OFFSET", "RETURNING", "DEFAULT"),
)
_RESOLUTIONS = ("IGNORE", "REPLACE", "FAIL", "ABORT", "ROLLBACK")
_TABLES_FOLLOW = ("FROM", "JOIN", "ON")
_VALUES_FOLLOW = ("SELECT", "BY", "WHERE", "VALUES", "HAVING", "LIMIT", "RETURNING", "WHEN")


def with_names(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens, with the kind "name" for each name in single quotes."""
    found = list(tokens)
    for position in [position for position, token in enumerate(tokens) if token.kind == "string"]:
        if _is_name(found, position):
            found[position] = found[position]._replace(kind="name")
    return tuple(found)


def _is_name(tokens: Sequence[Token], position: int) -> bool:
    before = tokens[position - 1] if position else None
    after = tokens[position + 1] if position + 1 < len(tokens) else None
    if before is None or _is(after, ".") or _is(before, "."):
        return True
    if before.kind == "operator":
        return _in_list(tokens, position) if before.value in ("(", ",") else before.value == ")"
    if before.kind != "word":
        return True
    if before.word == "FROM":
        return tokens[position - 2].word != "DISTINCT" or not _after_is(tokens, position - 3)
    if before.word == "BY":
        return tokens[position - 2].word == "INDEXED"
    if before.word == "SET":
        return _is(after, "=")
    if before.word in _RESOLUTIONS:
        return tokens[position - 2].word == "OR"
    return before.word in _BEFORE_NAME or before.word not in _BEFORE_VALUE


def _after_is(tokens: Sequence[Token], position: int) -> bool:
    """Return whether IS or IS NOT ends at the position."""
    return tokens[position].word == "IS" or (
        tokens[position].word == "NOT" and tokens[position - 1].word == "IS"
    )


def _in_list(tokens: Sequence[Token], position: int) -> bool:
    """Return whether the position is in a list of names, not of values."""
    depth = 0
    for back in range(position - 1, -1, -1):
        token = tokens[back]
        if token.kind == "operator" and token.value in "()":
            depth += 1 if token.value == ")" else -1
            if depth < 0:
                return _opens_names(tokens, back)
        elif depth == 0 and token.word == "SET":
            return position + 1 < len(tokens) and _is(tokens[position + 1], "=")
        elif depth == 0 and (token.word in _TABLES_FOLLOW or token.word == "INDEXED"):
            return True
        elif depth == 0 and tokens[back - 1].word != "INDEXED" and _ends_list(token):
            return False
    return False


def _ends_list(token: Token) -> bool:
    return token.word in _VALUES_FOLLOW or _is(token, ";")


def _opens_names(tokens: Sequence[Token], position: int) -> bool:
    """Return whether the parenthesis at the position begins a list of columns or of tables."""
    before = tokens[position - 1]
    if before.word in ("USING", "FROM", "JOIN"):
        return True
    if before.word == "SET" or _is(before, ","):
        # SET (a, b) = (1, 2), or a list in parentheses among the tables of FROM.
        return _is_assigned(tokens, position) or (
            before.word != "SET" and _in_list(tokens, position)
        )
    if _is(before, "("):
        return _opens_names(tokens, position - 1)
    return position > 1 and tokens[position - 2].word in ("INTO", "WITH", "RECURSIVE", "VIEW")


def _is_assigned(tokens: Sequence[Token], position: int) -> bool:
    """Return whether the list that begins at the position stands before an equals sign of SET."""
    end = next((n for n in range(position, len(tokens)) if _is(tokens[n], ")")), len(tokens))
    if end + 1 >= len(tokens) or not _is(tokens[end + 1], "="):
        return False
    depth = 0
    for token in reversed(tokens[:position]):
        if token.kind == "operator" and token.value in "()":
            depth += 1 if token.value == ")" else -1
        elif depth == 0 and token.word in ("SET", *_TABLES_FOLLOW, *_VALUES_FOLLOW):
            return token.word == "SET"
    return False


def _is(token: Token | None, operator: str) -> bool:
    return token is not None and token.kind == "operator" and token.value == operator
