"""What every check of a snapshot's row says first: that its lineage did not arrive."""

from __future__ import annotations

from pytest_pmd_migrations.checks.model import Finding, LineageRecord, Verdict
from pytest_pmd_migrations.errors import MigrationTestError, StepFailedError
from pytest_pmd_migrations.history import History
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.wording import headline, wrap_text

__all__ = ["cause_lines", "failed_lineage"]


def failed_lineage(history: History, record: LineageRecord) -> Verdict | None:
    """Return the verdict on a lineage that could not be walked to latest, None when it was."""
    failure = record.failure
    if failure is None:
        return None
    if not isinstance(failure, StepFailedError):
        first, _, rest = str(failure).partition(": ")
        return Verdict((Finding(headline(first), wrap_text(rest or first)),), image=record.last)
    stopped = record.reached[-1] if record.reached else record.start
    name = history.file_name(failure.version) if failure.version in history.versions else ""
    finding = Finding(
        headline(f"{record.label} stopped at {format_version(stopped)}: {name} failed"),
        (*wrap_text(str(failure)), *cause_lines(failure)),
        failure.version,
    )
    return Verdict((finding,), image=record.last)


def cause_lines(error: MigrationTestError) -> tuple[str, ...]:
    """Return the exceptions that led to ``error``, innermost last, one a line."""
    lines: list[str] = []
    cause = error.__cause__
    while cause is not None and len(lines) < 5:
        lines.extend(wrap_text(f"{type(cause).__name__}: {cause}", indent="  "))
        cause = cause.__cause__
    return tuple(lines[1:])
