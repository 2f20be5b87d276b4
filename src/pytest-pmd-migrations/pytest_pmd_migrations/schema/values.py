"""A schema as a value: objects, and what is true of each, as plain facts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pytest_pmd_migrations.schema.reading.tokens import fold

__all__ = ["ORDER", "Schema", "SchemaObject"]

ORDER = "order of columns"
"""The part of a table that is different when nothing but the order of its columns is."""


@dataclass(frozen=True)
class SchemaObject:
    """One thing in a schema: a table, a column, an index, a constraint, a trigger, a view.

    ``facts`` are (part, value) pairs, such as ``("default", "1")``. ``owner`` is the table it
    belongs to, empty for one that stands alone; ``sql`` is the statement that made it, if it was
    made by one of its own.
    """

    kind: str
    name: str
    facts: tuple[tuple[str, str], ...]
    owner: str = ""
    sql: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What pairs an object with the same one in another schema."""
        # Table t with a column "a.b" and table "t.a" with a column b are two things.
        owner = "" if self.kind in ("index", "trigger") else fold(self.owner)
        # A check is named by its expression, in which the case of a literal counts.
        return self.kind, owner, self.name if self.kind == "check" else fold(self.name)

    @property
    def own_name(self) -> str:
        """The name without the owner's."""
        return self.name.removeprefix(f"{self.owner}.") if self.kind == "column" else self.name


@dataclass(frozen=True)
class Schema:
    """Everything a schema means, and nothing of how it is written."""

    objects: tuple[SchemaObject, ...]

    def means(self, other: Schema) -> bool:
        """Return whether both mean the same, object by object, whatever their SQL looks like."""
        return len(self.objects) == len(other.objects) and all(
            one.name == another.name
            and one.facts == another.facts
            and one.kind == another.kind
            and one.owner == another.owner
            for one, another in zip(self.objects, other.objects, strict=True)
        )

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the facts, with the algorithm's name before it."""
        facts = sorted((o.kind, o.name, o.owner, o.facts) for o in self.objects)
        return f"sha256:{hashlib.sha256(repr(facts).encode('utf-8', 'surrogatepass')).hexdigest()}"

    def owned(self, owner: SchemaObject) -> tuple[SchemaObject, ...]:
        """Return what belongs to a table."""
        name = fold(owner.name)
        return tuple(found for found in self.objects if found.owner and fold(found.owner) == name)

    def without(self, patterns: Sequence[str]) -> Schema:
        """Return the schema without the objects whose name matches one of the globs.

        A table takes what belongs to it along. Letter case makes no difference.
        """
        if not patterns:
            return self

        def hidden(name: str) -> bool:
            return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)

        return Schema(
            tuple(
                found
                for found in self.objects
                if not hidden(found.name) and not (found.owner and hidden(found.owner))
            )
        )
