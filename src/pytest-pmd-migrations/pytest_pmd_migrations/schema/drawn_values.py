"""Find what in a schema draws values from a clock or from chance: a DEFAULT, a trigger, a view.

A step's own text then need not name the function by which its rows differ from run to run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, split_list, tokenize
from pytest_pmd_migrations.schema.values import TABLES, Schema, SchemaObject

__all__ = ["CLOCK_AND_DICE", "Drawing", "find_drawings", "in_parentheses", "told_drawings"]

CLOCK_AND_DICE = "a clock or dice of its own (SQL's are held)"
"""What a step asks whose values differ from run to run, and whose schema draws none of them."""

_NOW = ("CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME")
_DICE = ("random", "randomblob")
_TIMES = ("date", "time", "datetime", "julianday", "unixepoch", "strftime")
_BEFORE_NAME = ("INTO", "FROM", "JOIN", "UPDATE", "ON", "OF", "AS", "WITH", "RECURSIVE", "COLLATE")
_NO_FUNCTION = frozenset(
    (
        *("IN", "VALUES", "AS", "CAST", "EXISTS", "OVER", "FILTER", "AND", "OR", "NOT", "WHEN"),
        *("THEN", "ELSE", "CASE", "ON", "USING", "WHERE", "SELECT", "SET", "BY", "HAVING", "LIKE"),
        *("GLOB", "MATCH", "REGEXP", "BETWEEN", "RAISE", "LIMIT", "OFFSET", "FROM", "JOIN", "ALL"),
        *("DISTINCT", "RETURNING", "IS", "ESCAPE", "MATERIALIZED", "CONFLICT", "REPLACE"),
    )
)


@dataclass(frozen=True)
class Drawing:
    """An object of a schema that calls functions whose values differ from run to run.

    ``object`` is it in words: "the DEFAULT of notes.token". ``calls`` are such as "random()";
    ``own`` says that they are the application's, which SQLite has not.
    """

    object: str
    calls: tuple[str, ...]
    own: bool

    def __str__(self) -> str:
        return f"{self.object} calls {' and '.join(self.calls)}"


def find_drawings(
    schema: Schema,
    columns: Collection[str],
    tables: Collection[str] = (),
    *,
    written: str = "",
    held: bool = True,
) -> tuple[Drawing, ...]:
    """Return what may have drawn the values of ``columns``, such as "notes.token".

    ``tables`` have other numbers of rows in each run. A view counts where ``written``, the text of
    the steps, names it. ``held`` says that the runner works on a connection of this package, where
    SQL's clock and dice are the same in each run: only the application's functions then differ.
    """
    found = _Reader(schema).find(columns, tables, fold(written))
    return tuple(one for one in dict.fromkeys(found) if one.own or not held)


def told_drawings(drawings: Sequence[Drawing]) -> str:
    """Return the sentences about what draws values, and what to do; empty where nothing does."""
    told = [f"{str(one)[0].upper()}{str(one)[1:]}." for one in drawings]
    if any(one.own for one in drawings):
        told.append(
            "Where that function of the application's gives other values in each run, let it give"
            " the same, or let the step write the value itself; else the step asks a clock or dice"
            " of its own."
        )
    if any(not one.own for one in drawings):
        told.append(
            "SQL's clock and dice are held for Python's sqlite3 in this process alone: let the"
            " runner work here, or let the step write the value itself."
        )
    return " ".join(told)


def in_parentheses(drawings: Sequence[Drawing]) -> str:
    """Return what draws values, to be put behind their names; empty where nothing does."""
    return f" ({'; '.join(map(str, drawings))})" if drawings else ""


class _Reader:
    """Reads which functions the expressions of one schema call."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._sql = {fold(o.name): o.sql for o in schema.objects if o.kind in (*TABLES, "view")}

    def find(
        self, columns: Collection[str], tables: Collection[str], written: str
    ) -> Iterator[Drawing]:
        varying = [o for o in self._schema.objects if o.kind == "column" and o.name in columns]
        changed = {fold(one.owner) for one in varying} | {fold(table) for table in tables}
        for one in varying:
            facts, sql = dict(one.facts), self._sql[fold(one.owner)]
            computed = facts.get("expression", "")
            yield from self._calls(f"the DEFAULT of {one.name}", facts["default"], sql)
            yield from self._calls(f"the generated column {one.name}", computed, sql)
        for one in self._schema.objects:
            facts = dict(one.facts)
            if one.kind == "trigger" and changed & _names(facts["body"], facts["table"]):
                text = f"{facts['WHEN']} ; {facts['body']}"
                yield from self._calls(f"the trigger {one.name} on {one.owner}", text, one.sql)
            elif one.kind == "view" and fold(one.name) in written:
                yield from self._calls(f"the view {one.name}", facts["SELECT"], one.sql)
            elif one.kind == "check" and fold(one.owner) in {fold(table) for table in tables}:
                sql = self._sql[fold(one.owner)]
                yield from self._calls(f"a CHECK of {one.owner}", _content(one), sql)

    def _calls(self, what: str, expression: str, stored: str) -> Iterator[Drawing]:
        """Yield what an expression calls: of SQL's clock and dice, and of the application's.

        Names are shown as the ``stored`` statement spells them.
        """
        tokens = tokenize(expression)
        spelled = {fold(token.value): token.value for token in tokenize(stored)} if tokens else {}
        sql, own = dict[str, None](), dict[str, None]()
        for position, token in enumerate(tokens):
            if token.word in _NOW:
                sql[token.word] = None
            elif self._is_call(tokens, position):
                name = fold(token.value)
                arguments = split_list(tokens[position + 2 :])
                if name in _DICE or (name in _TIMES and _asks_now(name, arguments)):
                    sql[f"{name}({_shown(arguments)})"] = None
                elif name not in _functions_of_sqlite():
                    own[f"{spelled.get(name, name)}()"] = None
        if sql:
            yield Drawing(what, tuple(sql), own=False)
        if own:
            yield Drawing(what, tuple(own), own=True)

    def _is_call(self, tokens: Sequence[Token], position: int) -> bool:
        token = tokens[position]
        if not token.is_identifier or tokens[position + 1 : position + 2] == ():
            return False
        before = tokens[position - 1] if position else None
        return (
            tokens[position + 1].text == "("
            and token.word not in _NO_FUNCTION
            and fold(token.value) not in self._sql
            and (before is None or (before.word not in _BEFORE_NAME and before.text != "."))
        )


def _asks_now(name: str, arguments: Sequence[Sequence[Token]]) -> bool:
    """Return whether a function of time is asked about the present, as it is without a time."""
    times = arguments[1:] if name == "strftime" else arguments
    return not times or (len(times[0]) == 1 and fold(times[0][0].value) == "now")


def _shown(arguments: Sequence[Sequence[Token]]) -> str:
    return ", ".join(" ".join(token.text for token in part) for part in arguments)


def _names(*texts: str) -> set[str]:
    return {fold(token.value) for text in texts for token in tokenize(text) if token.is_identifier}


def _content(check: SchemaObject) -> str:
    return check.nameless.content if check.nameless else ""


@cache
def _functions_of_sqlite() -> frozenset[str]:
    """Return the names of the functions that any connection has."""
    with closing(sqlite3.connect(":memory:")) as conn:
        rows = conn.execute("SELECT name FROM pragma_function_list")
        return frozenset(fold(str(name)) for (name,) in rows)
