"""The check ``data``: each step must keep every value of every row, or declare its loss.

Prevents the accident of a rebuild that forgets a column, a cascade that empties a child table,
a WHERE that was too wide: the schema is right afterwards, the rows are gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from sqlite3 import Connection

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import Step, StoredText
from pytest_pmd_migrations.application.upgrade import take_step
from pytest_pmd_migrations.checks.hidden_changes import changed_only_hidden
from pytest_pmd_migrations.checks.model import (
    Check,
    Finding,
    LineageRecord,
    MigrationRow,
    Note,
    Repeating,
    Row,
    SnapshotRow,
    UsedDeclaration,
    Verdict,
)
from pytest_pmd_migrations.checks.stored_damage import judge_stored_damage
from pytest_pmd_migrations.connections.statement_record import StatementRecord
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.rows import (
    VERIFY_RAISED,
    Damages,
    Integrity,
    RowFinding,
    RowsReport,
    check_integrity,
    compare_rows,
    leave_out_excused,
    stray_findings,
    verify_rows,
)
from pytest_pmd_migrations.rows.row_counts import RowCounts
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey, DeclarationKind

__all__ = ["DATA"]

_READS: frozenset[DeclarationKind] = frozenset(
    ("DELETES", "CHANGES", "MOVES", "ORPHANS", "SEQUENCES", "COPIES", "NEEDS_ROWS")
)


@dataclass(frozen=True)
class _Seen:
    """What became of the rows in one step, and what is left of the stored database's damage.

    ``record`` has the statements of the step. ``repeatable`` says that nothing is wrong, and that
    nothing was declared, found or verified, which may hang on any table. ``text`` is the stored
    text of the schema that the lineage begins with.
    """

    report: RowsReport
    stored_damage: Damages
    record: StatementRecord | None = None
    repeatable: bool = field(default=False, compare=False)
    text: StoredText = ()


def _watch(history: History) -> Callable[[Step], _Seen]:
    """Compare the rows before and after each step, and look for what the step damaged."""
    integrity: Integrity | None = None
    stored = Damages()
    limits = history.experiment_limits()

    def observe(step: Step) -> _Seen:
        nonlocal integrity, stored
        known = integrity
        integrity = check_integrity(step.conn, step.after, step.layout, known)
        strays, damage = integrity.strays, integrity.damage
        if step.before is None or known is None:
            stored = damage
            # Rows that point at nothing are no fault of a stored file: users' databases have them
            # where an application never enforced its foreign keys.
            said = (f"{stray.message}, as stored" for stray in stray_findings(strays.counts))
            return _Seen(RowsReport(notes=tuple(said)), stored, text=step.text)
        stored = damage.kept_from(stored)
        broken, stray = damage.since(known.damage), strays.since(known.strays)
        found = (*broken.findings(), *stray_findings(stray))
        report = _compare(history, step, step.before, limits)
        declared = history.application.declarations(step.version)
        findings, used = leave_out_excused((*found, *report.findings), declared)
        report = replace(report, findings=findings, used=report.used | used)
        quiet = report == RowsReport(notes=report.notes) and declared.verify is None
        return _Seen(report, stored, step.record, repeatable=quiet and integrity.is_sound)

    def may_repeat(_version: int, seen: _Seen) -> bool:
        return seen.repeatable and integrity is not None and integrity.is_sound

    def repeat(_version: int, seen: _Seen) -> _Seen:
        nonlocal integrity
        if integrity is not None and integrity.layout is not None:
            integrity = integrity._replace(layout=None)
        return seen

    return Repeating(observe, may_repeat, repeat)


def _compare(history: History, step: Step, before: Image, limits: StepLimits) -> RowsReport:
    declarations = history.application.declarations(step.version)
    # A declaration is read, and tables are counted, whatever the step did.
    asked = history.rules.count_rows or any(declarations.list_row_keys())
    if step.rows_unchanged or (not asked and changed_only_hidden(history, step, before)):
        found = verify_rows(before, step.after, declarations, limits)
        return RowsReport(tuple(found), tables=tuple(_new_tables(history, step)))

    def rerun(conn: Connection) -> None:
        take_step(history.application.source, conn, step.version, limits=limits)

    return compare_rows(
        before,
        step.after,
        declarations=declarations,
        rerun=rerun,
        statements=step.record.all_texts(),
        ignore=history.rules.ignore_patterns,
        volatile=history.volatile,
        limits=limits,
        unchanged=step.unchanged_tables,
        count=history.rules.count_rows,
    )


def _new_tables(history: History, step: Step) -> Iterator[RowCounts]:
    """Yield the rows of the tables that a step only added, where a report counts them."""
    if history.rules.count_rows and step.layout_before is not None:
        from pytest_pmd_migrations.rows.row_tally import new_tables

        before = [one.name for one in step.layout_before.objects if one.type == "table"]
        yield from new_tables(step.conn, before, history.rules.ignore_patterns)


def _judge(history: History, row: Row, lineages: Sequence[LineageRecord[_Seen]]) -> Verdict:
    record = lineages[0]
    stored = _judge_stored(history, row, record)
    label = history.application.label
    findings, remarks = [*stored.findings], [*stored.remarks]
    used: set[UsedDeclaration] = set()
    for version, seen in record.seen.items():
        report = seen.report
        if not (report.findings or report.notes or report.used):
            # There is nothing to say of most steps, and each lineage has many.
            continue
        findings.extend(_finding(history, row, version, found) for found in report.findings)
        about = row if version == record.start.version else MigrationRow(version, label(version))
        remarks.extend(Note(about, note).showing_no_rows() for note in report.notes)
        used.update((version, key) for key in report.used)
    for version, found, needed in _needed_rows(history, record):
        findings.extend(_finding(history, row, version, one) for one in found)
        used.update((version, key) for key in needed)
    return Verdict(tuple(findings), stored.notes, tuple(remarks), frozenset(used), record.last)


def _needed_rows(
    history: History, record: LineageRecord[_Seen]
) -> Iterator[tuple[int, tuple[RowFinding, ...], frozenset[DeclarationKey]]]:
    """Yield what the first step of the lineage does where a table is empty, and what excuses it."""
    if not record.reached or not isinstance(record.start, SnapshotName):
        return
    version = record.reached[0]
    seen = record.seen[version]
    if seen.record is None:
        return
    # Only a stored database that is upgraded is asked.
    from pytest_pmd_migrations.checks.emptied_tables import find_needed_rows

    text = record.seen[record.start.version].text
    found = find_needed_rows(
        history, record.start, version, seen.record, seen.report.findings, text=text
    )
    yield version, *leave_out_excused(found, history.application.declarations(version))


def _judge_stored(history: History, row: Row, record: LineageRecord[_Seen]) -> Verdict:
    if not isinstance(row, SnapshotRow):
        return Verdict()
    damaged = {version: seen.stored_damage for version, seen in record.seen.items()}
    return judge_stored_damage(history, row, damaged)


def _finding(history: History, row: Row, version: int, found: RowFinding) -> Finding:
    # What tells a finding is imported where there is one.
    from pytest_pmd_migrations.application.generated_rows import (
        GENERATED,
        fails_on_generated_rows,
        verify_advice,
    )

    start = [row.snapshot] if isinstance(row, SnapshotRow) else []
    raised = found.message == VERIFY_RAISED
    generated = raised and fails_on_generated_rows(history, version, start)
    what = printable_line(f"verify raised {GENERATED}" if generated else found.message)
    message = f"{history.application.step_name(version)}: {what}"
    first = headline(message)
    uncut = wrap_text(what, indent="  ") if first != message else ()
    shown = found.evidence_lines(history.application.declaration_table(version))
    evidence = ("", *(f"    {line}" for line in shown)) if shown else ()
    if generated:
        evidence = (*evidence, "", *verify_advice(start))
    thing = (format_version(version), found.kind, fold(found.table), fold(found.column or ""))
    lines = (*uncut, *evidence)
    return Finding(
        first,
        lines,
        version,
        things=frozenset({thing}),
        of_step=True,
        declarable=found.declarable,
        # A condition that would allow it may name values too.
        without_rows=(first, *uncut),
    )


def _shares(seen: _Seen, other: _Seen) -> bool:
    """Return whether both began alike: how damaged the stored database was is remembered."""
    return seen.stored_damage == other.stored_damage


DATA = Check("data", "snapshot", _watch, _judge, reads=_READS, shares=_shares)
