"""Read the SQL that is about a table: its CHECKs, computed columns, indexes, triggers and views."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

from pytest_pmd_migrations.fill.candidate_values import Value
from pytest_pmd_migrations.fill.mentioned_values import mentioned_values
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["Body", "MentionedValues", "SchemaTexts", "TextsOfTables", "names_in"]

Body: TypeAlias = tuple[Token, ...]
"""The tokens of one expression or one statement."""


@dataclass(frozen=True)
class SchemaTexts:
    """The texts that are about one table, each as tokens; ``checks`` with their names, if any."""

    checks: tuple[tuple[str, Body], ...] = ()
    computed: tuple[Body, ...] = ()
    indexes: tuple[Body, ...] = ()
    triggers: tuple[Body, ...] = ()
    views: tuple[Body, ...] = ()

    @cached_property
    def in_checks(self) -> MentionedValues:
        """The values that the CHECKs mention."""
        return MentionedValues([body for _, body in self.checks])

    @cached_property
    def elsewhere(self) -> MentionedValues:
        """The values that triggers, computed columns and indexes mention."""
        return MentionedValues((*self.triggers, *self.computed, *self.indexes))

    def reads_json(self, column: str) -> bool:
        """Return whether a function of JSON is given the column in one of the texts."""
        return fold(column) in self._read_as_json

    @cached_property
    def _read_as_json(self) -> frozenset[str]:
        checks = (body for _, body in self.checks)
        bodies = (*checks, *self.computed, *self.indexes, *self.triggers, *self.views)
        return frozenset(
            name for body in bodies for part in _read_as_json(body) for name in names_in(part)
        )


class MentionedValues:
    """The literals of several texts, by the columns that each text names."""

    def __init__(self, bodies: Sequence[Body]) -> None:
        self._bodies = bodies
        self._naming: dict[str, list[int]] = {}
        self._values: dict[tuple[int, bool], tuple[Value, ...]] = {}
        for number, body in enumerate(bodies):
            for name in names_in(body):
                self._naming.setdefault(name, []).append(number)

    def of(self, column: str, *, binary: bool) -> Iterator[Value]:
        """Yield the values that stand in the texts that name a column; blobs with ``binary``."""
        for number in self._naming.get(fold(column), ()):
            if (number, binary) not in self._values:
                found = mentioned_values(self._bodies[number], binary=binary)
                self._values[number, binary] = found
            yield from self._values[number, binary]


class TextsOfTables:
    """The texts of one database's schema, which is read once for all of its tables."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._texts: dict[str, dict[str, list[Body]]] = {}
        self._views: dict[str, list[tuple[str, Body]]] = {}
        for kind, table, sql in conn.execute(
            "SELECT type, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
        ):
            body = tokenize(str(sql))
            if kind == "view":
                for name in names_in(body):
                    self._views.setdefault(name, []).append((fold(str(sql)), body))
            else:
                self._texts.setdefault(fold(str(table)), {}).setdefault(kind, []).append(body)

    def about(self, table: str) -> SchemaTexts:
        """Return the texts that are about a table."""
        name = fold(table)
        texts = self._texts.get(name, {})
        own = [body for body in texts.get("table", ()) if not _is_virtual(body)]
        return SchemaTexts(
            checks=tuple(found for body in own for found in _parenthesised(body, "CHECK")),
            # CREATE TABLE has AS before a parenthesis for nothing else: CAST has a type there.
            computed=tuple(found for body in own for _, found in _parenthesised(body, "AS")),
            indexes=tuple(texts.get("index", ())),
            triggers=tuple(texts.get("trigger", ())),
            views=tuple(body for sql, body in self._views.get(name, ()) if name in sql),
        )


def names_in(tokens: Sequence[Token]) -> set[str]:
    """Return the folded names that stand among the tokens."""
    return {fold(token.value) for token in tokens if token.is_identifier}


def _parenthesised(tokens: Sequence[Token], word: str) -> Iterator[tuple[str, Body]]:
    """Yield what stands in parentheses behind each ``word``, and the constraint's name, if any."""
    for index, token in enumerate(tokens[:-1]):
        if not token.is_word(word) or tokens[index + 1].value != "(":
            continue
        named = index >= 2 and tokens[index - 2].is_word("CONSTRAINT")
        depth, end = 1, index + 2
        while end < len(tokens) and depth:
            depth += {"(": 1, ")": -1}.get(tokens[end].text, 0)
            end += 1
        yield tokens[index - 1].value if named else "", tuple(tokens[index + 2 : end - 1])


def _is_virtual(body: Body) -> bool:
    return len(body) > 1 and body[1].is_word("VIRTUAL")


def _read_as_json(body: Body) -> Iterator[Body]:
    """Yield the first argument of each function of JSON, and what stands before each arrow."""
    for index, token in enumerate(body):
        if token.value in ("->", "->>"):
            yield body[max(index - 1, 0) : index]
        elif token.kind == "word" and token.value.lower().startswith("json"):
            yield _first_argument(body[index + 1 :])


def _first_argument(tokens: Sequence[Token]) -> Body:
    """Return the tokens from an opening parenthesis to the comma or the parenthesis after it."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0 or (depth == 1 and token.text == ","):
            return tuple(tokens[1:index])
    return ()
