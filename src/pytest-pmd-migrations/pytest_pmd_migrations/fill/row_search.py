"""Search a row that a table takes: try one, read SQLite's reason, change what it names."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence

from pytest_pmd_migrations.fill.candidate_values import Row, Value, unlike
from pytest_pmd_migrations.fill.column_rules import Column
from pytest_pmd_migrations.fill.hill_climb import HillClimb
from pytest_pmd_migrations.fill.key_parts import KeyParts
from pytest_pmd_migrations.fill.parent_rows import find_middle, list_parents
from pytest_pmd_migrations.fill.requirements import Link, Requirements
from pytest_pmd_migrations.fill.row_insert import RowInsert
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import tokenize

__all__ = ["RowSearch"]

_RESTARTS = 10
_RESTARTS_LATER = 3
_PATIENCE = 40
_PATIENCE_A_COLUMN = 10
_SPARSE = 1
_ALL_NULL = 2
_APART = 3
"""The rows in which two columns may differ in that one is NULL."""
_SELF = 0.1
_CLIMBS = 5
_FAILED = re.compile(r"(?P<kind>NOT NULL|UNIQUE|CHECK) constraint failed: (?P<what>.*)", re.DOTALL)
_TYPE = re.compile(r"cannot store \w+ value in \w+ column (?P<what>.*)", re.DOTALL)


class RowSearch:
    """Finds rows for one table; the same schema and seed always find the same.

    ``fixed`` are values that every row has. Each row is committed, so that a deferred foreign key
    is judged, unless the caller has a transaction open.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        requirements: Requirements,
        *,
        seed: str,
        fixed: Mapping[str, Value] | None = None,
    ) -> None:
        self._conn = conn
        self._requirements = requirements
        self._fixed = dict(fixed or {})
        self._chance = random.Random(f"{seed}/{requirements.table}")
        self._insert = RowInsert(conn, requirements, self._chance)
        self._parts = KeyParts(conn, requirements)
        self._columns = [
            column
            for column in requirements.columns
            if column.name != requirements.alias or column.likely
        ]
        self._positions = {column.name: number for number, column in enumerate(self._columns)}
        self._draws_unusual = False
        self._wanted: frozenset[str] = frozenset()
        self._refused_null: set[str] = set()
        self._patience = max(_PATIENCE, _PATIENCE_A_COLUMN * len(self._columns))

    def insert(self, number: int) -> str:
        """Insert row ``number``; return the last reason where none is taken.

        Tries a bounded number of rows, in proportion to the number of columns; most of them for
        the first row, since a table with one row may have no room for another. From the third on
        a row has NULL where it may and no row before has it, else in a third of the columns that
        may be NULL, if that fits; and a part of a key that a row before has.
        """
        nulls = self._nulls_to_try(number)
        again = self._parts.next_repetition(nulls) if number >= _ALL_NULL else {}
        if again and self._search_repeating(number, again, nulls):
            return ""
        if nulls and self._search_null(number, nulls):
            return ""
        reason = self._search(number, _RESTARTS_LATER if number else _RESTARTS, self._fixed)
        return "" if not reason or (not number and self._climb()) else reason

    def insert_nulls(self) -> None:
        """Insert a row for each column that may be NULL and is so in no row, if one fits."""
        number = _ALL_NULL
        for name in self._never_null():
            number += 1
            self._search_null(number, [name])

    def insert_given(self, wanted: Collection[str], nulls: Collection[str], *, tries: int) -> str:
        """Insert a row with values in the columns ``wanted``; return the last reason why not.

        It has NULL in the columns ``nulls``.
        """
        self._wanted = frozenset(wanted)
        fixed = self._fixed | dict.fromkeys(nulls)
        return self._search(_ALL_NULL, 1, fixed, patience=tries)

    def _nulls_to_try(self, number: int) -> Sequence[str]:
        """Return the columns that are to be NULL in a row: first all that are left, then one.

        Where all are somewhere, a third of them: of two, one is NULL where the other one is not.
        """
        if number < _ALL_NULL:
            return ()
        left = self._never_null()
        if left:
            return left if number == _ALL_NULL else left[:1]
        names = [column.name for column in self._columns if column.nullable]
        return names[number - _ALL_NULL :: _APART] if len(names) > 1 else ()

    def _never_null(self) -> list[str]:
        names = [column.name for column in self._columns if column.nullable]
        known = {*self._fixed, *self._refused_null}
        return self._insert.never_null([name for name in names if name not in known])

    def _search_repeating(self, number: int, again: Row, nulls: Sequence[str]) -> bool:
        """Insert a row with a part of a key that another row has; return whether one is taken."""
        fixed = self._fixed | dict.fromkeys(nulls) | again
        return not self._search(number, 1, fixed, kept=again)

    def _search_null(self, number: int, names: Sequence[str]) -> bool:
        """Insert a row with NULL in these columns; return whether the table takes one."""
        reason = self._search(number, 1, self._fixed | dict.fromkeys(names))
        if reason and len(names) == 1:
            self._refused_null.update(names)
        return not reason

    def _search(
        self,
        number: int,
        restarts: int,
        fixed: Row,
        *,
        patience: int | None = None,
        kept: Collection[str] = (),
    ) -> str:
        """Insert a row with the values ``fixed``; return the last reason where none is taken."""
        reason = ""
        for restart in range(restarts):
            self._draws_unusual = restart > restarts // 2
            row = self._first(number) if not restart else self._drawn(number)
            for _ in range(patience or self._patience):
                reason = self._insert.refusal(row | fixed, kept)
                if not reason:
                    return ""
                row = self._changed(row, reason, number)
        return reason

    def _climb(self) -> bool:
        """Insert a first row that meets several CHECKs at once; return whether one was found."""
        if not self._requirements.rules:
            return False
        climb = HillClimb(
            self._conn, self._requirements, self._chance, draw=self._draw, culprits=self.culprits
        )
        for _ in range(_CLIMBS):
            row = climb.mend(self._drawn(0) | self._fixed, self._fixed)
            if row is not None and not self._insert.refusal(row):
                return True
        return False

    def _first(self, number: int) -> Row:
        """Return the row to try first: as empty as may be for the second, else one value apart."""
        if number == _SPARSE:
            row = {c.name: self._draw(c) for c in self._columns if c.needed}
            needed = {c.name for c in self._requirements.columns if c.needed}
            return self._linked(row, number, only=needed)
        row = {}
        for index, column in enumerate(self._columns):
            values = column.likely or column.values
            row[column.name] = values[(number + index) % len(values)]
        return self._linked(row, number, deep=True)

    def _drawn(self, number: int) -> Row:
        return self._linked({c.name: self._draw(c) for c in self._columns}, number)

    def _changed(self, row: Row, reason: str, number: int) -> Row:
        """Return the row with other values in the columns that SQLite complains of."""
        unique = "UNIQUE" in reason
        names = self.culprits(reason)
        changed = dict(row)
        columns = self._columns
        if names:
            positions = sorted(self._positions[name] for name in names if name in self._positions)
            columns = [self._columns[position] for position in positions]
        for column in columns:
            if names or self._chance.random() < 0.5:
                value = self._draw(column)
                if unique:
                    # The present value met every other rule: stay close to it.
                    near = row.get(column.name) if self._chance.random() < 0.8 else None
                    value = unlike(value if near is None else near, self._chance)
                changed[column.name] = value
        return self._linked(changed, number, only=set(changed))

    def culprits(self, reason: str) -> set[str]:
        """Return the columns a message of SQLite names; none where it names none."""
        match = _FAILED.search(reason)
        if match is None:
            match = _TYPE.search(reason)
            return self._listed(match["what"]) if match else set()
        if match["kind"] == "CHECK":
            said = match["what"]
            texts = tuple(token.text for token in tokenize(said))
            named = self._requirements.rules_named
            rules = (*named.get((said,), ()), *named.get(texts, ())) or self._requirements.rules
            return {name for rule in rules for name in rule.columns}
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
        optional = column.nullable and column.name not in self._wanted
        if optional and self._chance.random() < 0.2:
            return None
        likely = column.likely and self._chance.random() < 0.7
        values = column.likely if likely else column.values
        if self._draws_unusual:
            values = (*values, *column.unusual)
        value = self._chance.choice(values)
        return unlike(value, self._chance) if self._chance.random() < 0.2 else value

    def _linked(
        self, row: Row, number: int, *, only: set[str] | None = None, deep: bool = False
    ) -> Row:
        """Return the row with its foreign keys pointing at rows that are there.

        With ``deep``, a tree gets its third level if it has none.
        """
        linked = dict(row)
        for link in self._requirements.links:
            columns = self._known(link.columns)
            if only is not None and not columns & only:
                continue
            parents = list_parents(self._conn, link)
            own = fold(link.parent) == fold(self._requirements.table)
            middle = find_middle(self._conn, link) if own and deep else None
            if middle is not None:
                linked.update(zip(self._spelled(link.columns), middle, strict=True))
                continue
            # Where no two rows may refer to one, a row may have none left but itself.
            if parents and not (own and self._chance.random() < _SELF):
                chosen = parents[number % len(parents)]
                if self._chance.random() < 0.5:
                    chosen = self._chance.choice(parents)
                linked.update(zip(self._spelled(link.columns), chosen, strict=True))
            elif not parents and all(self._is_nullable(name) for name in columns):
                linked.update(dict.fromkeys(columns))
            elif own:
                linked.update(self._self_reference(link, linked, number))
        return linked

    def _self_reference(self, link: Link, row: Row, number: int) -> Row:
        """Return the values that make a row refer to itself, as the first one of a tree must."""
        own: Row = {}
        for name, target in zip(
            self._spelled(link.columns), self._spelled(link.target), strict=True
        ):
            if target == self._requirements.alias:
                own[target] = number + 1
            own[name] = own.get(target, row.get(target))
        return own

    def _spelled(self, names: Iterable[str]) -> list[str]:
        """Return names of columns as the table spells them, not as a foreign key does."""
        found = ((name, self._requirements.column(name)) for name in names)
        return [column.name if column else name for name, column in found]

    def _is_nullable(self, name: str) -> bool:
        column = self._requirements.column(name)
        return column is None or column.nullable
