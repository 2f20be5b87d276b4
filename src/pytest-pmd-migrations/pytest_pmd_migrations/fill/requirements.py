"""Read what a table requires of a row: its columns, its CHECKs, and the rows it refers to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pytest_pmd_migrations.fill.candidate_values import (
    Value,
    can_store,
    has_no_affinity,
    mentioned_values,
    typed_values,
)
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.tables import ForeignKey, RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["Column", "Requirements", "Rule", "read_requirements"]

_HIDDEN = 1


@dataclass(frozen=True)
class Column:
    """One column that an INSERT gives a value.

    ``likely`` are values that its CHECKs mention, ``values`` those of its type. ``needed`` says
    whether an INSERT must give it a value: left out, it would be NULL where NULL is refused, or
    what its default makes of the clock or of chance.
    """

    name: str
    values: tuple[Value, ...]
    likely: tuple[Value, ...]
    nullable: bool
    needed: bool


@dataclass(frozen=True)
class Rule:
    """A CHECK: how SQLite names it in its message, its columns, and the expression as SQL."""

    names: frozenset[tuple[str, ...]]
    columns: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class Requirements:
    """Everything that one table requires of a row.

    ``alias`` is the column that is the rowid, to which SQLite gives a value by itself; empty where
    there is none. A generated row sets it only if a CHECK mentions it.
    """

    table: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    links: tuple[ForeignKey, ...]
    alias: str = ""

    def column(self, name: str) -> Column | None:
        """Return the column of that name, whatever the case of its letters."""
        return next((one for one in self.columns if fold(one.name) == fold(name)), None)


def read_requirements(conn: sqlite3.Connection, table: RowTable) -> Requirements:
    """Return what ``table`` requires of a row."""
    info = [
        row
        for row in conn.execute(f"PRAGMA table_xinfo({quote(table.name)})")
        if str(row[1]) in table.columns and row[6] != _HIDDEN
    ]
    checks = [] if table.full_text else list(_checks(tokenize(_sql(conn, table.name))))
    triggers = [tokenize(sql) for sql in _trigger_sql(conn, table.name)]
    without_rowid, strict = _options(conn, table.name)
    alias = _alias(conn, table, info, without_rowid=without_rowid)
    make = partial(_column, checks=[body for _, body in checks], triggers=triggers)
    make = partial(make, full_text=table.full_text, without_rowid=without_rowid, strict=strict)
    columns = tuple(make(row) for row in info)
    names = [column.name for column in columns]
    rules = tuple(
        Rule(
            _names_in_message(name, body),
            tuple(column for column in names if _mentions(body, column)),
            " ".join(token.text for token in body),
        )
        for name, body in checks
    )
    links = (_with_target(conn, key) for key in table.foreign_keys)
    # Where the numbers differ, SQLite refuses every row and says why.
    links = (link for link in links if len(link.columns) == len(link.target))
    return Requirements(table.name, columns, rules, tuple(links), alias)


def _column(
    row: Sequence[Any],
    *,
    checks: Sequence[Sequence[Token]],
    triggers: Sequence[Sequence[Token]],
    full_text: bool,
    without_rowid: bool,
    strict: bool,
) -> Column:
    """Return one column from its row of table_xinfo, the table's CHECKs and its triggers."""
    name, declared, not_null, default, key = str(row[1]), str(row[2]), row[3], row[4], row[5]
    needed = bool(not_null or (key and without_rowid))

    def mentioned(bodies: Sequence[Sequence[Token]], *, binary: bool) -> Iterator[Value]:
        for body in bodies:
            if _mentions(body, name):
                for value in mentioned_values(body, binary=binary):
                    if not strict or can_store(declared, value):
                        yield value

    return Column(
        name=name,
        # A column of a full-text table has no type; text is what it is for.
        values=(
            *typed_values("TEXT" if full_text else declared, name),
            *mentioned(triggers, binary=False),
        ),
        likely=tuple(mentioned(checks, binary=has_no_affinity(declared))),
        nullable=not needed and not full_text,
        needed=needed if default is None else not _is_constant(tokenize(str(default))),
    )


def _sql(conn: sqlite3.Connection, table: str) -> str:
    found = conn.execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    return str(found[0])


def _trigger_sql(conn: sqlite3.Connection, table: str) -> list[str]:
    found = conn.execute(
        "SELECT sql FROM sqlite_schema WHERE type = 'trigger' AND lower(tbl_name) = lower(?)"
        " ORDER BY name",
        (table,),
    )
    return [str(sql) for (sql,) in found]


def _options(conn: sqlite3.Connection, table: str) -> tuple[bool, bool]:
    """Return whether a table is WITHOUT ROWID, and whether it is STRICT."""
    without_rowid, strict = conn.execute(
        "SELECT wr, strict FROM pragma_table_list WHERE schema = 'main' AND name = ?", (table,)
    ).fetchone()
    return bool(without_rowid), bool(strict)


def _alias(
    conn: sqlite3.Connection,
    table: RowTable,
    info: Sequence[tuple[object, ...]],
    *,
    without_rowid: bool,
) -> str:
    keys = [row for row in info if row[5]]
    if without_rowid or len(keys) != 1 or str(keys[0][2]).upper() != "INTEGER":
        return ""
    indexes = conn.execute(f"PRAGMA index_list({quote(table.name)})")
    return "" if any(row[3] == "pk" for row in indexes) else str(keys[0][1])


def _with_target(conn: sqlite3.Connection, key: ForeignKey) -> ForeignKey:
    """Return the foreign key with the parent's columns spelled out."""
    if key.target:
        return key
    info = conn.execute(f"PRAGMA table_info({quote(key.parent)})").fetchall()
    primary = sorted((row for row in info if row[5]), key=lambda row: int(row[5]))
    return ForeignKey(key.columns, key.parent, tuple(str(row[1]) for row in primary))


def _checks(tokens: Sequence[Token]) -> Iterator[tuple[str, tuple[Token, ...]]]:
    """Yield every CHECK's name, where it has one, and the tokens in its parentheses."""
    for index, token in enumerate(tokens[:-1]):
        if not token.is_word("CHECK") or tokens[index + 1].value != "(":
            continue
        named = index >= 2 and tokens[index - 2].is_word("CONSTRAINT")
        depth, end = 1, index + 2
        while end < len(tokens) and depth:
            depth += {"(": 1, ")": -1}.get(tokens[end].text, 0)
            end += 1
        yield tokens[index - 1].value if named else "", tuple(tokens[index + 2 : end - 1])


def _names_in_message(name: str, body: Sequence[Token]) -> frozenset[tuple[str, ...]]:
    """Return the ways in which SQLite's message may speak of a CHECK.

    By its name, else by its text; of which it drops all but the first token where that is quoted.
    """
    if name:
        return frozenset({(name,)})
    first = body[0]
    all_texts = tuple(token.text for token in body)
    return frozenset({all_texts, (first.value,)} if first.text != first.value else {all_texts})


def _mentions(tokens: Sequence[Token], column: str) -> bool:
    return any(token.is_identifier and fold(token.value) == fold(column) for token in tokens)


def _is_constant(default: Sequence[Token]) -> bool:
    """Return whether a default is made of literals alone, so that it is always the same."""
    return all(
        token.kind not in ("word", "name") or token.double or token.is_word("NULL", "TRUE", "FALSE")
        for token in default
    )
