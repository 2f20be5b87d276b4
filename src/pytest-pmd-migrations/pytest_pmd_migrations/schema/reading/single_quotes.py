"""Find the names that stand in single quotes.

SQLite takes a string for a name where its grammar allows only a name
(https://www.sqlite.org/lang_keywords.html): `AS 'alias'`, `FROM 'table'`, `new.'column'`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from pytest_pmd_migrations.schema.reading.tokens import Token

__all__ = ["NamePositions", "with_names"]

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
_CLAUSES = frozenset(("SET", *_TABLES_FOLLOW, *_VALUES_FOLLOW))
_BEFORE_LIST = ("INTO", "WITH", "RECURSIVE", "VIEW")


def with_names(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Return the tokens, with the kind "name" for each name in single quotes."""
    names = NamePositions(tokens)
    return tuple(
        token._replace(kind="name") if token.kind == "string" and position in names else token
        for position, token in enumerate(tokens)
    )


class NamePositions:
    """Tells at which positions of a statement the grammar allows only a name.

    ``position in names`` asks for a quoted word there. All lists of the statement are looked
    through once.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens

    def __contains__(self, position: int) -> bool:
        tokens = self._tokens
        before = tokens[position - 1] if position else None
        after = tokens[position + 1] if position + 1 < len(tokens) else None
        if before is None or _is(after, ".") or _is(before, "."):
            return True
        if before.kind == "operator":
            if before.value in ("(", ","):
                return self._lists.in_list(position)
            return before.value == ")"
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

    @cached_property
    def _lists(self) -> _Lists:
        return _Lists(self._tokens)


class _Lists:
    """Tells of each position of a statement whether it is in a list of names or of values.

    What begins the list decides, which may stand far in front: so each position keeps what was
    found for the one before it.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._found: list[bool | None] = [False]
        """Of each position: whether a list goes on there that has names; None behind SET."""
        self._opens: dict[int, bool] = {}
        self._closes = _next_closing(tokens)
        opened: list[int] = []
        # SET and such that stand last so deep in parentheses, by their depth.
        clauses: dict[int, str] = {}
        depth = 0
        for position, token in enumerate(tokens):
            if _is(token, "("):
                opens = self._opens_names(position, clauses.get(depth, ""))
                self._opens[position] = opens
                opened.append(position)
                depth += 1
                self._found.append(opens)
            elif _is(token, ")"):
                depth -= 1
                self._found.append(self._found[opened.pop()] if opened else False)
            else:
                if token.word in _CLAUSES:
                    clauses[depth] = token.word
                self._found.append(self._goes_on(position))

    def in_list(self, position: int) -> bool:
        """Return whether the position is in a list of names, not of values."""
        found = self._found[position]
        if found is None:
            after = self._tokens[position + 1 : position + 2]
            return bool(after) and _is(after[0], "=")
        return found

    def _goes_on(self, position: int) -> bool | None:
        """Return what is known behind a token that is no parenthesis."""
        token = self._tokens[position]
        if token.word == "SET":
            return None
        if token.word in _TABLES_FOLLOW or token.word == "INDEXED":
            return True
        if self._tokens[position - 1].word != "INDEXED" and _ends_list(token):
            return False
        return self._found[position]

    def _opens_names(self, position: int, clause: str) -> bool:
        """Return whether the parenthesis at the position begins a list of columns or of tables.

        ``clause`` is what began last before it, as deep in parentheses: SET or another.
        """
        before = self._tokens[position - 1]
        if before.word in ("USING", "FROM", "JOIN"):
            return True
        if before.word == "SET" or _is(before, ","):
            # SET (a, b) = (1, 2), or a list in parentheses among the tables of FROM.
            return (self._is_assigned(position) and clause == "SET") or (
                before.word != "SET" and self.in_list(position)
            )
        if _is(before, "("):
            return self._opens.get(position - 1, False)
        return position > 1 and self._tokens[position - 2].word in _BEFORE_LIST

    def _is_assigned(self, position: int) -> bool:
        """Return whether the list that begins at the position stands before an equals sign."""
        after = self._closes[position] + 1
        return after < len(self._tokens) and _is(self._tokens[after], "=")


def _next_closing(tokens: Sequence[Token]) -> list[int]:
    """Return for each position where the next parenthesis closes; the end where none does."""
    found = [len(tokens)] * len(tokens)
    closing = len(tokens)
    for position in reversed(range(len(tokens))):
        if _is(tokens[position], ")"):
            closing = position
        found[position] = closing
    return found


def _after_is(tokens: Sequence[Token], position: int) -> bool:
    """Return whether IS or IS NOT ends at the position."""
    return tokens[position].word == "IS" or (
        tokens[position].word == "NOT" and tokens[position - 1].word == "IS"
    )


def _ends_list(token: Token) -> bool:
    return token.word in _VALUES_FOLLOW or _is(token, ";")


def _is(token: Token | None, operator: str) -> bool:
    return token is not None and token.kind == "operator" and token.value == operator
