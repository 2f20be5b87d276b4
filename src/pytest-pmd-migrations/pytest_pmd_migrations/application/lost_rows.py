"""Count the rows that a step takes out of a database, declared or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows import RowsReport, compare_rows, count_rows
from pytest_pmd_migrations.rows.substitute_names import nameable_image
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.sources.applied.bookkeeping import bookkeeping_of
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED, Declarations

__all__ = ["count_lost_rows"]


def count_lost_rows(history: History, before: Image, step: Step) -> int:
    """Return how many rows of ``before`` are in no table any more after ``step``.

    Rows are matched as the check data does. Those of tables that ``migration_ignore`` names are
    counted only, those of the runner's own tables not at all.
    """
    if not before.size:
        return 0
    version, after = step.version, step.after
    ignore, limits = history.rules.ignore_patterns, history.experiment_limits()

    def rerun(conn: sqlite3.Connection) -> None:
        take_step(history.application.source, conn, version, limits=limits)

    def compare(declarations: Declarations) -> RowsReport:
        return compare_rows(
            before,
            after,
            declarations=declarations,
            rerun=rerun,
            ignore=ignore,
            volatile=history.volatile,
            statements=step.record.all_texts(),
            unchanged=step.unchanged_tables,
        )

    # With what is declared, a row is found again whose key changed.
    found = compare(replace(history.application.declarations(version), verify=None)).lost
    if found is None:
        found = compare(NOTHING_DECLARED).lost or 0
    bookkeeping = bookkeeping_of(history.application.source)
    return found + _count_lost_ignored(before, after, ignore, bookkeeping)


def _count_lost_ignored(
    before: Image, after: Image, ignore: Sequence[str], bookkeeping: Sequence[str]
) -> int:
    """Return by how many rows those of ``ignore`` became smaller, the runner's own aside."""
    if set(ignore) <= set(bookkeeping):
        return 0
    images = nameable_image(before), nameable_image(after)
    with closing(images[0].connect()) as old, closing(images[1].connect()) as new:
        compared = {table.name for table in list_tables(old, ignore=ignore).values()}
        left = count_rows(new)
        return sum(
            max(count - left.get(table, 0), 0)
            for table, count in count_rows(old, ignore=bookkeeping).items()
            if table not in compared
        )
