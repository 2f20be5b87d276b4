"""The check ``frozen``: a released migration must still produce the schema and rows it did.

Prevents the accident this package was written for: a migration that users have already run is
edited, removed, renumbered, or gets a new one squeezed in before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from pytest_pmd_migrations.application.changed import is_edited
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import table_digester
from pytest_pmd_migrations.application.upgrade import Step
from pytest_pmd_migrations.checks.idle_step import idle_watcher
from pytest_pmd_migrations.checks.model import (
    Cause,
    Check,
    Finding,
    LineageRecord,
    Note,
    Row,
    SnapshotRow,
    Verdict,
)
from pytest_pmd_migrations.checks.reached import reaching
from pytest_pmd_migrations.rows import combine_digests
from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.schema.showing.full_sql import full_sql
from pytest_pmd_migrations.schema.showing.lines import diff_lines
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE, VersionLine
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.wording import headline, wrap_text

__all__ = ["FROZEN"]

Lines = tuple[str, ...]

_LABELS = ("stored", "fresh now")


@dataclass(frozen=True)
class _Seen:
    """What one step left: the digest of the rows, and whether it changed nothing at all."""

    rows: str
    idle: bool


def _watch(history: History) -> Callable[[Step], _Seen]:
    digest, is_idle = table_digester(history), idle_watcher(history)

    def observe(step: Step) -> _Seen:
        tables = digest(step)
        return _Seen(combine_digests(tables), is_idle(step, tables))

    return observe


def _judge(history: History, row: Row, lineages: Sequence[LineageRecord[_Seen]]) -> Verdict:
    verdict = _compare(history, row, lineages)
    version, reached = row.version, reaching(lineages, row.version)
    idle = all(record.seen[version].idle for record in reached)
    stopped = [r for r in lineages if r.start.version < version and version not in r.reached]
    # A lineage that stopped might have shown what the step does.
    if verdict.findings or stopped or not reached or not idle:
        return verdict
    note = Note(row, "changes nothing: neither the schema nor a stored row")
    return replace(verdict, notes=(*verdict.notes, note))


def _compare(history: History, row: Row, lineages: Sequence[LineageRecord[_Seen]]) -> Verdict:
    version = row.version
    line = history.store.lock_file.versions.get(version)
    if version not in history.application.versions:
        return _removed(history, row)
    if line is None:
        return _unlocked(history, row)
    # Where the schema is another, rows stand in other tables: that needs no words of its own.
    differences, details = _schema_lines(history, version, line)
    differences = differences or _row_lines(history, line, version, lineages)
    edited = is_edited(history, version)
    if not differences:
        notes = (Note(row, "its text changed since release, what it does did not"),)
        return Verdict(notes=notes if edited and line.released else ())
    if not line.released:
        command = f"pmd-migrations snapshot --rewrite {format_version(version)}"
        return Verdict(notes=(Note(row, "changed since its snapshot was made", command),))
    return Verdict((replace(_edited(history, version, differences), details=details),))


def _schema_lines(history: History, version: int, line: VersionLine) -> tuple[list[str], Lines]:
    """Return how the schema differs from the recorded one, and the whole SQL of it."""
    fresh = history.fresh_schema(version)
    if fresh.fingerprint == line.schema:
        return [], ()
    name = SnapshotName(version)
    if name in history.store.names:
        with closing(history.store.read(name).connect()) as conn:
            stored, text = history.rules.visible(read_schema(conn)), stored_text(conn)
        diff = compare(stored, fresh)
        if diff:
            texts = text, history.fresh.text(version)
            details = full_sql(diff, (stored, fresh), texts, labels=_LABELS)
            return [f"  {shown}" for shown in diff_lines(diff, labels=_LABELS)], tuple(details)
    return [f"  its schema has another fingerprint than {LOCK_FILE} records"], ()


def _row_lines(
    history: History, line: VersionLine, version: int, lineages: Sequence[LineageRecord[_Seen]]
) -> list[str]:
    """Return a line for the lineages whose rows after the step are not those recorded."""
    other: list[str] = []
    for record in reaching(lineages, version):
        recorded = line.rows.get(record.start)
        if recorded is not None and record.seen[version].rows != recorded:
            other.append(history.application.start_title(record.start))
    if not other:
        return []
    text = f"other rows after this step, upgraded from {', '.join(other)}"
    return [*wrap_text(text, indent="  ")]


def _edited(history: History, version: int, differences: list[str]) -> Finding:
    name, title = history.application.file_name(version), history.application.title(version)
    earlier = [v for v in history.application.versions if v < version and is_edited(history, v)]
    new = '  pmd-migrations new "describe the change"'
    if is_edited(history, version):
        things = _edit_of(version)
        first = f"{name} was edited after release"
        what = f"released; what it builds now differs from the stored {title}:"
        mend = ("Undo the edit and put the change into a new migration:", new)
    elif earlier:
        things = _edit_of(earlier[0])
        first = f"{name} builds on an edited {history.application.title(earlier[0])}"
        what = "its text is as released, but what it builds on is not:"
        mend = (
            f"Mend {history.application.file_name(earlier[0])} first:",
            f"  pytest --migration-matrix -k {format_version(earlier[0])}",
        )
    else:
        things = frozenset(("difference", line) for line in differences)
        first = f"{name} no longer does what it did at release"
        what = "its text is as released, but what it builds differs:"
        mend = (
            "Find what it depends on besides its own text; put a change into a new migration:",
            new,
        )
    lines = (f"  {what}", *differences, "", *mend)
    return Finding(headline(first), lines, version, things=things)


def _edit_of(version: int) -> frozenset[tuple[str, ...]]:
    """Return what makes all findings that come from one edited migration the same."""
    return frozenset({("edited", format_version(version))})


def _removed(history: History, row: Row) -> Verdict:
    version = row.version
    line = history.store.lock_file.versions[version]
    lines = (
        *wrap_text(
            f"{LOCK_FILE} has {row.title} as released; the source has no such"
            " version. Databases at it, or on the way to it, can no longer be upgraded as they"
            " were."
        ),
        "",
        f"Restore {line.file} under its old number.",
    )
    return Verdict((Finding(headline(f"{line.file} was removed after release"), lines, version),))


def _unlocked(history: History, row: Row) -> Verdict:
    version = row.version
    name = history.application.file_name(version)
    newest = history.store.lock_file.newest_released
    if version < newest:
        lines = (
            *wrap_text(
                f"{history.application.title(newest)} is released, and databases at it will never"
                f" run {row.title}: a runner only goes forward."
            ),
            "",
            f"Give {name} the next free number.",
        )
        finding = Finding(headline(f"{name} was inserted before a release"), lines, version)
        return Verdict((finding,))
    if version == history.application.latest:
        note = Note(row, f"not in {LOCK_FILE} yet", "pmd-migrations snapshot")
        return Verdict(notes=(note,))
    lines = (
        f"{LOCK_FILE} records what each version gives; expected a line for {row.title}.",
        "",
        "Write it:",
        "  pmd-migrations snapshot",
    )
    finding = Finding(headline(f"{name} has no line in {LOCK_FILE}"), lines, version)
    snapshot = SnapshotName(version)
    if snapshot in history.store.names:
        return Verdict((finding,))
    # The command that makes the missing snapshot writes the line too: one cause.
    return Verdict(cause=Cause(SnapshotRow(snapshot, history.application.label(version)), finding))


FROZEN = Check("frozen", "migration", _watch, _judge, asks_removed=True)
