"""Compare all tables before and after one step, by a private copy of each database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import closing

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.findings import broken_declaration
from pytest_pmd_migrations.rows.matching.sides import open_sides
from pytest_pmd_migrations.rows.moved.experiment import Rerun
from pytest_pmd_migrations.rows.moved.repeatable_step import RepeatableStep
from pytest_pmd_migrations.rows.ordinary_schema import objects_of
from pytest_pmd_migrations.rows.resolved_declarations import BrokenDeclarationError
from pytest_pmd_migrations.rows.rows_report import RowsReport
from pytest_pmd_migrations.rows.substitute_names import (
    with_real_names,
    with_substitutes,
    without_substitutes,
)
from pytest_pmd_migrations.rows.table_comparison import TableComparison
from pytest_pmd_migrations.rows.unread_tables import unread_tables
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.sources.declared.declarations import Declarations

__all__ = ["compare_step"]


def compare_step(
    before: Image,
    after: Image,
    *,
    declarations: Declarations,
    rerun: Rerun,
    statements: Sequence[str],
    ignore: Sequence[str],
    volatile: Sequence[str],
    unchanged: Collection[str],
    count: bool = False,
) -> RowsReport:
    """Return what became of every row and value in one step, as ``compare_rows`` describes it."""
    try:
        with open_sides(before, after, declarations, ignore=ignore) as (old, new):
            if old.image is before and new.image is after:
                same = frozenset(map(fold, unchanged))
                step = RepeatableStep(before, old, new, rerun, ignore, statements, same)
                return _compare_tables(step, volatile, count=count)
            own = with_real_names(rerun)
            same = frozenset(map(fold, with_substitutes(frozenset(unchanged))))
            step = RepeatableStep(old.image, old, new, own, ignore, statements, same)
            named = with_substitutes(tuple(volatile))
            return without_substitutes(_compare_tables(step, named, count=count))
    except BrokenDeclarationError as error:
        return RowsReport((without_substitutes(broken_declaration(error)),), lost=None)


def _compare_tables(step: RepeatableStep, volatile: Sequence[str], *, count: bool) -> RowsReport:
    comparison = TableComparison(step, volatile, count=count)
    with closing(step):
        comparison.run()
    objects = objects_of(step.old.image)
    unread = unread_tables(step.old.conn, ignore=step.ignore, objects=objects).items()
    notes = [f"{name}: {reason}, its rows are not compared" for name, reason in unread]
    return RowsReport(
        tuple(comparison.findings),
        (*notes, *comparison.notes),
        frozenset(step.old.declared.used),
        comparison.lost,
        comparison.tables,
    )
