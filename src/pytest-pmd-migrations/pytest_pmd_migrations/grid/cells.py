"""List the cells of the matrix, name them, and judge one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

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
    SettingError,
    SnapshotError,
    TimeoutStruckError,
)
from pytest_pmd_migrations.grid.blocked import (
    error_verdict,
    stopped_lineage,
    unreached_migration,
    unseen_lineage,
)
from pytest_pmd_migrations.grid.unsupported import judge_unsupported
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.messages.where_raised import raised_where
from pytest_pmd_migrations.messages.wording import headline, shown_path, wrap_text
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.sources.abilities import goes_to_latest_only, unasked_of

__all__ = [
    "PREFIX",
    "Cell",
    "CellKey",
    "applicable",
    "judge_cell",
    "list_cells",
    "migration_rows",
    "parse_cell_id",
    "snapshot_rows",
]

PREFIX = "migrations::"
_ID = re.compile(
    r"migrations::(?:(?P<source>.+)::)?(?P<row>[^:\[]+?)(?P<latest>\.\.\d+)?\[(?P<check>[^\]]+)\]"
)


class CellKey(NamedTuple):
    """Identifies a cell, as its id does. ``source`` is empty where there is one."""

    source: str
    row: Row
    check: str

    def id(self, latest: int) -> str:
        """Return the pytest id: ``migrations::0003..0012[schema]``, ``migrations::0008[again]``."""
        lineage = f"{self.row}..{format_version(latest)}"
        name = str(self.row) if isinstance(self.row, MigrationRow) else lineage
        return f"{PREFIX}{self.source and f'{self.source}::'}{name}[{self.check}]"


@dataclass(frozen=True, eq=False)
class Cell:
    """One row of the grid under one check: one pytest item."""

    history: History
    row: Row
    check: AnyCheck

    @property
    def key(self) -> CellKey:
        """The cell as a plain value, which a report can carry to another process."""
        return CellKey(self.history.application.name, self.row, self.check.name)

    @property
    def name(self) -> str:
        """The id without the part that all cells of one source share."""
        return f"{self._lineage}[{self.check.name}]"

    @property
    def database_name(self) -> str:
        """The name of the file that a failing cell's last database is kept under."""
        source = self.history.application.name
        return f"{source}-{self._lineage}.db" if source else f"{self._lineage}.db"

    @property
    def _lineage(self) -> str:
        if isinstance(self.row, MigrationRow):
            return str(self.row)
        return f"{self.row}..{format_version(self.history.application.latest)}"

    @property
    def id(self) -> str:
        """The pytest id."""
        return self.key.id(self.history.application.latest)

    @property
    def keywords(self) -> frozenset[str]:
        """The words by which ``-k`` finds the cell, besides its id."""
        return frozenset({self.history.application.name, self.row.label} - {""})


def parse_cell_id(text: str) -> CellKey | None:
    """Return what an id names, None when it is no cell's."""
    match = _ID.fullmatch(text)
    if match is None:
        return None
    try:
        name = SnapshotName.parse(match["row"])
    except SnapshotError:
        return None
    if match["latest"]:
        return CellKey(match["source"] or "", SnapshotRow(name), match["check"])
    if name.variant:
        return None
    return CellKey(match["source"] or "", MigrationRow(name.version), match["check"])


def snapshot_rows(history: History) -> tuple[SnapshotRow, ...]:
    """Return a row for each snapshot that is stored, recorded or expected."""
    names = {*history.store.names, *history.store.lock_file.snapshots}
    names.update(SnapshotName(version) for version in history.application.versions)
    return tuple(SnapshotRow(name, _label(history, name.version)) for name in sorted(names))


def migration_rows(history: History) -> tuple[MigrationRow, ...]:
    """Return a row for each migration there is, and for each that was released."""
    lines = history.store.lock_file.versions
    versions = {*history.application.versions}
    if not goes_to_latest_only(history.application.source):
        versions.update(version for version, line in lines.items() if line.released)
    return tuple(MigrationRow(version, _label(history, version)) for version in sorted(versions))


def _label(history: History, version: int) -> str:
    """Return a version's label; that of a removed version is in the lock file."""
    line = history.store.lock_file.versions.get(version)
    return history.application.label(version) or (line.label if line else "")


def list_cells(history: History, checks: Sequence[AnyCheck]) -> tuple[Cell, ...]:
    """Return every cell of one history, row by row, in the grid's order."""
    return tuple(_list_cells(history, applicable(history, checks)))


def applicable(history: History, checks: Sequence[AnyCheck]) -> list[AnyCheck]:
    """Return the checks whose question can be asked of the history.

    Raises SettingError where one cannot say whether it can.
    """
    found = []
    for check in checks:
        try:
            if check.applies(history):
                found.append(check)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            what = f"the check {check.name}: applies(history)"
            raise SettingError(f"{what} raised {raised_where(error)}") from error
    return found


def _list_cells(history: History, checks: Sequence[AnyCheck]) -> Iterator[Cell]:
    for snapshot_row in snapshot_rows(history):
        for check in checks:
            if check.of == "snapshot":
                yield Cell(history, snapshot_row, check)
    for row in migration_rows(history):
        removed = row.version not in history.application.versions
        for check in checks:
            if check.of == "migration" and (check.asks_removed or not removed):
                yield Cell(history, row, check)


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
