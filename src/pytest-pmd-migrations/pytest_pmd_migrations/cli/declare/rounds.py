"""Propose declarations until the matrix finds nothing more that could be declared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.atomic import ATOMIC
from pytest_pmd_migrations.checks.model import AnyCheck
from pytest_pmd_migrations.cli.declare.conditions import choose_conditions
from pytest_pmd_migrations.cli.declare.gathering import Undeclarable, gather
from pytest_pmd_migrations.cli.declare.proposals import (
    Proposal,
    Proposals,
    history_with,
    is_declared,
)

__all__ = ["Found", "propose"]


@dataclass(frozen=True)
class Found:
    """What is to be declared of one history.

    With ``proposals`` declared, the matrix finds ``others``, which cannot be declared, and what the
    proposals ``declared`` already are about: their migration makes such a declaration, which does
    not allow enough.
    """

    history: History
    proposals: Proposals
    declared: tuple[Proposal, ...]
    others: tuple[Undeclarable, ...]


def propose(history: History, checks: Sequence[AnyCheck]) -> Found:
    """Return all that is to be declared of a history, tried out by running the matrix with it.

    One declaration may bring to light what needs another one. No declaration changes what
    ``atomic`` finds, so that it is asked once.
    """
    proposals = Proposals()
    first = gather(history, checks)
    of_atomic = [one for one in first.others if one.cell.endswith(f"[{ATOMIC.name}]")]
    others = [check for check in checks if check is not ATOMIC]
    gathered = first
    while True:
        declared = [
            one for one in gathered.proposals.of_steps.values() if is_declared(history, one)
        ]
        taken = {*proposals.of_steps, *(one.key for one in declared)}
        steps = gathered.proposals.of_steps
        new = Proposals(
            {key: one for key, one in steps.items() if key not in taken},
            {
                name: one
                for name, one in gathered.proposals.of_snapshots.items()
                if name not in proposals.of_snapshots
            },
        )
        if not new:
            left = [one for one in gathered.others if one not in of_atomic]
            return Found(history, proposals, tuple(declared), (*left, *of_atomic))
        tried = history_with(history, proposals)
        proposals = proposals.including(choose_conditions(tried, new))
        gathered = gather(history_with(history, proposals), others)
