"""Judge one cell: of a snapshot or of a migration; what is said where no snapshot is stored."""

from __future__ import annotations

from dataclasses import replace

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.frozen import removed_after_release
from pytest_pmd_migrations.checks.model import (
    AnyCheck,
    Cause,
    Finding,
    MigrationRow,
    Note,
    Row,
    SnapshotRow,
    Verdict,
)
from pytest_pmd_migrations.errors import (
    MigrationTestError,
    SnapshotError,
    TimeoutStruckError,
)
from pytest_pmd_migrations.grid.blocked import (
    error_verdict,
    stopped_lineage,
    unreached_migration,
    unseen_lineage,
)
from pytest_pmd_migrations.grid.cells import Cell
from pytest_pmd_migrations.grid.unsupported import judge_unsupported
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.messages.wording import headline, shown_path, wrap_text
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.abilities import unasked_of

__all__ = ["judge_cell"]


def judge_cell(walks: Walks, cell: Cell) -> Verdict:
    """Return the verdict on one cell; its lineages are walked where they have not been yet."""
    reason = unasked_of(cell.history.application.source).get(cell.check.name)
    if reason:
        return Verdict(unasked=Note(cell.check.name, reason).showing_no_rows())
    try:
        if isinstance(cell.row, SnapshotRow):
            return _judge_snapshot(walks, cell.check, cell.row)
        return _judge_migration(walks, cell.check, cell.row)
    except TimeoutStruckError:
        raise
    except SnapshotError as error:
        return _unread_snapshot(walks, cell.row) or error_verdict(cell.history, error)
    except MigrationTestError as error:
        return error_verdict(cell.history, error)


def _unread_snapshot(walks: Walks, row: Row) -> Verdict | None:
    """Return the verdict that the snapshot of a migration's version is the cause, if it is."""
    name = SnapshotName(row.version)
    if name not in walks.history.store.names:
        return None
    walk = walks.lineage(name)
    return stopped_lineage(walks.history, walk) if isinstance(walk.failure, SnapshotError) else None


def _judge_migration(walks: Walks, check: AnyCheck, row: MigrationRow) -> Verdict:
    unreached = unreached_migration(walks, row)
    if unreached is not None:
        return unreached
    for walk in walks.every().blind(check):
        if walk.unseen[check].version <= row.version and row.version in walk.reached:
            verdict = unseen_lineage(walks.history, walk, check)
            if verdict is not None:
                return verdict
    return check.judge(walks.history, row, walks.every().records(check))


def _judge_snapshot(walks: Walks, check: AnyCheck, row: SnapshotRow) -> Verdict:
    history, name = walks.history, row.snapshot
    latest, lock_file = history.application.latest, history.store.lock_file
    removed = removed_after_release(history, row) if name.version > latest else None
    if removed is not None:
        return Verdict(cause=removed)
    if name in history.store.names:
        if reason := history.why_unsupported(name):
            return judge_unsupported(walks, row, reason)
        walk = walks.lineage(name)
        blocked = stopped_lineage(history, walk) or unseen_lineage(history, walk, check)
        verdict = blocked or check.judge(history, row, [walk.record(check)])
        verdict = walks.stale.blame(row, check, verdict, stopped=walk.failure is not None)
        return _with_unrecorded(history, row, verdict)
    if name == SnapshotName(latest) and name not in lock_file.snapshots:
        # Where no fresh database can be built, the cell fails instead.
        history.fresh.image(latest)
        text = "no snapshot yet; its row uses a fresh build"
        note = Note(row, text, "pmd-migrations snapshot")
        return Verdict(notes=(note.showing_no_rows(),))
    if name not in lock_file.snapshots:
        # A step that cannot be taken is also why the snapshot cannot be built.
        history.fresh.image(name.version)
    return Verdict(cause=Cause(row, _missing(history, row)))


def _with_unrecorded(history: History, row: SnapshotRow, verdict: Verdict) -> Verdict:
    """Return the verdict with a note where no lock line records the stored file.

    Without any line, ``frozen`` says so of each version.
    """
    recorded = history.store.lock_file.snapshots
    if row.snapshot in recorded or not (row.snapshot.variant or recorded):
        return verdict
    note = Note(row, f"its file is not in {LOCK_FILE} yet", "pmd-migrations snapshot")
    return replace(verdict, notes=(*verdict.notes, note.showing_no_rows()))


def _missing(history: History, row: SnapshotRow) -> Finding:
    name = row.snapshot
    file = shown_path(history.store.folder.file(name))
    if name in history.store.lock_file.snapshots:
        mend = history.store.mend_missing(name)
        in_git = mend.startswith("git ")
        lines = (
            *wrap_text(f"{LOCK_FILE} records it, but {file} does not exist."),
            "",
            *(("Restore it from version control:", f"  {mend}") if in_git else (f"{mend}.",)),
        )
        head = headline(f"snapshot {row.title} is gone")
        return Finding(head, lines, name.version).showing_no_rows()
    lines = (
        *wrap_text(f"{file} does not exist; only the newest version may lack its snapshot."),
        "",
        "Build it:",
        "  pmd-migrations snapshot",
    )
    things = frozenset({("no snapshot",)})
    head = headline(f"{row.title} has no snapshot")
    return Finding(head, lines, name.version, things=things).showing_no_rows()
