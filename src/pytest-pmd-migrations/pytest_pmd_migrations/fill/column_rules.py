"""A column that an INSERT gives a value, and a CHECK, as values."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_pmd_migrations.fill.candidate_values import Value

__all__ = ["Column", "Rule"]


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
