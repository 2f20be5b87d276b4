"""Define what is proposed to be declared, and a history as it would be with that declared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.rows.suggested_declaration import LostRows
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.snapshots.names import SnapshotName, Start
from pytest_pmd_migrations.sources.declared.declarations import (
    DROP,
    Condition,
    DeclarationKey,
    DeclarationKind,
    Declarations,
    StoredExcuse,
    merge,
)

__all__ = ["Proposal", "ProposalKey", "Proposals", "StoredProposal", "history_with", "is_declared"]

ProposalKey = tuple[int, DeclarationKind, str]
"""A migration, a kind of declaration, and the name it is about, in lower case."""


@dataclass(frozen=True)
class Proposal:
    """A declaration that a migration should make.

    ``target`` is the condition of DELETES and CHANGES, ``into`` the columns that MOVES names; both
    are empty for an excuse. ``reason`` states the evidence. ``rows`` are the rows that a condition
    must hold for, by what each lineage starts from.
    """

    version: int
    kind: DeclarationKind
    name: str
    target: str
    reason: str
    rows: Mapping[Start, LostRows] = field(default_factory=dict)
    into: tuple[str, ...] = ()

    @property
    def key(self) -> ProposalKey:
        """Equal for two proposals of which only one can be declared."""
        return self.version, self.kind, fold(self.name)

    @property
    def values(self) -> tuple[str, ...]:
        """The value as it is written: a condition and a reason, columns, or a reason."""
        if self.kind == "MOVES":
            return self.into
        return (self.target, self.reason) if self.target else (self.reason,)


@dataclass(frozen=True)
class StoredProposal:
    """What should be said of a stored snapshot: ``damaged = "until 0005"``, ``unsupported``."""

    snapshot: SnapshotName
    what: Literal["damaged", "unsupported"]
    value: str

    def beside(self, said: StoredExcuse) -> StoredExcuse:
        """Return what is said of the snapshot already, and this too, as a check reads it."""
        if self.what == "unsupported":
            return said._replace(unsupported=self.value)
        return said._replace(damaged_until=int(self.value.removeprefix("until ")))


@dataclass(frozen=True)
class Proposals:
    """Everything that is proposed for one history."""

    of_steps: Mapping[ProposalKey, Proposal] = field(default_factory=dict)
    of_snapshots: Mapping[SnapshotName, StoredProposal] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.of_steps or self.of_snapshots)

    def including(self, other: Proposals) -> Proposals:
        """Return both as one.

        A column whose values did not move where they were said to is declared as gone.
        """
        gone = (key for key, one in other.of_steps.items() if one.target == DROP)
        refuted = {(version, "MOVES", name) for version, _, name in gone}
        kept = {key: one for key, one in self.of_steps.items() if key not in refuted}
        return Proposals({**kept, **other.of_steps}, {**self.of_snapshots, **other.of_snapshots})


def is_declared(history: History, proposal: Proposal) -> bool:
    """Return whether the migration makes a declaration of that kind and name already."""
    keys = history.application.declarations(proposal.version).list_keys()
    own = {(key.kind, fold(key.name)) for key in keys}
    return (proposal.kind, fold(proposal.name)) in own


def history_with(history: History, proposals: Proposals) -> History:
    """Return the history as it would be with the proposals declared; nothing is cached in it."""
    declared = dict(history.application.declared)
    for proposal in proposals.of_steps.values():
        before = declared.get(proposal.version, Declarations())
        declared[proposal.version] = merge(before, _declarations([proposal]))
    stored = dict(history.application.stored)
    for name, said in proposals.of_snapshots.items():
        stored[str(name)] = said.beside(stored.get(str(name), StoredExcuse()))
    application = replace(history.application, declared=declared, stored=stored)
    return History(application, Store(history.store.folder, application), history.rules)


def _declarations(proposals: Iterable[Proposal]) -> Declarations:
    deletes, changes, moves, excuses = {}, {}, {}, {}
    for one in proposals:
        match one.kind:
            case "DELETES":
                deletes[one.name] = Condition(one.target, one.reason)
            case "CHANGES":
                changes[one.name] = Condition(one.target, one.reason)
            case "MOVES":
                moves[one.name] = one.into
            case _:
                excuses[DeclarationKey(one.kind, one.name)] = one.reason
    return Declarations(deletes, changes, moves, excuses=excuses)
