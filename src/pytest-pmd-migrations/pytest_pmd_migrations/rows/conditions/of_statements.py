"""Take conditions from the step's own SQL: behind WHERE, between WHEN and THEN, first in IIF."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.spelling import one_line
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["calls_functions", "written_conditions"]

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
    for sql in _naming(statements, table):
        for condition in dict.fromkeys(_conditions(sql)):
            if condition and len(condition) <= _LONGEST:
                yield condition
                yield _contrary(condition)
                yield f"({condition}) IS NOT TRUE"


def calls_functions(statements: Sequence[str], table: str, names: Sequence[str]) -> bool:
    """Return whether a statement that names a table has one of these words in upper case."""
    naming = _naming(statements, table)
    return any(token.is_word(*names) for sql in naming for token in tokenize(sql))


def _naming(statements: Sequence[str], table: str) -> Sequence[str]:
    return [sql for sql in statements if fold(table) in sql.lower()][:_MOST]


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

    def between(begin: int, words: Sequence[str], mark: str = ";") -> str:
        end = _end(tokens, begin, words, mark)
        inner = tokens[begin:end]
        if not inner or any(one.text[0] in "?:@$" for one in inner):
            return ""
        text = sql[starts[begin] : starts[end - 1] + len(inner[-1].text)]
        return one_line(text).removesuffix(";")

    # Behind CASE and an expression, a value stands behind each WHEN, and no condition.
    compared: list[str | None] = []
    for index, token in enumerate(tokens):
        if token.is_word("CASE"):
            is_searched = any(one.is_word("WHEN") for one in tokens[index + 1 : index + 2])
            compared.append(None if is_searched else between(index + 1, ("WHEN",)))
        elif token.is_word("END") and compared:
            compared.pop()
        elif token.is_word("WHERE"):
            yield between(index + 1, _ENDS)
        elif token.is_word("IIF"):
            yield between(index + 2, (), ",")
        elif token.is_word("WHEN"):
            text, operand = between(index + 1, ("THEN",)), compared[-1] if compared else None
            if operand is None:
                yield text
            elif operand and text:
                yield f"{_operand(operand)} = {_operand(text)}"


def _operand(text: str) -> str:
    return f"({text})" if " " in text else text


def _positions(sql: str, tokens: Sequence[Token]) -> list[int]:
    """Return where each token stands in the text."""
    found, position = [], 0
    for token in tokens:
        position = sql.index(token.text, position)
        found.append(position)
        position += len(token.text)
    return found


def _end(tokens: Sequence[Token], begin: int, words: Sequence[str], mark: str) -> int:
    """Return where an expression ends: at one of the words, the mark, a parenthesis too many."""
    depth = 0
    for index in range(begin, len(tokens)):
        token = tokens[index]
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth < 0 or (not depth and (token.text in (";", mark) or token.is_word(*words))):
            return index
    return len(tokens)
