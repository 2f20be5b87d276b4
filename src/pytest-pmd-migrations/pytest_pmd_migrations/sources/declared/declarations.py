"""Declarations: what a migration says it does to rows on purpose, as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

__all__ = [
    "DROP",
    "EXCUSES",
    "NOTHING_DECLARED",
    "Condition",
    "DeclarationKey",
    "DeclarationKind",
    "Declarations",
    "ExcuseKind",
    "StoredExcuse",
    "merge",
]

DROP = "DROP"
"""The condition that allows the loss of a whole table or column: all its rows or values go."""

ExcuseKind: TypeAlias = Literal[
    "GUARDS", "ORPHANS", "SEQUENCES", "COPIES", "DANGLING", "NEEDS_ROWS", "AGAIN"
]

DeclarationKind: TypeAlias = Literal["DELETES", "CHANGES", "MOVES"] | ExcuseKind

EXCUSES: tuple[ExcuseKind, ...] = get_args(ExcuseKind)
"""What a migration may excuse besides changed rows: guards that a rebuild leaves out (GUARDS), rows
whose foreign key points at nothing (ORPHANS), an AUTOINCREMENT mark set back (SEQUENCES), rows
that it makes several of (COPIES), names that it leaves without an object (DANGLING), a table that
must not be empty before it (NEEDS_ROWS), and that it cannot be run a second time (AGAIN)."""


@dataclass(frozen=True)
class Condition:
    """Selects the rows for which a loss is allowed: an SQL expression over the old row, and why."""

    sql: str
    reason: str


class DeclarationKey(NamedTuple):
    """Identifies one declaration of a migration: its kind, and the table or column it names.

    ``name`` is spelled as the migration spells it, and empty for AGAIN, which is about the whole
    migration. The text of a key is ``"DELETES content"``.
    """

    kind: DeclarationKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}".rstrip()


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Declarations:
    """Everything one migration declares.

    ``deletes`` maps "table" (or "table.column", with ``DROP`` only) to a condition, ``changes``
    maps "table.column" to a condition, ``moves`` maps an old "table.column" to a new one, or to
    several that have its values together. The conditions are read against the database before the
    step. ``verify``, where given, is called with two read-only ``sqlite_utils.Database`` objects,
    before and after the step, and raises when something is wrong. ``excuses`` gives the reason of
    each excuse (``EXCUSES``), by the kind and the table or other object that it names.
    """

    deletes: Mapping[str, Condition] = field(default_factory=_nothing)
    changes: Mapping[str, Condition] = field(default_factory=_nothing)
    moves: Mapping[str, str | Sequence[str]] = field(default_factory=_nothing)
    verify: Callable[[Any, Any], object] | None = None
    excuses: Mapping[DeclarationKey, str] = field(default_factory=dict)

    def excuse(self, kind: ExcuseKind, name: str = "") -> DeclarationKey | None:
        """Return the key of the excuse of that kind for an object, in any case; None without."""
        wanted = name.lower()
        for key in self.excuses:
            if key.kind == kind and key.name.lower() == wanted:
                return key
        return None

    def targets(self, name: str) -> tuple[str, ...]:
        """Return the columns that MOVES names for a column."""
        into = self.moves[name]
        return (into,) if isinstance(into, str) else tuple(into)

    def list_keys(self) -> Iterator[DeclarationKey]:
        """Yield the key of every declaration."""
        yield from self.list_row_keys()
        yield from self.excuses

    def list_row_keys(self) -> Iterator[DeclarationKey]:
        """Yield the keys of DELETES, CHANGES and MOVES, which speak of rows and values."""
        for name in self.deletes:
            yield DeclarationKey("DELETES", name)
        for name in self.changes:
            yield DeclarationKey("CHANGES", name)
        for name in self.moves:
            yield DeclarationKey("MOVES", name)


NOTHING_DECLARED = Declarations()


class StoredExcuse(NamedTuple):
    """What is said of one stored snapshot that is not as it should be: ``[stored."0003+bug"]``.

    ``damaged_until`` is the version of the migration that mends what is damaged in it, None where
    nothing is said of damage. ``unsupported`` is the reason why it is no longer upgraded, empty
    where it is. ``among`` are the successive versions of which it was said at once, ``0003..0007``;
    empty where it was said of this snapshot alone.
    """

    damaged_until: int | None = None
    unsupported: str = ""
    among: str = ""


def merge(first: Declarations, second: Declarations) -> Declarations:
    """Return both declarations as one; ``second`` wins where both speak of one name."""
    return Declarations(
        deletes={**first.deletes, **second.deletes},
        changes={**first.changes, **second.changes},
        moves={**first.moves, **second.moves},
        verify=second.verify or first.verify,
        excuses={**first.excuses, **second.excuses},
    )
