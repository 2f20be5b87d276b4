"""Tell why a cell's check cannot be asked: a lineage stopped, or its observer failed.

A step that cannot be taken, and a snapshot that cannot be read, are causes: one cell tells each,
and all others that it keeps from being judged are blocked. Any other error is told as a finding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from sqlite3 import Error

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded_text import edited_after_release
from pytest_pmd_migrations.checks.model import (
    EVERY_CHECK,
    AnyCheck,
    Cause,
    Finding,
    MigrationRow,
    SnapshotRow,
    Verdict,
)
from pytest_pmd_migrations.errors import (
    FreshFailedError,
    MigrationTestError,
    MissingNameError,
    SnapshotError,
    StepFailedError,
)
from pytest_pmd_migrations.grid.walk import Walk
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.messages.error_chain import follow
from pytest_pmd_migrations.messages.printable import printable_text
from pytest_pmd_migrations.messages.wording import (
    HEADLINE,
    error_text,
    folded_names,
    headline,
    wrap_text,
)
from pytest_pmd_migrations.schema.missing_names import missing_names_error
from pytest_pmd_migrations.schema.reading.stand_ins import missing_name
from pytest_pmd_migrations.snapshots.names import FRESH, Fresh, Start, format_version

StepText = tuple[str, tuple[str, ...], frozenset[tuple[str, ...]]]
"""What there is to say of a step that failed: the headline, the lines below it, the things."""

__all__ = [
    "error_verdict",
    "failed_step",
    "fails_by_itself",
    "stopped_lineage",
    "unreached_migration",
    "unseen_lineage",
]


def stopped_lineage(history: History, walk: Walk) -> Verdict | None:
    """Return the verdict on a lineage that could not be walked to latest, None when it was."""
    failure = walk.failure
    if failure is None:
        return None
    if isinstance(failure, SnapshotError) and not isinstance(walk.start, Fresh):
        row = SnapshotRow(walk.start, history.application.label(walk.start.version))
        return Verdict(cause=Cause(row, _error_finding(failure)))
    if isinstance(failure, StepFailedError):
        return Verdict(cause=_step_cause(history, failure), image=walk.last)
    return Verdict((_error_finding(failure),), image=walk.last)


def unreached_migration(walks: Walks, row: MigrationRow) -> Verdict | None:
    """Return the verdict on a migration that no lineage gets through, None where one does.

    A version that the source no longer has is reached by none, and asked about all the same.
    """
    history, lineages = walks.history, walks.all_lineages()
    if row.version not in history.application.versions:
        return None
    if any(row.version in walk.reached for walk in lineages):
        return None
    for walk in lineages:
        failure = walk.failure
        if isinstance(failure, StepFailedError) and failure.version <= row.version:
            return Verdict(cause=_step_cause(history, failure), image=walk.last)
    fresh = walks.lineage(FRESH)
    return None if fresh.failure is None else Verdict((_error_finding(fresh.failure),))


def failed_step(walks: Walks, row: MigrationRow, lineages: Sequence[Walk]) -> tuple[Finding, ...]:
    """Return the story of the step to a version that some of the lineages could not take."""
    history = walks.history
    met: dict[StepText, list[Start]] = {}
    for walk in lineages:
        failure = fails_by_itself(walks, walk, row.version)
        if failure is not None:
            told = _step_headline(history, failure), _step_lines(failure), _step_things(failure)
            met.setdefault(told, []).append(walk.start)
    if not met:
        return ()
    # What tells a failed step is imported where there is one.
    from pytest_pmd_migrations.application.generated_rows import (
        fails_on_generated_rows,
        generated_rows_lines,
    )

    findings: list[Finding] = []
    for (title, below, things), starts in met.items():
        everywhere = len(starts) == 1 + len(history.supported)
        names = folded_names([history.application.start_title(start) for start in starts])
        seen = wrap_text(f"seen from {names}", indent="  ", hanging="  ")
        lines = below if everywhere else (*seen, "", *below)
        head = title
        lines = (*lines, *_edited_lines(history, row.version))
        if fails_on_generated_rows(history, row.version, starts):
            head = _on_generated_rows(title, row.version)
            lines = (*lines, "", *generated_rows_lines(history, starts))
        public = (_failed(history, row.version),)
        findings.append(Finding(head, lines, row.version, things=things, without_rows=public))
    findings[-1] = replace(findings[-1], tells=row)
    return tuple(findings)


def fails_by_itself(walks: Walks, walk: Walk, version: int) -> StepFailedError | None:
    """Return the error of the step to a version, if a lineage could not take it; else None.

    Where a stale snapshot is at fault, its own row tells that.
    """
    failure = walk.failure
    if not isinstance(failure, StepFailedError) or failure.version != version:
        return None
    return None if walks.stale.explains(walk.start, version) else failure


def unseen_lineage(history: History, walk: Walk, check: AnyCheck) -> Verdict | None:
    """Return the verdict of a check that could not observe the lineage, None when it could.

    An error that is neither the package's nor SQLite's is raised again: the check is at fault.
    """
    unseen = walk.unseen.get(check)
    if unseen is None:
        return None
    error = unseen.error
    if isinstance(error, FreshFailedError):
        return error_verdict(history, error)
    if isinstance(error, MigrationTestError):
        return Verdict((_error_finding(error),), image=walk.last)
    missing = missing_name(str(error)) if isinstance(error, Error) else None
    if missing is not None:
        start = history.application.start_title(walk.start)
        where = f"{start} at {history.application.title(unseen.version)}"
        lacking = missing_names_error((where, missing))
        return Verdict((_error_finding(lacking),), image=walk.last)
    if isinstance(error, Error):
        start = history.application.start_title(walk.start)
        where = f"{start} at {history.application.title(unseen.version)}"
        finding = Finding(
            headline(f"{where}: SQLite cannot read it"),
            wrap_text(f"The check {check.name} got {error_text(error)}"),
            unseen.version,
        )
        return Verdict((finding,), image=walk.last)
    raise error


def error_verdict(history: History, error: MigrationTestError) -> Verdict:
    """Return the verdict on a cell that an error of the package's keeps from being judged."""
    step = error.__cause__ if isinstance(error, FreshFailedError) else None
    if isinstance(step, StepFailedError):
        return Verdict(cause=_step_cause(history, step))
    return Verdict((_error_finding(error),))


def _step_cause(history: History, failure: StepFailedError) -> Cause:
    """Return the cause that a step is, as one lineage met it."""
    application, version = history.application, failure.version
    head = _step_headline(history, failure)
    things = _step_things(failure)
    # What a step raised may have values of rows in it.
    finding = Finding(
        head,
        (*_step_lines(failure), *_edited_lines(history, version)),
        version,
        things=things,
        of_step=True,
        without_rows=(_failed(history, version),),
    )
    return Cause(MigrationRow(version, application.label(version)), finding)


def _step_headline(history: History, failure: StepFailedError) -> str:
    return headline(failure.headline or _failed(history, failure.version))


def _failed(history: History, version: int) -> str:
    return f"{history.application.step_name(version)} failed"


def _on_generated_rows(title: str, version: int) -> str:
    """Return a headline that says so as well, with the step's number where its name is too long."""
    from pytest_pmd_migrations.application.generated_rows import GENERATED

    room = HEADLINE - len(GENERATED) - 1
    told = {len(one) <= room: one for one in (f"{format_version(version)} failed", title)}
    return f"{told[True]} {GENERATED}"


def _step_lines(failure: StepFailedError) -> tuple[str, ...]:
    """Return what there is to say below the headline, which is repeated where it was cut."""
    if not failure.headline:
        return (*wrap_text(str(failure)), *_causes(failure), *failure.lines)
    if headline(failure.headline) == failure.headline:
        return failure.lines
    return (*wrap_text(failure.headline), "", *failure.lines)


def _edited_lines(history: History, version: int) -> tuple[str, ...]:
    """Return that a released step is another one now, which is why it fails; else nothing."""
    if not edited_after_release(history, version):
        return ()
    name = history.application.step_name(version)
    told = f"{name} was edited after release: undo the edit, and put the change into a new one."
    return ("", *wrap_text(told))


def _step_things(failure: StepFailedError) -> frozenset[tuple[str, ...]]:
    """Return what a step lacks: the same thing as of a database that lacks it."""
    return frozenset({(EVERY_CHECK, *failure.missing)} if failure.missing else ())


def _error_finding(error: MigrationTestError) -> Finding:
    """Return what an error of the package's says, as a finding: the same thing for every check."""
    if isinstance(error, FreshFailedError) and isinstance(error.__cause__, MigrationTestError):
        error = error.__cause__
    text = str(error)
    if isinstance(error, MissingNameError):
        # Each function is told once, whichever database needs it first.
        needed = frozenset((EVERY_CHECK, kind, name) for _, kind, name in error.needed)
        return Finding(headline(text), _uncut(text), things=needed).showing_no_rows()
    things = frozenset({(EVERY_CHECK, type(error).__name__, text)})
    if isinstance(error, SnapshotError):
        lines = wrap_text(error.detail) if error.detail else _uncut(error.headline)
        return Finding(headline(error.headline), lines, things=things)
    if isinstance(error, StepFailedError):
        lines = _step_lines(error)
        return Finding(headline(text), lines, error.version, things=things)
    return Finding(headline(text), _uncut(text), things=things)


def _uncut(text: str) -> tuple[str, ...]:
    """Return a text in lines where it does not stand in the headline whole."""
    return () if headline(text) == text else wrap_text(text)


def _causes(error: StepFailedError) -> tuple[str, ...]:
    """Return the exceptions behind it that the message does not tell already, one a line."""
    lines: list[str] = []
    for cause in follow(error.__cause__, lambda one: one.__cause__):
        text = printable_text(error_text(cause))
        if text not in str(error) and text.partition(": ")[2] not in str(error):
            lines.extend(wrap_text(text, indent="  "))
    return tuple(lines)
