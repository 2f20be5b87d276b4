"""Read what a table requires of a row: its columns, its CHECKs, and the rows it refers to."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.candidate_values import (
    JSON,
    are_many,
    can_store,
    has_no_affinity,
    in_32_bits,
    is_text,
    is_usual,
    number_texts,
    typed_values,
)
from pytest_pmd_migrations.fill.column_rules import Column, Rule
from pytest_pmd_migrations.fill.fitting_values import with_fitting_values
from pytest_pmd_migrations.fill.schema_texts import Body, SchemaTexts, TextsOfTables, names_in
from pytest_pmd_migrations.rows.tables import ForeignKey, RowTable, rowid_name
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token, tokenize

__all__ = ["Link", "Requirements", "RequirementsReader"]

_HIDDEN = 1
_ONE_VALUE = re.compile(r"\S+ (?:=|==|IS) (?:'[^']*'|-? ?[\w.]+)", re.IGNORECASE)


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
        return self._by_name.get(fold(name))

    @cached_property
    def rules_named(self) -> Mapping[tuple[str, ...], Sequence[Rule]]:
        """The CHECKs by what SQLite's message may call them."""
        found: dict[tuple[str, ...], list[Rule]] = {}
        for rule in self.rules:
            for name in rule.names:
                found.setdefault(name, []).append(rule)
        return found

    def allows_one_row(self, key: Sequence[str]) -> bool:
        """Return whether a CHECK says which value the ``key`` has, as in a table of settings.

        That is ``CHECK (id = 1)``.
        """
        ruled = (rule.columns for rule in self.rules if _ONE_VALUE.fullmatch(rule.sql))
        return tuple(key) in ruled

    @cached_property
    def _by_name(self) -> Mapping[str, Column]:
        return {fold(one.name): one for one in reversed(self.columns)}


class RequirementsReader:
    """Reads what the tables of one database require; what is asked of all of them is read once."""

    def __init__(self, conn: sqlite3.Connection) -> None:
        self._conn = conn

    def read(self, table: RowTable) -> Requirements:
        """Return what ``table`` requires of a row."""
        every = self._info(table.name)
        info = [row for row in every if str(row[1]) in table.columns and row[6] != _HIDDEN]
        texts = self._texts.about(table.name)
        _, strict = self._options.get(fold(table.name), (False, False))
        referring = self._referring_types(table.name, every)
        columns = tuple(
            _column(row, table, texts, referring.get(fold(str(row[1])), ()), strict=strict)
            for row in info
        )
        positions = {column.name: number for number, column in enumerate(columns)}
        spelled = {fold(name): name for name in positions}
        rules = tuple(_rule(name, body, spelled, positions) for name, body in texts.checks)
        alias = self._alias(table, info)
        kinds = [str(row[2]) for row in info]
        # A rowid that is the largest leaves no next one: it has the values its CHECKs speak of.
        free = [rule for rule in rules if rule.columns != (alias,)]
        fitting = with_fitting_values(self._conn, table.name, columns, kinds, free)
        links = (self._with_target(key) for key in table.foreign_keys)
        # Where the numbers differ, SQLite refuses every row and says why.
        links = (link for link in links if len(link.columns) == len(link.target))
        return Requirements(table.name, fitting, rules, tuple(links), alias)

    @cached_property
    def _texts(self) -> TextsOfTables:
        return TextsOfTables(self._conn)

    @cached_property
    def _options(self) -> Mapping[str, tuple[bool, bool]]:
        """Whether each table is WITHOUT ROWID, and whether it is STRICT."""
        rows = self._conn.execute(
            "SELECT name, wr, strict FROM pragma_table_list WHERE schema = 'main'"
        )
        return {fold(str(name)): (bool(wr), bool(strict)) for name, wr, strict in rows}

    @cached_property
    def _referring(self) -> Mapping[str, Sequence[tuple[Any, int, str]]]:
        """Of each table that is referred to: the column or None, the key's part, its type."""
        found: dict[str, list[tuple[Any, int, str]]] = {}
        types: dict[str, dict[str, str]] = {}
        for name, parent, own, to, part in self._conn.execute(
            'SELECT s.name, f."table", f."from", f."to", f.seq'
            " FROM sqlite_schema s JOIN pragma_foreign_key_list(s.name) f"
            " WHERE s.type = 'table' AND s.rootpage ORDER BY s.name, f.id, f.seq"
        ).fetchall():
            if name not in types:
                types[name] = {fold(str(row[1])): str(row[2]) for row in self._info(str(name))}
            kind = types[name].get(fold(str(own)))
            if kind is not None:
                found.setdefault(fold(str(parent)), []).append((to, part, kind))
        return found

    def _referring_types(
        self, table: str, info: Sequence[tuple[Any, ...]]
    ) -> Mapping[str, Sequence[str]]:
        """Return the types of the columns whose foreign keys name each column of a table."""
        found: dict[str, list[str]] = {}
        keys = {row[5]: row[1] for row in info if row[5]}
        for to, part, kind in self._referring.get(fold(table), ()):
            found.setdefault(fold(str(to or keys.get(part + 1))), []).append(kind)
        return found

    def _info(self, table: str) -> Sequence[tuple[Any, ...]]:
        return self._conn.execute(f"PRAGMA table_xinfo({quote(table)})").fetchall()

    def _alias(self, table: RowTable, info: Sequence[tuple[object, ...]]) -> str:
        if table.module.startswith("rtree"):
            return str(info[0][1])
        keys = [row for row in info if row[5]]
        if not table.rowid or len(keys) != 1 or str(keys[0][2]).upper() != "INTEGER":
            return ""
        indexes = self._conn.execute(f"PRAGMA index_list({quote(table.name)})")
        return "" if any(row[3] == "pk" for row in indexes) else str(keys[0][1])

    def _with_target(self, key: ForeignKey) -> Link:
        """Return the foreign key with the parent's columns spelled out."""
        primary, identity = self._keys(key.parent)
        return Link(key.columns, key.parent, key.target or primary, identity)

    def _keys(self, parent: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the primary key of a table, and the names that tell its rows apart."""
        if parent not in self._known_keys:
            info = self._conn.execute(f"PRAGMA table_info({quote(parent)})").fetchall()
            keyed = sorted((row for row in info if row[5]), key=lambda row: int(row[5]))
            primary = tuple(str(row[1]) for row in keyed)
            without_rowid, _ = self._options.get(fold(parent), (False, False))
            rowid = "" if without_rowid else rowid_name(str(row[1]) for row in info)
            self._known_keys[parent] = primary, (rowid,) if rowid else primary
        return self._known_keys[parent]

    @cached_property
    def _known_keys(self) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
        return {}


def _rule(name: str, body: Body, spelled: Mapping[str, str], positions: Mapping[str, int]) -> Rule:
    """Return a CHECK; ``spelled`` are the table's columns by their folded names."""
    columns = sorted(
        (spelled[n] for n in names_in(body) & spelled.keys()), key=positions.__getitem__
    )
    sql = " ".join(token.text for token in body)
    ordered = tuple(sorted(columns, key=positions.__getitem__))
    return Rule(_names_in_message(name, body), ordered, sql)


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
    checked = texts.in_checks.of(name, binary=has_no_affinity(declared))
    likely = (*checked, *(JSON if texts.reads_json(name) and is_usual(kind, "") else ()))
    likely = tuple(value for value in likely if not strict or can_store(declared, value))
    usual = tuple(value for value in likely if is_usual(kind, value))
    elsewhere = texts.elsewhere.of(name, binary=False)
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
