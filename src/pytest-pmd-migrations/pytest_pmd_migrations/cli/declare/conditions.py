"""Choose the condition of each proposal: one that separates its rows in every lineage."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from itertools import chain

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.cli.declare.proposals import Proposal, ProposalKey, Proposals
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.rows.conditions.separating import separates
from pytest_pmd_migrations.rows.substitute_names import nameable_image, with_substitutes
from pytest_pmd_migrations.snapshots.names import FRESH, Start

__all__ = ["choose_conditions"]

_ALL_ROWS = "1"


def choose_conditions(history: History, proposals: Proposals) -> Proposals:
    """Return the proposals, each with the first condition that no lineage refutes, else ``1``.

    A condition is refuted where it holds for another row than those that were lost or changed, or
    does not hold for one of them. Each lineage is walked once for it.
    """
    open_ones = {key: one for key, one in proposals.of_steps.items() if one.rows}
    left = {
        key: list(dict.fromkeys(chain.from_iterable(r.conditions for r in one.rows.values())))
        for key, one in open_ones.items()
    }
    if any(left.values()):
        starts: tuple[Start, ...] = (FRESH, *history.supported)
        for start in starts:
            _refute(history, start, open_ones, left)
    chosen = {
        key: replace(one, target=next(iter(left[key]), _ALL_ROWS)) for key, one in open_ones.items()
    }
    return replace(proposals, of_steps={**proposals.of_steps, **chosen})


def _refute(
    history: History,
    start: Start,
    proposals: Mapping[ProposalKey, Proposal],
    left: dict[ProposalKey, list[str]],
) -> None:
    """Take out the conditions that a lineage refutes, as far as it comes."""
    try:
        image, limits = history.store.image(start), history.step_limits(start)
        for step in walk(history.application.source, image, limits=limits):
            if step.before is None:
                continue
            wanted = [one for one in proposals.values() if one.version == step.version]
            if not any(left[one.key] for one in wanted):
                continue
            with closing(nameable_image(step.before).connect()) as conn:
                for one in wanted:
                    left[one.key] = _not_refuted(conn, start, one, left[one.key])
    except MigrationTestError:
        # What stopped it is told by its own cells.
        return


def _not_refuted(
    conn: sqlite3.Connection, start: Start, proposal: Proposal, conditions: list[str]
) -> list[str]:
    rows = proposal.rows.get(start)
    if rows is None:
        known = next(iter(proposal.rows.values()))
        rows = known._replace(identities=frozenset())
        if not _has_table(conn, with_substitutes(known.table)):
            return conditions
    named = with_substitutes(rows)
    return [one for one in conditions if separates(conn, named, with_substitutes(one))]


def _has_table(conn: sqlite3.Connection, table: str) -> bool:
    try:
        conn.execute(f"SELECT 1 FROM {quote(table)} LIMIT 0")
    except sqlite3.Error:
        return False
    return True
