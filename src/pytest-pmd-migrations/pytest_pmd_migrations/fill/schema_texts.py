"""Read the SQL that is about a table: its CHECKs, computed columns, indexes, triggers and views."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["Body", "SchemaTexts", "mentions", "read_texts"]

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

    def reads_json(self, column: str) -> bool:
        """Return whether a function of JSON is given the column in one of the texts."""
        checks = (body for _, body in self.checks)
        bodies = (*checks, *self.computed, *self.indexes, *self.triggers, *self.views)
        return any(mentions(part, column) for body in bodies for part in _read_as_json(body))


def read_texts(conn: sqlite3.Connection, table: str) -> SchemaTexts:
    """Return the texts that are about a table."""
    texts: dict[str, list[Body]] = {"table": [], "index": [], "trigger": [], "view": []}
    for kind, sql in conn.execute(
        "SELECT type, sql FROM sqlite_schema WHERE sql IS NOT NULL"
        " AND (lower(tbl_name) = lower(:name)"
        " OR type = 'view' AND instr(lower(sql), lower(:name))) ORDER BY name",
        {"name": table},
    ):
        texts[kind].append(tuple(tokenize(str(sql))))
    own = [body for body in texts["table"] if not _is_virtual(body)]
    return SchemaTexts(
        checks=tuple(found for body in own for found in _parenthesised(body, "CHECK")),
        # CREATE TABLE has AS before a parenthesis for nothing else: CAST has a type there.
        computed=tuple(found for body in own for _, found in _parenthesised(body, "AS")),
        indexes=tuple(texts["index"]),
        triggers=tuple(texts["trigger"]),
        views=tuple(body for body in texts["view"] if mentions(body, table)),
    )


def mentions(tokens: Sequence[Token], column: str) -> bool:
    """Return whether a name stands among the tokens, whatever the case of its letters."""
    return any(token.is_identifier and fold(token.value) == fold(column) for token in tokens)


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
