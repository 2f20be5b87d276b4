"""Read what a table requires of a row: its columns, its CHECKs, and the rows it refers to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_pmd_migrations.fill.candidate_values import (
    JSON,
    Value,
    are_many,
    can_store,
    has_no_affinity,
    in_32_bits,
    is_text,
    is_usual,
    mentioned_values,
    number_texts,
    typed_values,
)
from pytest_pmd_migrations.fill.schema_texts import Body, SchemaTexts, mentions, read_texts
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.tables import ForeignKey, RowTable, rowid_name
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["Column", "Link", "Requirements", "Rule", "read_requirements"]

_HIDDEN = 1


@dataclass(frozen=True)
class Column:
    """One column that an INSERT gives a value.

    ``likely`` are values that its CHECKs mention, ``values`` those of its type; ``unusual`` are
    mentioned values of other types, for a CHECK that asks for one. ``needed`` says whether an
    INSERT must give it a value: left out, it would be NULL where NULL is refused, or what its
    default makes of the clock or of chance. ``distinct`` says that its type has values enough for
    rows to differ.
    """

    name: str
    values: tuple[Value, ...]
    likely: tuple[Value, ...]
    unusual: tuple[Value, ...]
    nullable: bool
    needed: bool
    distinct: bool


@dataclass(frozen=True)
class Rule:
    """A CHECK: how SQLite names it in its message, its columns, and the expression as SQL."""

    names: frozenset[tuple[str, ...]]
    columns: tuple[str, ...]
    sql: str


@dataclass(frozen=True)
class Link:
    """A foreign key with the parent's columns spelled out.

    ``identity`` are the names that tell the parent's rows apart: rowid, or those of its key.
    """

    columns: tuple[str, ...]
    parent: str
    target: tuple[str, ...]
    identity: tuple[str, ...] = ()


@dataclass(frozen=True)
class Requirements:
    """Everything that one table requires of a row.

    ``alias`` is the column that is the rowid, to which SQLite gives a value by itself; empty where
    there is none. A generated row sets it only if a CHECK mentions it.
    """

    table: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    links: tuple[Link, ...]
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
    texts = read_texts(conn, table.name)
    _, strict = _options(conn, table.name)
    alias = _alias(conn, table, info)
    referring = _referring_types(conn, table.name)
    columns = tuple(
        _column(row, table, texts, referring.get(fold(str(row[1])), ()), strict=strict)
        for row in info
    )
    names = [column.name for column in columns]
    rules = tuple(
        Rule(
            _names_in_message(name, body),
            tuple(column for column in names if mentions(body, column)),
            " ".join(token.text for token in body),
        )
        for name, body in texts.checks
    )
    links = (_with_target(conn, key) for key in table.foreign_keys)
    # Where the numbers differ, SQLite refuses every row and says why.
    links = (link for link in links if len(link.columns) == len(link.target))
    return Requirements(table.name, columns, rules, tuple(links), alias)


def _column(
    row: Sequence[Any],
    table: RowTable,
    texts: SchemaTexts,
    referring: Sequence[str],
    *,
    strict: bool,
) -> Column:
    """Return one column from its row of table_xinfo and the texts about its table.

    ``referring`` are the types of the columns that refer to it.
    """
    name, declared, not_null, default, key = str(row[1]), str(row[2]), row[3], row[4], row[5]
    # A column of a full-text table has no type; text is what it is for.
    kind = "TEXT" if table.full_text else declared
    # No application means a key that is NULL, though SQLite allows one, and draws a rowid by
    # chance where the largest is taken. Of a virtual table nothing tells what it makes of NULL.
    filled = bool(not_null or key or (table.module and not table.full_text))

    own = (number_texts(referring) if is_text(kind) else ()) or typed_values(kind, name)
    checks = [body for _, body in texts.checks]
    checked = _mentioned(checks, name, binary=has_no_affinity(declared))
    likely = (*checked, *(JSON if texts.reads_json(name) and is_usual(kind, "") else ()))
    likely = tuple(value for value in likely if not strict or can_store(declared, value))
    usual = tuple(value for value in likely if is_usual(kind, value))
    elsewhere = _mentioned((*texts.triggers, *texts.computed, *texts.indexes), name, binary=False)
    # An R*Tree keeps numbers in 32 bits.
    fitting = in_32_bits(own) if table.module.startswith("rtree") else own
    return Column(
        name=name,
        values=(*fitting, *(value for value in elsewhere if is_usual(kind, value))),
        likely=usual or likely,
        unusual=tuple(value for value in likely if value not in usual) if usual else (),
        nullable=not filled and not table.full_text,
        needed=filled if default is None else not _is_constant(tokenize(str(default))),
        distinct=are_many(own) and not texts.reads_json(name),
    )


def _mentioned(bodies: Sequence[Body], column: str, *, binary: bool) -> Iterator[Value]:
    """Yield the values that stand in the texts that name a column."""
    for body in bodies:
        if mentions(body, column):
            yield from mentioned_values(body, binary=binary)


def _referring_types(conn: sqlite3.Connection, table: str) -> Mapping[str, Sequence[str]]:
    """Return the types of the columns whose foreign keys name each column of a table."""
    found: dict[str, list[str]] = {}
    for to, key, kind in conn.execute(
        'SELECT f."to", p.name, x.type FROM sqlite_schema s'
        " JOIN pragma_foreign_key_list(s.name) f JOIN pragma_table_xinfo(s.name) x"
        ' ON lower(x.name) = lower(f."from")'
        " LEFT JOIN pragma_table_info(:name) p ON p.pk = f.seq + 1"
        " WHERE s.type = 'table' AND s.rootpage AND lower(f.\"table\") = lower(:name)"
        " ORDER BY s.name, f.id, f.seq",
        {"name": table},
    ):
        found.setdefault(fold(str(to or key)), []).append(str(kind))
    return found


def _options(conn: sqlite3.Connection, table: str) -> tuple[bool, bool]:
    """Return whether a table is WITHOUT ROWID, and whether it is STRICT."""
    found = conn.execute(
        "SELECT wr, strict FROM pragma_table_list WHERE schema = 'main' AND lower(name) = lower(?)",
        (table,),
    ).fetchone()
    return bool(found and found[0]), bool(found and found[1])


def _alias(conn: sqlite3.Connection, table: RowTable, info: Sequence[tuple[object, ...]]) -> str:
    if table.module.startswith("rtree"):
        return str(info[0][1])
    keys = [row for row in info if row[5]]
    if not table.rowid or len(keys) != 1 or str(keys[0][2]).upper() != "INTEGER":
        return ""
    indexes = conn.execute(f"PRAGMA index_list({quote(table.name)})")
    return "" if any(row[3] == "pk" for row in indexes) else str(keys[0][1])


def _with_target(conn: sqlite3.Connection, key: ForeignKey) -> Link:
    """Return the foreign key with the parent's columns spelled out."""
    info = conn.execute(f"PRAGMA table_info({quote(key.parent)})").fetchall()
    primary = [str(row[1]) for row in sorted(info, key=lambda row: int(row[5])) if row[5]]
    without_rowid, _ = _options(conn, key.parent)
    rowid = "" if without_rowid else rowid_name(str(row[1]) for row in info)
    identity = (rowid,) if rowid else tuple(primary)
    target = key.target or tuple(primary)
    return Link(key.columns, key.parent, target, identity)


def _names_in_message(name: str, body: Sequence[Token]) -> frozenset[tuple[str, ...]]:
    """Return the ways in which SQLite's message may speak of a CHECK.

    By its name, else by its text; of which it drops all but the first token where that is quoted.
    """
    if name:
        return frozenset({(name,)})
    first = body[0]
    all_texts = tuple(token.text for token in body)
    return frozenset({all_texts, (first.value,)} if first.text != first.value else {all_texts})


def _is_constant(default: Sequence[Token]) -> bool:
    """Return whether a default is made of literals alone, so that it is always the same."""
    return all(
        token.kind not in ("word", "name") or token.double or token.is_word("NULL", "TRUE", "FALSE")
        for token in default
    )
