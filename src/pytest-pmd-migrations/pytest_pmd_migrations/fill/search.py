"""Look for a row that a table takes: try one, read SQLite's reason, change what it names."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterable
from typing import TypeAlias

from pytest_pmd_migrations.fill.shape import Column, Shape
from pytest_pmd_migrations.fill.values import Value, unlike
from pytest_pmd_migrations.rows.tables import ForeignKey, quote
from pytest_pmd_migrations.schema.tokens import tokenize

__all__ = ["RowSearch"]

_ATTEMPTS = 400
_RESTART = 40
_PARENTS = 20
_SPARSE = 1
_FAILED = re.compile(r"(?P<kind>NOT NULL|UNIQUE|CHECK) constraint failed: (?P<what>.*)", re.DOTALL)
_TYPE = re.compile(r"cannot store \w+ value in \w+ column \w+\.(?P<column>.*)")

Row: TypeAlias = dict[str, Value]


class RowSearch:
    """Finds rows for one table; the same schema and seed always find the same."""

    def __init__(self, conn: sqlite3.Connection, shape: Shape, *, seed: int) -> None:
        self._conn = conn
        self._shape = shape
        self._chance = random.Random(f"{seed}/{shape.table}")
        self._columns = [column for column in shape.columns if column.name != shape.alias]

    def insert(self, number: int) -> str:
        """Insert and commit row ``number``; return the last reason where none is taken."""
        row = self._first(number)
        reason = "no row was tried"
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._insert(row)
            except sqlite3.DatabaseError as error:
                if self._conn.in_transaction:
                    self._conn.rollback()
                reason = str(error)
            else:
                return ""
            if attempt % _RESTART:
                row = self._changed(row, reason, number)
            else:
                row = self._linked({c.name: self._draw(c) for c in self._columns}, number)
        return reason

    def _first(self, number: int) -> Row:
        """Return the row to try first: tidy, then as empty as may be, then one value apart."""
        if number == _SPARSE:
            row = {c.name: self._draw(c) for c in self._columns if c.needed}
            return self._linked(row, number, only=set(row))
        row = {}
        for place, column in enumerate(self._columns):
            values = column.likely or column.values
            row[column.name] = values[(number and number + place) % len(values)]
        return self._linked(row, number)

    def _changed(self, row: Row, reason: str, number: int) -> Row:
        """Return the row with other values in the columns that SQLite complains of."""
        unique = "UNIQUE" in reason
        names = self._culprits(reason)
        changed = dict(row)
        for column in self._columns:
            if column.name in names or (not names and self._chance.random() < 0.5):
                value = self._draw(column)
                changed[column.name] = unlike(value, self._chance) if unique else value
        return self._linked(changed, number, only=set(changed))

    def _culprits(self, reason: str) -> set[str]:
        """Return the columns a message of SQLite names; none where it names none."""
        match = _FAILED.search(reason)
        if match is None:
            match = _TYPE.search(reason)
            return self._known([match["column"]]) if match else set()
        if match["kind"] == "CHECK":
            said = match["what"]
            texts = tuple(token.text for token in tokenize(said))
            rules = [r for r in self._shape.rules if r.names & {(said,), texts}]
            return {name for rule in rules or self._shape.rules for name in rule.columns}
        return self._known(part.rpartition(".")[2] for part in match["what"].split(", "))

    def _known(self, names: Iterable[str]) -> set[str]:
        return {found.name for name in names if (found := self._shape.column(name)) is not None}

    def _draw(self, column: Column) -> Value:
        if column.nullable and self._chance.random() < 0.2:
            return None
        likely = column.likely and self._chance.random() < 0.7
        values = column.likely if likely else column.values
        value = self._chance.choice(values)
        return unlike(value, self._chance) if self._chance.random() < 0.2 else value

    def _linked(self, row: Row, number: int, *, only: set[str] | None = None) -> Row:
        """Return the row with its foreign keys pointing at rows that are there."""
        linked = dict(row)
        for link in self._shape.links:
            columns = self._known(link.columns)
            if only is not None and not columns & only:
                continue
            parents = self._parents(link)
            if parents:
                chosen = parents[number % len(parents)]
                if self._chance.random() < 0.5:
                    chosen = self._chance.choice(parents)
                linked.update(zip(self._spelled(link.columns), chosen, strict=True))
            elif all(self._is_nullable(name) for name in columns):
                linked.update(dict.fromkeys(columns))
            elif link.parent.lower() == self._shape.table.lower():
                linked.update(self._self_reference(link, linked, number))
        return linked

    def _self_reference(self, link: ForeignKey, row: Row, number: int) -> Row:
        """Return the values that make a row refer to itself, as the first one of a tree must."""
        own: Row = {}
        for name, target in zip(
            self._spelled(link.columns), self._spelled(link.target), strict=True
        ):
            if target == self._shape.alias:
                own[target] = number + 1
            own[name] = own.get(target, row.get(target))
        return own

    def _parents(self, link: ForeignKey) -> list[tuple[Value, ...]]:
        if len(link.target) != len(link.columns):
            return []
        names = ", ".join(map(quote, link.target))
        filled = " AND ".join(f"{quote(name)} IS NOT NULL" for name in link.target)
        try:
            return self._conn.execute(
                f"SELECT {names} FROM {quote(link.parent)} WHERE {filled}"
                f" ORDER BY {names} LIMIT {_PARENTS}"
            ).fetchall()
        except sqlite3.OperationalError:
            # The parent does not exist, or not with these columns: it has no rows.
            return []

    def _spelled(self, names: Iterable[str]) -> list[str]:
        """Return names of columns as the table spells them, not as a foreign key does."""
        found = ((name, self._shape.column(name)) for name in names)
        return [column.name if column else name for name, column in found]

    def _is_nullable(self, name: str) -> bool:
        column = self._shape.column(name)
        return column is None or column.nullable

    def _insert(self, row: Row) -> None:
        table = quote(self._shape.table)
        names = ", ".join(map(quote, row))
        marks = ", ".join("?" * len(row))
        what = f"({names}) VALUES ({marks})" if row else " DEFAULT VALUES"
        self._conn.execute(f"INSERT INTO {table}{what}", tuple(row.values()))
        # A deferred foreign key is judged here.
        self._conn.commit()
