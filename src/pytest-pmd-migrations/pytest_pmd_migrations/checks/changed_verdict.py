"""What the check ``frozen`` says of a migration that gives other than its lock line records."""

from __future__ import annotations

from dataclasses import replace

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.new_migration import how_to_begin
from pytest_pmd_migrations.application.recorded_text import Moved, is_edited
from pytest_pmd_migrations.application.stale_snapshots import OF_ITS_PROCESS, is_edited_up_to
from pytest_pmd_migrations.application.varying_step import VaryingStep, find_varying_step
from pytest_pmd_migrations.checks.model import Finding, Note, Row, Verdict
from pytest_pmd_migrations.checks.moved_migration import Things, changes_of, moved_finding
from pytest_pmd_migrations.checks.result_and_culprit import (
    Culprit,
    Difference,
    Lineages,
    culprit_of,
    find_difference,
)
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.schema.drawn_values import CLOCK_AND_DICE, told_drawings
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.sources.applied.edited_migrations import when_edited

__all__ = ["judge_changed"]

Lines = tuple[str, ...]

_CULPRIT = {"edited": "an edited", "removed": "the removed", "inserted": "an inserted"}
"""How a version that others build on is called, by what became of it."""


def judge_changed(
    history: History, row: Row, lineages: Lineages, difference: Difference, moved: Moved | None
) -> Verdict:
    """Return the verdict on a version whose result differs from its lock line.

    ``moved`` says what became of its file since release, where it was renamed or replaced.
    """
    version = row.version
    released = history.store.lock_file.versions[version].released
    culprit = culprit_of(history, version, lineages)
    if not released:
        earlier = (v for v in history.application.versions if v < version)
        if any(find_difference(history, v, lineages) for v in earlier):
            # The command that builds an earlier version anew does so for all later ones.
            return Verdict()
    varying = find_varying_step(history, version, difference.rows) if difference.rows else None
    if released:
        is_itself = culprit is not None and culprit.version == version
        if moved is not None and moved.how != "renamed" and is_itself:
            finding = moved_finding(history, version, moved, difference.lines)
        else:
            finding = _edited(history, version, difference, culprit, varying)
        return Verdict((replace(finding, details=difference.details),))
    if varying is not None and varying.line:
        text = f"other values in each run: {', '.join(varying.columns)}{varying.why}"
        return Verdict(notes=(Note(row, text, varying.line).showing_no_rows(),))
    which = f"{format_version(version)}{history.application.option}"
    command = f"pmd-migrations snapshot --rewrite {which}"
    if varying is None and not is_edited_up_to(history, version):
        text = f"does something else now, by the same text: {OF_ITS_PROCESS}"
        return Verdict(notes=(Note(row, text, command).showing_no_rows(),))
    note = Note(row, "changed since its snapshot was made", command)
    return Verdict(notes=(note.showing_no_rows(),))


def _edited(
    history: History,
    version: int,
    difference: Difference,
    culprit: Culprit | None,
    varying: VaryingStep | None,
) -> Finding:
    name, title = history.application.step_name(version), history.application.title(version)
    things: Things = frozenset(("difference", line) for line in difference.lines)
    mend: Lines = (f"  {how_to_begin(history.application, 'describe the change')}",)
    if culprit is None:
        first = f"{name} no longer does what it did at release"
        what = "its text is as released, but what it builds differs:"
        find = "Find what it depends on besides its own text; put a change into a new migration:"
        mend = (find, *mend)
        if varying is not None:
            # What varies once differs after all later steps too: it is told of the first.
            things = frozenset(("varies", column) for column in varying.columns)
            mend = _record_anew(version, varying)
    elif culprit.version == version:
        things = changes_of(version)
        first = f"{name} was edited after release"
        what = f"released; what it builds now differs from the stored {title}:"
        said = when_edited(history.application.source)
        users = (*wrap_text(f"{said}."), "") if said else ()
        mend = (*users, "Undo the edit and put the change into a new migration:", *mend)
    else:
        things = changes_of(culprit.version)
        other = history.application.title(culprit.version)
        first = f"{name} builds on {_CULPRIT[culprit.was]} {other}"
        what = "its text is as released, but what it builds on is not:"
        if is_edited(history, version):
            what = "its text was edited too, but what differs is what differed before it:"
        number = format_version(culprit.version)
        mend = (
            f"Mend {_file(history, culprit)} first:",
            f"  pytest --migration-matrix -k {number}",
        )
    lines = (f"  {what}", *difference.lines, "", *mend)
    return Finding(headline(first), lines, version, things=things).showing_no_rows()


def _record_anew(version: int, varying: VaryingStep) -> Lines:
    """Return how values that cannot be the same twice are left out of what is recorded."""
    why = (
        f": the step asks {CLOCK_AND_DICE}."
        if not varying.drawn
        else f". {told_drawings(varying.drawn)}"
    )
    lines = wrap_text(f"The values of {', '.join(varying.columns)} differ from run to run{why}")
    say_so = ("Say so in the settings:", f"  {varying.line}") if varying.line else ()
    number = format_version(version)
    return (
        *lines,
        *say_so,
        *wrap_text(f"Delete the lines of [versions.{number}.rows] in {LOCK_FILE}. Record anew:"),
        "  pmd-migrations snapshot",
    )


def _file(history: History, culprit: Culprit) -> str:
    if culprit.was == "removed":
        return history.store.lock_file.versions[culprit.version].file
    return history.application.step_name(culprit.version)
