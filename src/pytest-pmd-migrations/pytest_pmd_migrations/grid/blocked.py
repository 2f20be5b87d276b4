"""Tell why a cell's check cannot be asked: a lineage stopped, or its observer failed."""

from __future__ import annotations

from sqlite3 import Error

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import AnyCheck, Finding, Verdict
from pytest_pmd_migrations.errors import (
    FreshFailedError,
    MigrationTestError,
    SnapshotError,
    StepFailedError,
)
from pytest_pmd_migrations.grid.walks import Walk
from pytest_pmd_migrations.wording import headline, wrap_text

__all__ = ["error_finding", "failed_lineage", "unseen_lineage"]


def failed_lineage(history: History, walk: Walk) -> Verdict | None:
    """Return the verdict on a lineage that could not be walked to latest, None when it was."""
    failure = walk.failure
    if failure is None:
        return None
    finding = error_finding(history, failure)
    if isinstance(failure, StepFailedError):
        application = history.application
        stopped = application.title(walk.reached[-1] if walk.reached else walk.start.version)
        name = application.file_name(failure.version)
        start = application.start_title(walk.start)
        head = headline(failure.headline or f"{start} stopped at {stopped}: {name} failed")
        finding = Finding(head, finding.lines, finding.version)
    return Verdict((finding,), image=walk.last)


def unseen_lineage(history: History, walk: Walk, check: AnyCheck) -> Verdict | None:
    """Return the verdict of a check that could not observe the lineage, None when it could.

    An error that is neither the package's nor SQLite's is raised again: the check is at fault.
    """
    unseen = walk.unseen.get(check)
    if unseen is None:
        return None
    error = unseen.error
    if isinstance(error, MigrationTestError):
        finding = error_finding(history, error)
    elif isinstance(error, Error):
        start = history.application.start_title(walk.start)
        where = f"{start} at {history.application.title(unseen.version)}"
        finding = Finding(
            headline(f"{where}: SQLite cannot read it"),
            wrap_text(f"The check {check.name} got {type(error).__name__}: {error}"),
            unseen.version,
        )
    else:
        raise error
    return Verdict((finding,), image=walk.last)


def error_finding(history: History, error: MigrationTestError) -> Finding:
    """Return what an error of the package's says, as a finding."""
    text = str(error)
    if isinstance(error, SnapshotError):
        return Finding(headline(error.headline), wrap_text(error.detail or error.headline))
    if not isinstance(error, StepFailedError):
        return Finding(headline(text), wrap_text(text))
    head = text
    if isinstance(error, FreshFailedError):
        head = f"no fresh database: {history.application.file_name(error.version)} failed"
    if error.headline:
        return Finding(headline(error.headline), _uncut(error), error.version)
    return Finding(headline(head), (*wrap_text(text), *_causes(error), *error.lines), error.version)


def _uncut(error: StepFailedError) -> tuple[str, ...]:
    """Return the lines of an error below its headline, which they repeat where it was cut."""
    if headline(error.headline) == error.headline:
        return error.lines
    return (*wrap_text(error.headline), "", *error.lines)


def _causes(error: StepFailedError) -> tuple[str, ...]:
    """Return the exceptions behind it that the message does not tell already, one a line."""
    lines: list[str] = []
    cause = error.__cause__
    while cause is not None:
        text = f"{type(cause).__name__}: {cause}"
        if text not in str(error) and str(cause) not in str(error):
            lines.extend(wrap_text(text, indent="  "))
        cause = cause.__cause__
    return tuple(lines)
