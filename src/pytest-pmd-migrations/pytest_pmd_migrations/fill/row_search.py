"""Search a row that a table takes: try one, read SQLite's reason, change what it names."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterable, Mapping

from pytest_pmd_migrations.fill.candidate_values import Row, Value, unlike
from pytest_pmd_migrations.fill.hill_climb import HillClimb
from pytest_pmd_migrations.fill.requirements import Column, Requirements
from pytest_pmd_migrations.quoting import quote
from pytest_pmd_migrations.rows.tables import ForeignKey
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = ["RowSearch"]

_RESTARTS = 10
_RESTARTS_LATER = 3
_PATIENCE = 40
_PATIENCE_A_COLUMN = 10
_PARENTS = 20
_SPARSE = 1
_CLIMBS = 5
_FAILED = re.compile(r"(?P<kind>NOT NULL|UNIQUE|CHECK) constraint failed: (?P<what>.*)", re.DOTALL)
_TYPE = re.compile(r"cannot store \w+ value in \w+ column (?P<what>.*)", re.DOTALL)


class RowSearch:
    """Finds rows for one table; the same schema and seed always find the same.

    ``fixed`` are values that every row has. With ``commit`` each row is committed, so that a
    deferred foreign key is judged; else the transaction is the caller's.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        requirements: Requirements,
        *,
        seed: str,
        fixed: Mapping[str, Value] | None = None,
        commit: bool = True,
    ) -> None:
        self._conn = conn
        self._requirements = requirements
        self._fixed = dict(fixed or {})
        self._commit = commit
        self._chance = random.Random(f"{seed}/{requirements.table}")
        self._columns = [
            column
            for column in requirements.columns
            if column.name != requirements.alias or column.likely
        ]
        self._patience = max(_PATIENCE, _PATIENCE_A_COLUMN * len(self._columns))

    def insert(self, number: int) -> str:
        """Insert row ``number``; return the last reason where none is taken.

        Tries a bounded number of rows, in proportion to the number of columns; most of them for
        the first row, since a table with one row may have no room for another.
        """
        reason = ""
        for restart in range(_RESTARTS if not number else _RESTARTS_LATER):
            row = self._first(number) if not restart else self._drawn(number)
            for _ in range(self._patience):
                reason = self._refusal(row | self._fixed)
                if not reason:
                    return ""
                row = self._changed(row, reason, number)
        return "" if not number and self._climb() else reason

    def _climb(self) -> bool:
        """Insert a first row that meets several CHECKs at once; return whether one was found."""
        if not self._requirements.rules:
            return False
        climb = HillClimb(
            self._conn, self._requirements, self._chance, draw=self._draw, culprits=self._culprits
        )
        for _ in range(_CLIMBS):
            row = climb.mend(self._drawn(0) | self._fixed, self._fixed)
            if row is not None and not self._refusal(row):
                return True
        return False

    def _refusal(self, row: Row) -> str:
        """Insert the row; return SQLite's reason where it does not take it."""
        table = quote(self._requirements.table)
        names = ", ".join(map(quote, row))
        values = ", ".join("?" * len(row))
        what = f"({names}) VALUES ({values})" if row else " DEFAULT VALUES"
        try:
            self._conn.execute(f"INSERT INTO {table}{what}", tuple(row.values()))
            if self._commit:
                self._conn.commit()
        except sqlite3.DatabaseError as error:
            if self._commit:
                self._conn.rollback()
            return str(error)
        return ""

    def _first(self, number: int) -> Row:
        """Return the row to try first: tidy, then as empty as may be, then one value apart."""
        if number == _SPARSE:
            row = {c.name: self._draw(c) for c in self._columns if c.needed}
            return self._linked(row, number, only=set(row))
        row = {}
        for index, column in enumerate(self._columns):
            values = column.likely or column.values
            row[column.name] = values[(number and number + index) % len(values)]
        return self._linked(row, number)

    def _drawn(self, number: int) -> Row:
        return self._linked({c.name: self._draw(c) for c in self._columns}, number)

    def _changed(self, row: Row, reason: str, number: int) -> Row:
        """Return the row with other values in the columns that SQLite complains of."""
        unique = "UNIQUE" in reason
        names = self._culprits(reason)
        changed = dict(row)
        for column in self._columns:
            if column.name in names or (not names and self._chance.random() < 0.5):
                value = self._draw(column)
                if unique:
                    # The present value met every other rule: stay close to it.
                    near = row.get(column.name) if self._chance.random() < 0.8 else None
                    value = unlike(value if near is None else near, self._chance)
                changed[column.name] = value
        return self._linked(changed, number, only=set(changed))

    def _culprits(self, reason: str) -> set[str]:
        """Return the columns a message of SQLite names; none where it names none."""
        match = _FAILED.search(reason)
        if match is None:
            match = _TYPE.search(reason)
            return self._listed(match["what"]) if match else set()
        if match["kind"] == "CHECK":
            said = match["what"]
            texts = tuple(token.text for token in tokenize(said))
            rules = [r for r in self._requirements.rules if r.names & {(said,), texts}]
            return {name for rule in rules or self._requirements.rules for name in rule.columns}
        return self._listed(match["what"])

    def _listed(self, text: str) -> set[str]:
        """Return the columns in a list of SQLite's: the table's name and a dot before each."""
        own = f"{self._requirements.table}."
        return self._known(text.removeprefix(own).split(f", {own}"))

    def _known(self, names: Iterable[str]) -> set[str]:
        return {
            found.name for name in names if (found := self._requirements.column(name)) is not None
        }

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
        for link in self._requirements.links:
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
            elif link.parent.lower() == self._requirements.table.lower():
                linked.update(self._self_reference(link, linked, number))
        return linked

    def _self_reference(self, link: ForeignKey, row: Row, number: int) -> Row:
        """Return the values that make a row refer to itself, as the first one of a tree must."""
        own: Row = {}
        for name, target in zip(
            self._spelled(link.columns), self._spelled(link.target), strict=True
        ):
            if target == self._requirements.alias:
                own[target] = number + 1
            own[name] = own.get(target, row.get(target))
        return own

    def _parents(self, link: ForeignKey) -> list[tuple[Value, ...]]:
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
        found = ((name, self._requirements.column(name)) for name in names)
        return [column.name if column else name for name, column in found]

    def _is_nullable(self, name: str) -> bool:
        column = self._requirements.column(name)
        return column is None or column.nullable
