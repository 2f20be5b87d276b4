"""The check ``frozen``: a released migration must still produce the schema and rows it did.

Prevents the accident this package was written for: a migration that users have already run is
edited, removed, renumbered, or gets a new one squeezed in before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.put_back import mend_removed, removed_name
from pytest_pmd_migrations.application.recorded import RowDigester, misses_marks
from pytest_pmd_migrations.application.recorded_text import (
    Moved,
    find_moved,
    surely_edited,
)
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.checks.idle_step import IdleWatcher
from pytest_pmd_migrations.checks.model import (
    Cause,
    Check,
    Finding,
    MigrationRow,
    Note,
    Repeating,
    Row,
    SnapshotRow,
    Verdict,
)
from pytest_pmd_migrations.checks.moved_migration import changes_of, moved_finding
from pytest_pmd_migrations.checks.other_text import other_text
from pytest_pmd_migrations.checks.reached import reaching
from pytest_pmd_migrations.checks.result_and_culprit import Lineages, StepResult, find_difference
from pytest_pmd_migrations.checks.sharing import shares_always
from pytest_pmd_migrations.messages.wording import headline, typed_path, wrap_text
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.abilities import goes_to_latest_only
from pytest_pmd_migrations.sources.applied.edited_migrations import altered_versions, when_edited
from pytest_pmd_migrations.sources.applied.recorded_order import inserted_before

__all__ = ["FROZEN", "removed_after_release"]


def _watch(history: History) -> Callable[[Step], StepResult]:
    source = history.application.source
    digester, is_idle = RowDigester(history), IdleWatcher(source)
    versions = frozenset(history.application.versions)
    repeated: int | None = None

    def observe(step: Step) -> StepResult:
        nonlocal repeated
        if repeated is not None:
            is_idle.arrive(history.fresh.text(repeated), digester.tables)
            repeated = None
        digested = digester.digest(step)
        idle, failed = is_idle(step, digester.tables), tuple(step.record.failed)
        is_fresh = step.version in versions and step.text == history.fresh.text(step.version)
        known = digested if is_fresh else None
        is_first = step.before is None and step.version > 0
        altered = altered_versions(source, step.conn) if is_first else {}
        return StepResult(digested.whole, idle, failed, known, altered)

    def may_repeat(version: int, seen: StepResult) -> bool:
        return seen.digested is not None and digester.may_repeat(version, seen.digested)

    def repeat(version: int, seen: StepResult) -> StepResult:
        nonlocal repeated
        if seen.digested is None:
            return seen
        rows, repeated = digester.repeat(version, seen.digested), version
        return StepResult(rows, seen.idle, seen.failed, altered=seen.altered)

    return Repeating(observe, may_repeat, repeat)


def _judge(history: History, row: Row, lineages: Lineages) -> Verdict:
    verdict = _compare(history, row, lineages)
    if verdict.findings or not isinstance(row, MigrationRow):
        return verdict
    return replace(verdict, notes=(*verdict.notes, *_step_notes(history, row, lineages)))


def _step_notes(history: History, row: MigrationRow, lineages: Lineages) -> Iterator[Note]:
    """Yield what a migration does in the lineages that reach it: nothing, or it caught an error."""
    version, reached = row.version, reaching(lineages, row.version)
    if not reached:
        return
    here = [one for record in reached for one in record.seen[version].failed]
    elsewhere = (
        one
        for record in lineages
        for number, seen in record.seen.items()
        if number != version
        for one in seen.failed
    )
    if here:
        # Hardly any step catches one.
        from pytest_pmd_migrations.checks.caught_errors import tell_caught_errors

        yield from tell_caught_errors(history, row, here, elsewhere)
    if not all(record.seen[version].idle for record in reached):
        return
    stopped = [r for r in lineages if r.start.version < version and not r.reaches(version)]
    # A lineage that stopped might have shown what the step does.
    if not stopped:
        yield Note(row, "changes nothing: neither the schema nor a stored row").showing_no_rows()


def _compare(history: History, row: Row, lineages: Lineages) -> Verdict:
    version = row.version
    line = history.store.lock_file.versions.get(version)
    removed = removed_after_release(history, row)
    if removed is not None:
        newest = version > history.application.latest
        return Verdict(cause=removed) if newest else Verdict((removed.finding,))
    inserted = _inserted(history, row)
    if inserted is not None:
        return inserted
    if line is None:
        return _unlocked(history, row)
    # Asked first: a source that cannot say where a migration is written must not pass.
    edited = surely_edited(history, version)
    moved = find_moved(history, version)
    difference = find_difference(history, version, lineages)
    edited = edited and line.released
    if not difference:
        other = None if edited or moved else other_text(history, row, lineages)
        if other is not None:
            return Verdict((other,))
        if edited and moved is None:
            return Verdict(notes=(_edited_harmlessly(history, row),))
        return Verdict(notes=_moved_harmlessly(row, moved))
    # What tells a change is imported where there is one.
    from pytest_pmd_migrations.checks.changed_verdict import judge_changed

    return judge_changed(history, row, lineages, difference, moved)


def _inserted(history: History, row: Row) -> Verdict | None:
    """Return the verdict on a migration that stands before older ones in the runner's order."""
    source = history.application.source
    if row.version not in history.application.versions:
        return None
    if inserted_before(source, row.version) is None:
        return None
    from pytest_pmd_migrations.checks.inserted_migration import judge_inserted

    return judge_inserted(history, row)


def _moved_harmlessly(row: Row, moved: Moved | None) -> tuple[Note, ...]:
    """Return what is to be known of a migration whose file went elsewhere, if it did."""
    if moved is None:
        return ()
    how = {
        "renamed": f"{moved.was} was renamed to {moved.now} since release",
        "renumbered": f"{moved.was} was renumbered to {moved.now} since release, and what"
        " stands in its place does the same",
        "replaced": f"{moved.now} stands in the place of {moved.was} since release, and does"
        " the same",
    }
    return (Note(row, how[moved.how]).showing_no_rows(),)


def _edited_harmlessly(history: History, row: Row) -> Note:
    """Return the note on a migration that still does what it did, as far as that is recorded."""
    told = "its text changed since release, what it does did not"
    if misses_marks(history, row.version):
        told = (
            "its text changed since release, the schema and rows that it gives did not;"
            " AUTOINCREMENT's marks were not recorded then"
        )
    users = when_edited(history.application.source)
    return Note(row, f"{told}; {users}" if users else told).showing_no_rows()


def removed_after_release(history: History, row: Row) -> Cause | None:
    """Return the cause that a released migration is where the source no longer has it, else None.

    Where it was the newest, it is also why its snapshots cannot be upgraded.
    """
    version = row.version
    line = history.store.lock_file.versions.get(version)
    if line is None or not line.released or version in history.application.versions:
        return None
    if goes_to_latest_only(history.application.source):
        return None
    moved = find_moved(history, version)
    if moved is not None:
        return Cause(MigrationRow(version, row.label), moved_finding(history, version, moved))
    lines = (
        *wrap_text(
            f"{LOCK_FILE} has {row.title} as released; the source has no such"
            " version. Databases at it, or on the way to it, can no longer be upgraded as they"
            " were."
        ),
        "",
        *mend_removed(history, version),
    )
    head = headline(f"{removed_name(history, version)} was removed after release")
    finding = Finding(head, lines, version, things=changes_of(version)).showing_no_rows()
    return Cause(MigrationRow(version, row.label), finding)


def _unlocked(history: History, row: Row) -> Verdict:
    version = row.version
    name = history.application.step_name(version)
    newest = history.store.lock_file.newest_released
    store = history.store
    if SnapshotName(version) in store.lock_file.snapshots or store.has_lost_releases:
        return Verdict((_lost_line(history, row),))
    if version < newest:
        lines = (
            *wrap_text(
                f"{history.application.title(newest)} is released, and databases at it will never"
                f" run {row.title}: a runner only goes forward."
            ),
            "",
            f"Give {name} the next free number.",
        )
        head = headline(f"{name} was inserted before a release")
        finding = Finding(head, lines, version, things=changes_of(version))
        return Verdict((finding.showing_no_rows(),))
    if version == history.application.latest:
        note = Note(row, f"not in {LOCK_FILE} yet", "pmd-migrations snapshot")
        return Verdict(notes=(note.showing_no_rows(),))
    lines = (
        f"{LOCK_FILE} records what each version gives; expected a line for {row.title}.",
        "",
        "Write it:",
        "  pmd-migrations snapshot",
    )
    head = headline(f"{name} has no line in {LOCK_FILE}")
    finding = Finding(head, lines, version).showing_no_rows()
    snapshot = SnapshotName(version)
    if snapshot in history.store.names:
        return Verdict((finding,))
    # The command that makes the missing snapshot writes the line too: one cause.
    return Verdict(cause=Cause(SnapshotRow(snapshot, history.application.label(version)), finding))


def _lost_line(history: History, row: Row) -> Finding:
    """Return the finding that a line was there: written anew, it would not say "released"."""
    told = (
        f"{LOCK_FILE} has the snapshot of {row.title}, and no longer what it gives, nor whether it"
        " is released."
    )
    if history.store.has_lost_releases:
        told = f"{LOCK_FILE} is gone, and with it what is released. git has it."
    mend = f"Restore the file: git checkout HEAD -- {typed_path(history.store.lock_path)}"
    head = headline(f"{history.application.step_name(row.version)} has no line in {LOCK_FILE}")
    return Finding(head, (*wrap_text(told), "", mend), row.version).showing_no_rows()


FROZEN = Check("frozen", "migration", _watch, _judge, asks_removed=True, shares=shares_always)
