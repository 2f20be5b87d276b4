"""Mend an upgraded database to be like a fresh one: in SQL where a simple statement does it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.spelling import as_sql, one_line
from pytest_pmd_migrations.schema.reading.tokens import tokenize
from pytest_pmd_migrations.schema.values import TABLES, Schema, SchemaObject

__all__ = ["Mend", "Mends"]

_HAVE_SQL = ("index", "trigger", "view")
_CLOCK = ("CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP")


class Mend(NamedTuple):
    """Says how to mend a difference; ``is_sql`` where ``text`` is SQL that does it when run."""

    text: str
    is_sql: bool = True


_REBUILD = Mend("needs a table rebuild", is_sql=False)
_REFILL = Mend("drop it, create it and fill it again", is_sql=False)


class Mends:
    """Says how to make an upgraded database like a fresh one, both of which are read once.

    They are run in the order in which differences are listed: what only the upgraded database
    has, what only the fresh one has, what both have.
    """

    def __init__(self, upgraded: Schema, fresh: Schema) -> None:
        self._upgraded = upgraded
        self._fresh = fresh

    def dropping(self, found: SchemaObject) -> Mend:
        """Return how to remove an object that only the upgraded database has."""
        if found.kind in TABLES:
            return Mend(f"DROP TABLE {as_sql(found.name)};")
        if found.kind in _HAVE_SQL:
            return Mend(f"DROP {found.kind.upper()} {as_sql(found.name)};")
        if found.kind == "column" and not self._is_used(found):
            return Mend(f"ALTER TABLE {as_sql(found.owner)} DROP COLUMN {as_sql(found.own_name)};")
        return _REBUILD

    def creating(self, found: SchemaObject) -> Mend:
        """Return how to make an object that only the fresh database has."""
        if found.kind in TABLES or found.kind in _HAVE_SQL:
            return Mend(self._made(found))
        if found.kind == "column" and self._is_last(found) and _can_be_added(found):
            return Mend(_add_column(found))
        return _REBUILD

    def changing(self, upgraded: SchemaObject, fresh: SchemaObject) -> Mend:
        """Return how to make the upgraded object like the fresh one."""
        if fresh.kind in _HAVE_SQL:
            # The table or view that it was on may have taken it along.
            if_there = "IF EXISTS " if fold(upgraded.owner) in self._goes else ""
            drop = f"DROP {fresh.kind.upper()} {if_there}{as_sql(upgraded.name)};"
            return Mend(f"{drop} {self._made(fresh)}")
        if fresh.kind == "virtual table":
            return _REFILL
        if fresh.kind == "column" and upgraded.facts == fresh.facts:
            old, new = as_sql(upgraded.own_name), as_sql(fresh.own_name)
            return Mend(f"ALTER TABLE {as_sql(fresh.owner)} RENAME COLUMN {old} TO {new};")
        return _REBUILD

    def _made(self, found: SchemaObject) -> str:
        """Return the SQL that makes an object of the fresh database, and what belongs to it."""
        statements = [one_line(found.sql)]
        for one in self._fresh.owned(found) if not found.owner else ():
            if one.kind in _HAVE_SQL:
                moved = self._was_on.get(one.key, fold(found.name)) != fold(found.name)
                drop = [f"DROP {one.kind.upper()} IF EXISTS {as_sql(one.name)};"] if moved else []
                statements += [*drop, one_line(one.sql)]
        return " ".join(statements)

    @cached_property
    def _was_on(self) -> dict[tuple[str, str, str], str]:
        """The folded name of what each index and trigger of the upgraded database is on."""
        return {
            one.key: fold(one.owner)
            for one in self._upgraded.objects
            if one.kind in ("index", "trigger")
        }

    @cached_property
    def _goes(self) -> set[str]:
        """The folded names of the tables and views that only the upgraded database has."""
        stay = {one.key for one in self._fresh.objects if not one.owner}
        return {
            fold(one.name)
            for one in self._upgraded.objects
            if not one.owner and one.key not in stay
        }

    def _is_used(self, column: SchemaObject) -> bool:
        """Return whether SQLite would refuse to drop a column because something else names it."""
        facts = dict(column.facts)
        if facts["primary key"] != "no":
            return True
        name = fold(column.own_name)
        # Triggers and views name columns of any table.
        named = [one for table in ("", fold(column.owner)) for one in self._named(table, name)]
        return any(found != column for found in named)

    def _named(self, table: str, name: str) -> Sequence[SchemaObject]:
        return self._naming.get((table, name), ())

    @cached_property
    def _naming(self) -> dict[tuple[str, str], list[SchemaObject]]:
        """What names a word: triggers and views under no table, the rest under that it belongs to.

        Two are enough to know that something else than a column itself does.
        """
        found: dict[tuple[str, str], list[SchemaObject]] = {}
        for one in self._upgraded.objects:
            if one.kind not in TABLES:
                table = "" if one.kind in ("trigger", "view") else fold(one.owner)
                for word in _words(one):
                    naming = found.setdefault((table, word), [])
                    if len(naming) < 2:
                        naming.append(one)
        return found

    def _is_last(self, column: SchemaObject) -> bool:
        return self._last_columns[fold(column.owner)] == column.own_name

    @cached_property
    def _last_columns(self) -> dict[str, str]:
        """The last column of each table, by the table's folded name."""
        tables = (one for one in self._fresh.objects if one.kind == "table" and one.columns)
        return {fold(table.name): table.columns[-1] for table in tables}


def _words(found: SchemaObject) -> set[str]:
    """Return every word of an object's SQL that may be the name of a column, and some more."""
    texts = [*(found.nameless or (found.name,)), *(value for _, value in found.facts)]
    return {fold(token.value) for text in texts for token in tokenize(text)}


def _can_be_added(column: SchemaObject) -> bool:
    """Return whether ALTER TABLE can add a column: SQLite refuses a default that is no constant."""
    facts = dict(column.facts)
    if facts["primary key"] != "no" or not facts.keys().isdisjoint(("generated", "hidden")):
        return False
    default = tokenize(facts["default"])
    constant = len(default) == 1 and not default[0].is_word(*_CLOCK)
    return constant and not (facts["NOT NULL"] == "yes" and facts["default"] == "none")


def _add_column(column: SchemaObject) -> str:
    """Return the ALTER TABLE statement that adds a column."""
    facts = dict(column.facts)
    required = facts["NOT NULL"] == "yes"
    parts = [f"ALTER TABLE {as_sql(column.owner)} ADD COLUMN {as_sql(column.own_name)}"]
    parts.extend([facts["type"]] if facts["type"] != "none" else [])
    parts.extend(["NOT NULL"] if required else [])
    if required and facts["NOT NULL ON CONFLICT"] != "ABORT":
        parts.append(f"ON CONFLICT {facts['NOT NULL ON CONFLICT']}")
    parts.extend([f"DEFAULT {facts['default']}"] if facts["default"] != "none" else [])
    parts.extend([f"COLLATE {facts['collation']}"] if facts["collation"] != "BINARY" else [])
    return " ".join(parts) + ";"
