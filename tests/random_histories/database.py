"""What the scripts of a history have made so far."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from tests.random_histories.tables import Table

__all__ = ["Database", "Thing"]


@dataclass(frozen=True)
class Thing:
    """An index, a view or a trigger: how it is made, and the tables that its text names."""

    kind: str
    name: str
    sql: str
    tables: frozenset[str]

    @property
    def on(self) -> str:
        return next(iter(self.tables))


@dataclass
class Database:
    """What the scripts have made so far; ``script`` is the one that is being written."""

    chance: random.Random
    tables: dict[str, Table] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    indexes: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    script: list[str] = field(default_factory=list)
    number: int = 0

    def fresh_name(self, word: str) -> str:
        self.number += 1
        return f"{word} {self.number}" if self.chance.random() < 0.3 else f"{word}{self.number}"

    def say(self, sql: str) -> None:
        self.script.append(f"{sql};")

    def some_table(self, *roles: str) -> Table | None:
        """A table with a column of one of these roles."""
        found = [t for t in self.tables.values() if not roles or t.of_role(*roles)]
        return self.chance.choice(found) if found else None

    def keep(self, thing: Thing) -> None:
        self.things[thing.name] = thing
        self.say(thing.sql)
