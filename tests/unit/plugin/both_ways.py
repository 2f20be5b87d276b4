"""Verdicts on an application's cells with sharing and without, which must be the same."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import replace

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import AnyCheck, Verdict
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.judge_cell import judge_cell
from pytest_pmd_migrations.grid.walks import Walks

from tests.unit.plugin.built_application import again

CHECKS = tuple(check for check in all_checks() if check.name != "atomic")


def verdicts(history: History, checks: tuple[AnyCheck, ...]) -> dict[str, Verdict]:
    """The verdict on each cell, without the image that it keeps: pages may lie elsewhere."""
    walks = Walks(history, checks)
    return {
        cell.id: replace(judge_cell(walks, cell), image=None)
        for cell in list_cells(history, checks)
    }


def both_ways(history: History, checks: tuple[AnyCheck, ...] = CHECKS) -> dict[str, Verdict]:
    """The verdict on each cell, which is the same where each lineage takes all its steps."""
    apart = again(history)
    apart = History(apart.application, apart.store, apart.rules._replace(share=False))
    together = verdicts(history, checks)
    assert together == verdicts(apart, checks)
    return together


def steps_taken(history: History, checks: tuple[AnyCheck, ...]) -> Counter[int]:
    """How often each step was taken for all lineages."""
    taken: Counter[int] = Counter()
    source = history.application.source
    original = source.upgrade  # type: ignore[attr-defined]  # of Repeatable

    def upgrade(conn: sqlite3.Connection, to: int) -> None:
        taken[to] += 1
        original(conn, to)

    source.upgrade = upgrade  # type: ignore[attr-defined]
    try:
        Walks(history, checks).all_lineages()
    finally:
        source.upgrade = original  # type: ignore[attr-defined]
    return taken
