"""Take conditions from what the step makes of a value: it was not yet what it becomes.

An UPDATE sets it, or a rebuild selects it from the old table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.spelling import as_sql, one_line
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["Assignment", "find_assignments"]

_ENDS = ("FROM", "WHERE", "GROUP", "ORDER", "LIMIT", "RETURNING", "UNION", "EXCEPT", "INTERSECT")
_LONGEST = 200
_MOST = 100
"""Statements and assignments that are read: a step that has more writes a row with each."""
_SHORTER = ("CAST", "COALESCE", "IFNULL", "IIF", "MAX", "MIN", "NULLIF")
"""Functions of which a shorter condition says which values they change, as it says of types."""
_VARYING = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP", "RANDOM", "RANDOMBLOB")


class Assignment(NamedTuple):
    """What a statement makes of a column, and in which rows, as SQL; ``where`` may be empty.

    ``is_call`` says that it is the value of one function, which itself says what it changes.
    """

    column: str
    value: str
    where: str
    is_call: bool

    def conditions(self) -> Iterator[str]:
        """Yield that the column had another value, in the rows that the statement is about.

        The column's own collation may count values as equal that differ.
        """
        for compared in ("<>", "IS NOT", "COLLATE BINARY IS NOT"):
            condition = f"{self.column} {compared} {self.value}"
            yield f"({self.where}) AND {condition}" if self.where else condition


def find_assignments(statements: Sequence[str], table: str, column: str) -> list[Assignment]:
    """Return what the statements set a column of a table to, or select in its place.

    What is taken from another table by FROM, is a parameter, or another value in each run, is left
    out.
    """
    found: list[Assignment] = []
    for sql in [one for one in statements if fold(table) in one.lower()][:_MOST]:
        tokens = tokenize(sql)
        starts = [*_starts(sql, tokens), len(sql)]
        for index, token in enumerate(tokens):
            if token.is_word("SET") and _is_update_of(tokens[max(0, index - 6) : index], table):
                clauses = _clauses(sql, tokens, starts, index)
                found.extend(_assignments(clauses, _values_set(clauses, column), column))
            elif token.is_word("SELECT"):
                clauses = _clauses(sql, tokens, starts, index)
                if _is_from(clauses.pop("FROM", []), table) and "GROUP" not in clauses:
                    selected = _values_selected(clauses, column)
                    found.extend(_assignments(clauses, selected, column))
            if len(found) > _MOST:
                return found
    return found


def _is_update_of(before: Sequence[Token], table: str) -> bool:
    """Return whether these tokens, the last ones before SET, end in an UPDATE of the table."""
    named = bool(before) and before[-1].is_identifier and fold(before[-1].value) == fold(table)
    return named and any(one.is_word("UPDATE") for one in before[:-1])


def _starts(sql: str, tokens: Sequence[Token]) -> Iterator[int]:
    position = 0
    for token in tokens:
        position = sql.index(token.text, position)
        yield position
        position += len(token.text)


def _clauses(
    sql: str, tokens: Sequence[Token], starts: Sequence[int], first: int
) -> dict[str, list[str]]:
    """Return the parts of each clause from the first on, by its first word; commas part them."""
    found: dict[str, list[str]] = {}
    word, begin, depth = tokens[first].word, first + 1, 0
    for index in range(first + 1, len(tokens) + 1):
        token = tokens[index] if index < len(tokens) else None
        depth += {"(": 1, ")": -1}.get(token.text, 0) if token else 0
        is_end = token is None or depth < 0 or (not depth and token.text == ";")
        is_next = token is not None and not depth and token.is_word(*_ENDS)
        if is_end or is_next or (token is not None and not depth and token.text == ","):
            part = sql[starts[begin] : starts[index]] if begin < index else ""
            found.setdefault(word, []).append(one_line(part).removesuffix(";"))
            begin = index + 1
            if is_next and token is not None:
                word = token.word
        if is_end:
            break
    return found


def _is_from(parts: Sequence[str], table: str) -> bool:
    """Return whether a FROM names this table alone."""
    names = [fold(one.value) for one in tokenize(parts[0])] if len(parts) == 1 else []
    return fold(table) in names[:3] and len(names) < 4 and "join" not in names


def _values_set(clauses: dict[str, list[str]], column: str) -> Iterator[str]:
    for part in clauses["SET"]:
        tokens = tokenize(part)
        if len(tokens) > 2 and tokens[1].text == "=" and fold(tokens[0].value) == fold(column):
            yield part[part.index("=") + 1 :].strip()


def _values_selected(clauses: dict[str, list[str]], column: str) -> Iterator[str]:
    """Yield the expressions on the column: one of them is what becomes of it."""
    for part in clauses["SELECT"]:
        tokens = tokenize(part)
        names = [fold(one.value) for one in tokens if one.is_identifier]
        if len(tokens) > 1 and fold(column) in names:
            is_named = len(tokens) > 2 and tokens[-2].is_word("AS") and tokens[-1].is_identifier
            yield part[: part.upper().rindex("AS")].strip() if is_named else part


def _assignments(
    clauses: dict[str, list[str]], values: Iterable[str], column: str
) -> Iterator[Assignment]:
    where = ", ".join(clauses.get("WHERE", ()))
    if "FROM" in clauses or _varies(where):
        return
    for value in values:
        own = tokenize(value)
        if _varies(value) or len(value + where) > _LONGEST:
            continue
        written = value if _is_whole(own) else f"({value})"
        is_call = own[0].text != "(" and len(own) > 1 and _is_whole(own)
        yield Assignment(as_sql(column), written, where, is_call and not own[0].is_word(*_SHORTER))


def _varies(text: str) -> bool:
    """Return whether an expression has a parameter, the time or a random number in it."""
    return any(
        one.kind == "variable" or one.is_word(*_VARYING) or fold(one.text) == "'now'"
        for one in tokenize(text)
    )


def _is_whole(tokens: Sequence[Token]) -> bool:
    """Return whether an expression is one token, one call, or all in parentheses."""
    if len(tokens) == 1:
        return True
    depth = 0
    for place, one in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(one.text, 0)
        if not depth and place:
            return one.text == ")" and place == len(tokens) - 1
        if not depth and not (one.is_identifier and tokens[1].text == "("):
            return False
    return False
