"""A schema as a value: tables, columns, indexes, and the plain facts about each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeAlias

from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.name_globs import globs_of

__all__ = [
    "ORDER",
    "TABLES",
    "UNREADABLE",
    "Nameless",
    "Schema",
    "SchemaObject",
    "TableColumn",
]

ORDER = "order of columns"
"""The fact of a table that differs when only the order of its columns does."""
UNREADABLE = "cannot be read"
"""Begins the columns of a view that SQLite cannot prepare; no name does without quotes."""
TABLES = ("table", "virtual table")
"""The kinds of objects that own columns, indexes, constraints and triggers."""
TableColumn: TypeAlias = tuple[str, str]
"""A table and one of its columns, in lower case as SQLite folds them."""


class Nameless(NamedTuple):
    """Identifies a CHECK or a foreign key, which have no name of their own.

    ``subject`` is the table of a CHECK (``t``) or the columns of a foreign key (``t(a)``).
    ``content`` is the expression of a CHECK or what a foreign key refers to (``p(id)``).
    """

    subject: str
    content: str


class SchemaObject(NamedTuple):
    """One thing in a schema: a table, a column, an index, a constraint, a trigger, a view.

    ``facts`` are (part, value) pairs, such as ``("default", "1")``. ``owner`` is the table that it
    belongs to, empty for an object that stands alone. ``sql`` is its CREATE statement, empty where
    it has none of its own. ``columns`` are the names of a table's or view's columns in their order,
    empty for other kinds. ``column`` is the name of a column without its table's, None for other
    kinds. ``nameless`` is given for a CHECK and a foreign key only.
    """

    kind: str
    name: str
    facts: tuple[tuple[str, str], ...]
    owner: str = ""
    sql: str = ""
    columns: tuple[str, ...] = ()
    column: str | None = None
    nameless: Nameless | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """Equal for the same object in two schemas."""
        # Table t with a column "a.b" and table "t.a" with a column b are two things.
        owner = "" if self.kind in ("index", "trigger") else fold(self.owner)
        # A check is named by its expression, in which the case of a literal counts.
        return self.kind, owner, self.name if self.kind == "check" else fold(self.name)

    @property
    def own_name(self) -> str:
        """The name without the owner's."""
        return self.name if self.column is None else self.column


@dataclass(frozen=True)
class Schema:
    """The objects of a database's schema, independent of how its SQL is spelled."""

    objects: tuple[SchemaObject, ...]

    def means(self, other: Schema) -> bool:
        """Return whether all objects and facts are equal; the spelling of the SQL may differ."""
        return len(self.objects) == len(other.objects) and all(
            one.name == another.name
            and one.facts == another.facts
            and one.kind == another.kind
            and one.owner == another.owner
            for one, another in zip(self.objects, other.objects, strict=True)
        )

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of all facts, as ``sha256:`` and hexadecimal digits."""
        facts = sorted([(o.kind, o.name, o.owner, o.facts) for o in self.objects])
        text = f"[{', '.join(map(_written, facts))}]"
        return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"

    def owned(self, owner: SchemaObject) -> tuple[SchemaObject, ...]:
        """Return the objects that belong to a table."""
        return tuple(self._owned.get(fold(owner.name), ()))

    @cached_property
    def _owned(self) -> dict[str, list[SchemaObject]]:
        """What belongs to each table, by its folded name."""
        owned: dict[str, list[SchemaObject]] = {}
        for found in self.objects:
            if found.owner:
                owned.setdefault(fold(found.owner), []).append(found)
        return owned

    def without(self, patterns: Sequence[str]) -> Schema:
        """Return the schema without the objects whose name matches one of the globs.

        Objects of a matching table are left out too. Letter case makes no difference.
        """
        if not patterns:
            return self
        hides = globs_of(tuple(patterns)).match
        return Schema(
            tuple(
                found
                for found in self.objects
                if not hides(found.name.lower())
                and not (found.owner and hides(found.owner.lower()))
            )
        )


_written = lru_cache(maxsize=65_536)(repr)
"""``repr`` of the facts of one object; a step leaves most objects as they were."""
