"""Mend a row that several CHECKs refuse: change a value, keep it where no more CHECKs are broken.

SQLite's message names one broken CHECK only. Here a row is stored without them in a savepoint,
each CHECK is evaluated for it, and the savepoint is taken back.
"""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.fill.candidate_values import Row, Value
from pytest_pmd_migrations.fill.column_rules import Column, Rule
from pytest_pmd_migrations.fill.requirements import Requirements

__all__ = ["HillClimb"]

_STEPS_A_RULE = 100
_MOST_STEPS = 1500
_UNSTORED = 1_000_000
"""Stands for the broken CHECKs of a row that is not stored at all: more than any table has."""


class HillClimb:
    """Mends rows of one empty table, whose CHECKs are ``requirements.rules``.

    ``draw`` gives a value for a column; ``culprits`` returns the columns that a reason of SQLite
    names. The connection is as it was after each climb, with its transaction.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        requirements: Requirements,
        chance: random.Random,
        *,
        draw: Callable[[Column], Value],
        culprits: Callable[[str], Collection[str]],
    ) -> None:
        self._conn = conn
        self._requirements = requirements
        self._chance = chance
        self._draw = draw
        self._culprits = culprits

    def mend(self, row: Row, fixed: Collection[str]) -> Row | None:
        """Return a row that breaks no CHECK, made from ``row``; None where none was found.

        The columns ``fixed`` keep their values.
        """
        free = [name for name in row if name not in fixed]
        with self._unchecked():
            count, broken = self._broken(row)
            for _ in range(min(_STEPS_A_RULE * (2 + len(self._requirements.rules)), _MOST_STEPS)):
                if not count:
                    return row
                names = self._chance.choice(broken) if broken else free
                names = [name for name in names if name in free] or free
                if not names:
                    return None
                changed = dict(row)
                for name in self._some(names):
                    changed[name] = self._other_value(row, name, names)
                now, still = self._broken(changed)
                # An equal number may be another CHECK: so the climb does not get stuck.
                if now <= count:
                    row, count, broken = changed, now, still
        return None

    @contextmanager
    def _unchecked(self) -> Iterator[None]:
        [before] = self._conn.execute("PRAGMA ignore_check_constraints").fetchone()
        self._conn.execute("PRAGMA ignore_check_constraints = ON")
        try:
            yield
        finally:
            self._conn.execute(f"PRAGMA ignore_check_constraints = {before}")

    def _broken(self, row: Row) -> tuple[int, Sequence[Sequence[str]]]:
        """Return how many CHECKs the row breaks, and the columns that each of them names."""
        conn, table = self._conn, quote(self._requirements.table)
        names, values = ", ".join(map(quote, row)), ", ".join("?" * len(row))
        conn.execute("SAVEPOINT climb")
        try:
            conn.execute("PRAGMA defer_foreign_keys = ON")
            conn.execute(f"INSERT INTO {table}({names}) VALUES ({values})", tuple(row.values()))
            broken = [rule.columns for rule in self._broken_rules()]
        except sqlite3.DatabaseError as error:
            named = tuple(self._culprits(str(error)))
            return _UNSTORED, [named] if named else []
        finally:
            # A trigger that says RAISE(ROLLBACK) has ended the savepoint already.
            if conn.in_transaction:
                conn.execute("ROLLBACK TO climb")
                conn.execute("RELEASE climb")
        return len(broken), [columns for columns in broken if columns]

    def _broken_rules(self) -> Sequence[Rule]:
        """Return the CHECKs that the one row of the table breaks; NULL breaks none."""
        rules = self._requirements.rules
        try:
            return self._failing(rules)
        except sqlite3.OperationalError:
            # A function refuses the value, as those of JSON do: which one, each CHECK tells.
            return [rule for rule in rules if self._fails(rule)]

    def _failing(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        table = quote(self._requirements.table)
        terms = ", ".join(f"NOT ({rule.sql})" for rule in rules)
        found = self._conn.execute(f"SELECT {terms} FROM {table} LIMIT 1").fetchone()
        return [rule for rule, fails in zip(rules, found or (), strict=False) if fails]

    def _fails(self, rule: Rule) -> bool:
        try:
            return bool(self._failing([rule]))
        except sqlite3.OperationalError:
            return True

    def _some(self, names: Sequence[str]) -> Iterable[str]:
        """Return one of the names, now and then all of them."""
        return names if self._chance.random() < 0.2 else [self._chance.choice(names)]

    def _other_value(self, row: Row, name: str, together: Sequence[str]) -> Value:
        """Return another value for a column: one of its own, or one made of two that are there."""
        column = self._requirements.column(name)
        drawn = self._draw(column) if column else None
        other = row.get(self._chance.choice(together))
        if self._chance.random() < 0.25:
            return drawn
        if isinstance(drawn, str | bytes):
            return _joined(row.get(name), drawn, self._chance)
        if self._chance.random() < 0.5:
            return _between(other, drawn, self._chance)
        return _beside(other, self._chance)


def _between(one: Value, other: Value, chance: random.Random) -> Value:
    """Return a number between two; else the first value."""
    if isinstance(one, int) and isinstance(other, int):
        return chance.randint(min(one, other), max(one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return chance.uniform(min(one, other), max(one, other))
    return one


def _beside(value: Value, chance: random.Random) -> Value:
    """Return a number's neighbour; else the value."""
    if isinstance(value, int | float):
        near = value + chance.choice((-1, 0, 1))
        return near if -(2**63) <= near < 2**63 else value
    return value


def _joined(own: Value, other: Value, chance: random.Random) -> Value:
    """Return parts of two texts or blobs as one, in the length of either; else the second value."""
    if isinstance(own, str) and isinstance(other, str):
        parts = (other + own[len(other) :], own + other[len(own) :], own[: -len(other)] + other)
        return chance.choice((*parts, own[: len(other)]))
    if isinstance(own, bytes) and isinstance(other, bytes):
        blobs = (other + own[len(other) :], own + other[len(own) :], own[: -len(other)] + other)
        return chance.choice((*blobs, own[: len(other)]))
    return other
