"""Take conditions from the step's own SQL: what stands behind WHERE, and between WHEN and THEN."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.spelling import one_line
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["written_conditions"]

_ENDS = ("GROUP", "HAVING", "ORDER", "LIMIT", "RETURNING", "WINDOW", "UNION", "EXCEPT", "INTERSECT")
_LONGEST = 200
_NULL = re.compile(r"(?P<column>\w+) IS (?P<not>NOT )?NULL", re.IGNORECASE)
_MOST = 100
"""Statements that are read: a step that has more writes a row with each."""


def written_conditions(statements: Sequence[str], table: str) -> Iterator[str]:
    """Yield the conditions in the statements that name a table, each with its contrary.

    A rebuild selects the rows that it keeps, so that the others are lost. A condition with a
    parameter is left out: its value is not written there.
    """
    naming = [sql for sql in statements if fold(table) in sql.lower()]
    for sql in naming[:_MOST]:
        for condition in dict.fromkeys(_conditions(sql)):
            if condition and len(condition) <= _LONGEST:
                yield condition
                yield _contrary(condition)
                yield f"({condition}) IS NOT TRUE"


def _contrary(condition: str) -> str:
    if condition == "0":
        return "1"
    found = _NULL.fullmatch(condition)
    if found is None:
        return f"NOT ({condition})"
    return f"{found['column']} IS {'' if found['not'] else 'NOT '}NULL"


def _conditions(sql: str) -> Iterator[str]:
    tokens = tokenize(sql)
    starts = _positions(sql, tokens)
    for index, token in enumerate(tokens):
        if not token.is_word("WHERE", "WHEN"):
            continue
        end = _end(tokens, index + 1, ("THEN",) if token.is_word("WHEN") else _ENDS)
        inner = tokens[index + 1 : end]
        if inner and not any(one.text[0] in "?:@$" for one in inner):
            text = sql[starts[index + 1] : starts[end - 1] + len(inner[-1].text)]
            yield one_line(text).removesuffix(";")


def _positions(sql: str, tokens: Sequence[Token]) -> list[int]:
    """Return where each token stands in the text."""
    found, position = [], 0
    for token in tokens:
        position = sql.index(token.text, position)
        found.append(position)
        position += len(token.text)
    return found


def _end(tokens: Sequence[Token], begin: int, words: Sequence[str]) -> int:
    """Return where an expression ends: at one of the words, a semicolon, a parenthesis too many."""
    depth = 0
    for index in range(begin, len(tokens)):
        token = tokens[index]
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or (not depth and (token.text == ";" or token.is_word(*words))):
            return index
    return len(tokens)
