"""Read from a statement which columns of one table it copies into which of another.

A value counts as the column itself where it is the column alone, or the column within a function
that keeps most values, such as ``coalesce(n, 0)`` or ``trim(name)``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import RESERVED_WORDS, Token, split_list

__all__ = ["ColumnCopy", "created_copies", "inserted_copies", "updated_copies"]

_KEEPING = ("COALESCE", "IFNULL", "NULLIF", "TRIM", "LTRIM", "RTRIM", "LOWER", "UPPER")
_ENDS_FROM = (
    "WHERE",
    "GROUP",
    "HAVING",
    "WINDOW",
    "ORDER",
    "LIMIT",
    "RETURNING",
    *("UNION", "EXCEPT", "INTERSECT"),
)
_NO_ALIAS = ("NATURAL", "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "INDEXED", "WINDOW", "OUTER")


class ColumnCopy(NamedTuple):
    """What one statement copies from a table into a table; names as SQLite folds them.

    ``columns`` are the columns that get values, all in their order where it is empty. ``values``
    say for each which column of ``source`` it gets: "*" stands for all of them in their order,
    "" for anything else. ``row_by_row`` is False where rows are grouped.
    """

    source: str
    target: str
    columns: tuple[str, ...]
    values: tuple[str, ...]
    row_by_row: bool = True


def inserted_copies(target: str, tokens: Sequence[Token]) -> Iterator[ColumnCopy]:
    """Yield what an INSERT copies; ``tokens`` are what follows the name of its table."""
    columns: tuple[str, ...] = ()
    first = tokens[0].text if tokens else ""
    if first == "(":
        columns = tuple(fold(part[0].value) for part in split_list(tokens[1:]))
    for source, values, row_by_row in _selected(_from_select(tokens)):
        yield ColumnCopy(source, target, columns, tuple(map(_column, values)), row_by_row)


def created_copies(target: str, tokens: Sequence[Token]) -> Iterator[ColumnCopy]:
    """Yield what a CREATE TABLE ... AS SELECT copies; ``tokens`` follow the name of its table."""
    if not tokens or tokens[0].word != "AS":
        return
    for source, values, row_by_row in _selected(_from_select(tokens)):
        named = [one for one in values if one.name]
        yield ColumnCopy(
            source,
            target,
            tuple(one.name for one in named),
            tuple(map(_column, named)),
            row_by_row,
        )


def updated_copies(target: str, tokens: Sequence[Token]) -> Iterator[ColumnCopy]:
    """Yield what an UPDATE copies; ``tokens`` are what follows the name of its table."""
    start = next((n for n, token in enumerate(tokens) if token.word == "SET"), None)
    if start is None:
        return
    end = _at_depth(tokens, start + 1, ("FROM", "WHERE", "RETURNING", "ORDER", "LIMIT"))
    tables = {**_tables(tokens[end:]), target: target}
    for part in split_list(tokens[start + 1 : end]):
        if len(part) < 3 or part[1].text not in ("=", "=="):
            continue
        column, value = fold(part[0].value), part[2:]
        if value[0].text == "(" and len(value) > 1 and value[1].word == "SELECT":
            for source, selected, row_by_row in _selected(value[1:-1]):
                yield ColumnCopy(
                    source, target, (column,), tuple(map(_column, selected)), row_by_row
                )
            continue
        one = _value(value)
        source = tables.get(one.qualifier, "") if one.qualifier else target
        if one.column and source:
            yield ColumnCopy(source, target, (column,), (one.column,))


class _Value(NamedTuple):
    """A column of a SELECT: its name there, and the column that it shows with its qualifier."""

    name: str = ""
    qualifier: str = ""
    column: str = ""


def _column(value: _Value) -> str:
    return value.column


def _from_select(tokens: Sequence[Token]) -> Sequence[Token]:
    """Return the tokens from the SELECT on that stands in no parentheses."""
    return tokens[_at_depth(tokens, 0, ("SELECT",)) :]


def _selected(tokens: Sequence[Token]) -> Iterator[tuple[str, list[_Value], bool]]:
    """Yield each table that a SELECT reads from, and which of its columns are where."""
    end = _at_depth(tokens, 1, ("FROM",))
    if end >= len(tokens):
        return
    start = 2 if tokens[1].word in ("DISTINCT", "ALL") else 1
    tables = _tables(tokens[end:])
    values = [_value(part) for part in split_list(tokens[start:end])]
    grouped = tokens[1].word == "DISTINCT" or _at_depth(tokens, end, ("GROUP",)) < len(tokens)
    for name, source in tables.items():
        yield source, list(_of_table(values, name, alone=len(tables) == 1)), not grouped


def _of_table(values: Sequence[_Value], name: str, *, alone: bool) -> Iterator[_Value]:
    """Yield the values with those of other tables blank, up to one that is of unknown width."""
    for one in values:
        own = one.qualifier == name or not one.qualifier
        if one.column == "*" and not (own and (alone or one.qualifier)):
            return
        yield one if own else _Value(one.name)


def _tables(tokens: Sequence[Token]) -> dict[str, str]:
    """Return the tables of a FROM clause by the names that columns are qualified with."""
    found: dict[str, str] = {}
    end = _at_depth(tokens, 0, _ENDS_FROM)
    depth = 0
    for position in range(end):
        token = tokens[position]
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth or not (token.word in ("FROM", "JOIN") or token.text == ","):
            continue
        named = tokens[position + 1 : end]
        if len(named) > 2 and named[1].text == ".":
            named = named[2:]
        if not named or not named[0].is_identifier:
            # A subquery: its columns are its own.
            continue
        table = fold(named[0].value)
        rest = named[2:] if len(named) > 2 and named[1].word == "AS" else named[1:]
        found[fold(rest[0].value) if rest and _is_alias(rest[0]) else table] = table
    return found


def _is_alias(token: Token) -> bool:
    if token.kind == "word":
        return fold(token.value) not in RESERVED_WORDS and token.word not in _NO_ALIAS
    return token.kind in ("name", "string")


def _value(tokens: Sequence[Token]) -> _Value:
    """Return what one value of a SELECT is."""
    name = ""
    if len(tokens) > 2 and tokens[-2].word == "AS" and tokens[-1].text != ")":
        name, tokens = fold(tokens[-1].value), tokens[:-2]
    elif len(tokens) > 1 and _is_alias(tokens[-1]) and _ends_value(tokens[-2]):
        name, tokens = fold(tokens[-1].value), tokens[:-1]
    path = _path(tokens)
    if not path:
        return _Value(name)
    # What SQLite calls an expression without an alias is its text.
    own = "" if tokens[-1].text == ")" else path[-1]
    return _Value(name or own, path[-2] if len(path) > 1 else "", path[-1])


def _path(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return the parts of the column's name that a value consists of; none where it is no column.

    Around it there may be parentheses, CAST, or a function that keeps most values.
    """
    if len(tokens) > 2 and tokens[-1].text == ")":
        if tokens[0].text == "(":
            return _path(tokens[1:-1])
        if tokens[1].text != "(":
            return ()
        inner = tokens[2:-1]
        if tokens[0].word == "CAST":
            return _path(inner[: _at_depth(inner, 0, ("AS",))])
        if tokens[0].word in _KEEPING:
            first, *others = split_list(inner) or [()]
            return () if any(t.is_identifier for one in others for t in one) else _path(first)
        return ()
    names, dots = tokens[::2], tokens[1::2]
    if len(tokens) % 2 == 0 or any(dot.text != "." for dot in dots):
        return ()
    if len(names) == 1 and names[0].kind == "word" and fold(names[0].value) in RESERVED_WORDS:
        return ()
    if not all(one.is_identifier or one.text == "*" for one in names):
        return ()
    return tuple(fold(one.value) for one in names)


def _ends_value(token: Token) -> bool:
    return token.text == ")" or (token.kind != "operator" and token.word not in ("AS", "NOT"))


def _at_depth(tokens: Sequence[Token], start: int, words: Sequence[str]) -> int:
    """Return the position from ``start`` on of the first of the words outside parentheses."""
    depth = 0
    for position in range(start, len(tokens)):
        token = tokens[position]
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 and token.word in words:
            return position
    return len(tokens)
