"""Compare the rows before and after one step, and ask the migration's own ``verify``."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_pmd_migrations.errors import TemporaryFolderError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import LimitedRun, StepLimits
from pytest_pmd_migrations.limits.time_limit import let_python_run
from pytest_pmd_migrations.messages.wording import error_text
from pytest_pmd_migrations.pages.unchanged_rows import same_content
from pytest_pmd_migrations.processes.pytest_timeout import raise_if_struck
from pytest_pmd_migrations.rows.evidence import cut_line
from pytest_pmd_migrations.rows.rows_report import RowFinding, RowsReport
from pytest_pmd_migrations.sources.declared.declarations import Declarations

if TYPE_CHECKING:
    from pytest_pmd_migrations.rows.moved.experiment import Rerun

__all__ = ["VERIFY_RAISED", "compare_rows", "verify_rows"]

VERIFY_RAISED = "verify(before, after) raised"
"""What a finding says where a migration's own ``verify`` did not like the rows."""


def compare_rows(
    before: Image,
    after: Image,
    *,
    declarations: Declarations,
    rerun: Rerun,
    statements: Sequence[str] = (),
    ignore: Sequence[str] = (),
    volatile: Sequence[str] = (),
    limits: StepLimits | None = None,
    unchanged: Collection[str] = (),
    count: bool = False,
) -> RowsReport:
    """Return what became of every row and value in one step.

    ``rerun`` takes the step again on a connection to a changed copy of ``before``; its
    ``statements`` may say which rows it means. Tables that ``ignore`` (globs) names are left out,
    and the values of columns that ``volatile`` (globs on "table.column") names. The tables of
    ``unchanged`` are not read. ``declarations.verify`` must not raise, nor go beyond ``limits``.
    With ``count`` the rows of each other table are counted.
    """
    report = RowsReport()
    if not same_content(before.stored, after.stored):
        # One in ten of the package's modules: only a step that changed something needs them.
        from pytest_pmd_migrations.rows.step_comparison import compare_step

        report = compare_step(
            before,
            after,
            declarations=declarations,
            rerun=rerun,
            statements=statements,
            ignore=ignore,
            volatile=volatile,
            unchanged=unchanged,
            count=count,
        )
    verified = verify_rows(before, after, declarations, limits or StepLimits())
    return replace(report, findings=(*report.findings, *verified))


def verify_rows(
    before: Image, after: Image, declarations: Declarations, limits: StepLimits
) -> Iterator[RowFinding]:
    """Yield a finding where the migration's ``verify`` raises."""
    if declarations.verify is None:
        return
    from sqlite_utils import Database

    with closing(before.connect()) as old, closing(after.connect()) as new:
        for conn in (old, new):
            conn.execute("PRAGMA query_only = ON")
        limited = LimitedRun(new, limits, ("verify", declarations.verify))
        let_python_run(old)
        try:
            with limited:
                declarations.verify(
                    Database(old, recursive_triggers=False), Database(new, recursive_triggers=False)
                )
        except (KeyboardInterrupt, TemporaryFolderError):
            raise
        except BaseException as error:
            raise_if_struck(error, VERIFY_RAISED.removesuffix(" raised"))
            line = cut_line(limited.stopped.what if limited.stopped else error_text(error))
            yield RowFinding("", None, VERIFY_RAISED, (line,), kind=line)
