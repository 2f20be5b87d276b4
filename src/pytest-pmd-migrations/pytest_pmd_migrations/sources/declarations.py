"""Declarations: what a migration says it does to rows on purpose, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

__all__ = [
    "DROP",
    "NOTHING_DECLARED",
    "Condition",
    "DeclarationKey",
    "DeclarationKind",
    "Declarations",
    "merge",
]

DROP = "DROP"
"""The condition that allows the loss of a whole table or column: all its rows or values go."""

DeclarationKind: TypeAlias = Literal["DELETES", "CHANGES", "MOVES"]


@dataclass(frozen=True)
class Condition:
    """Selects the rows for which a loss is allowed: an SQL expression over the old row, and why."""

    sql: str
    reason: str


@dataclass(frozen=True, order=True)
class DeclarationKey:
    """Identifies one declaration of a migration: its kind, and the table or column it names.

    ``name`` is spelled as the migration spells it. The text of a key is ``"DELETES content"``.
    """

    kind: DeclarationKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Declarations:
    """Everything one migration declares.

    ``deletes`` maps "table" (or "table.column", with ``DROP`` only) to a condition, ``changes``
    maps "table.column" to a condition, ``moves`` maps an old "table.column" to a new one. The
    conditions are read against the database before the step. ``verify``, where given, is called
    with two read-only ``sqlite_utils.Database`` objects, before and after the step, and raises
    when something is wrong.
    """

    deletes: Mapping[str, Condition] = field(default_factory=_nothing)
    changes: Mapping[str, Condition] = field(default_factory=_nothing)
    moves: Mapping[str, str] = field(default_factory=_nothing)
    verify: Callable[[Any, Any], object] | None = None

    def list_keys(self) -> Iterator[DeclarationKey]:
        """Yield the key of every declaration."""
        for name in self.deletes:
            yield DeclarationKey("DELETES", name)
        for name in self.changes:
            yield DeclarationKey("CHANGES", name)
        for name in self.moves:
            yield DeclarationKey("MOVES", name)


NOTHING_DECLARED = Declarations()


def merge(first: Declarations, second: Declarations) -> Declarations:
    """Return both declarations as one; ``second`` wins where both speak of one name."""
    return Declarations(
        deletes={**first.deletes, **second.deletes},
        changes={**first.changes, **second.changes},
        moves={**first.moves, **second.moves},
        verify=second.verify or first.verify,
    )
