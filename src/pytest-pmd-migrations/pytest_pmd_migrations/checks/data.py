"""The check ``data``: each step must keep every value of every row, or declare its loss.

Prevents the accident of a rebuild that forgets a column, a cascade that empties a child table,
a WHERE that was too wide: the schema is right afterwards, the rows are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from sqlite3 import Connection

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import Step, take_step
from pytest_pmd_migrations.checks.model import (
    Check,
    Finding,
    LineageRecord,
    MigrationRow,
    Note,
    Row,
    UsedDeclaration,
    Verdict,
)
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.printable import printable_line
from pytest_pmd_migrations.rows import (
    RowFinding,
    RowsReport,
    Strays,
    check_integrity,
    compare_rows,
    find_strays,
    stray_findings,
)
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.snapshots.names import FRESH, format_version
from pytest_pmd_migrations.sources.protocol import volatile_columns
from pytest_pmd_migrations.wording import headline, wrap_text

__all__ = ["DATA"]


def _watch(history: History) -> Callable[[Step], RowsReport]:
    """Compare the rows before and after each step; the stored file itself must be sound."""
    strays = Strays()
    # A step that does not end with other values has not met its limit with its own.
    limits = replace(history.step_limits(FRESH), met={})

    def observe(step: Step) -> RowsReport:
        nonlocal strays
        now = find_strays(step.conn)
        # Rows that point at nothing are no fault of a stored file: users' databases have them
        # where an application never enforced its foreign keys.
        known = now if step.before is None else strays
        found = check_integrity(step.conn, step.after, strays=now, before=known)
        strays = now
        if step.before is None:
            said = (f"{stray.message}, as stored" for stray in stray_findings(now.counts))
            return RowsReport(found, tuple(said))
        report = _compare(history, step, step.before, limits)
        return replace(report, findings=(*found, *report.findings))

    return observe


def _compare(history: History, step: Step, before: Image, limits: StepLimits) -> RowsReport:
    declarations = history.application.declarations(step.version)
    if step.rows_unchanged and declarations.verify is None:
        return RowsReport()

    def rerun(conn: Connection) -> None:
        take_step(history.application.source, conn, step.version, limits=limits)

    return compare_rows(
        before,
        step.after,
        declarations=declarations,
        rerun=rerun,
        ignore=history.rules.ignore_patterns,
        volatile=volatile_columns(history.application.source),
        limits=limits,
    )


def _judge(history: History, row: Row, lineages: Sequence[LineageRecord[RowsReport]]) -> Verdict:
    record = lineages[0]
    label = history.application.label
    findings: list[Finding] = []
    remarks: list[Note] = []
    used: set[UsedDeclaration] = set()
    for version, report in record.seen.items():
        stored = version == record.start.version
        findings.extend(
            _finding(history, row, version, found, stored=stored) for found in report.findings
        )
        about = row if stored else MigrationRow(version, label(version))
        remarks.extend(Note(about, note) for note in report.notes)
        used.update((version, key) for key in report.used)
    return Verdict(tuple(findings), remarks=tuple(remarks), used=frozenset(used), image=record.last)


def _finding(
    history: History, row: Row, version: int, found: RowFinding, *, stored: bool
) -> Finding:
    where = f"stored {row.title}" if stored else history.application.step_name(version)
    what = printable_line(found.message)
    message = f"{where}: {what}"
    first = headline(message)
    uncut = wrap_text(what, indent="  ") if first != message else ()
    shown = found.evidence_lines(history.application.declaration_table(version))
    evidence = ("", *(f"    {line}" for line in shown)) if shown else ()
    if stored:
        blamed = f"  in the stored snapshot {row}, before any step"
        return Finding(first, (blamed, *uncut, *evidence), version)
    thing = (format_version(version), found.kind, fold(found.table), fold(found.column or ""))
    lines = (*uncut, *evidence)
    return Finding(first, lines, version, things=frozenset({thing}), of_step=True)


DATA = Check("data", "snapshot", _watch, _judge, reads=frozenset(("DELETES", "CHANGES", "MOVES")))
