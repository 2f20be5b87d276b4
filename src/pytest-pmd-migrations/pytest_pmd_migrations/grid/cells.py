"""The cells of the matrix: which there are, what they are called, and the verdict on each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Check, Finding, Note, RowKind, Verdict
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.grid.blocked import error_finding, failed_lineage, unseen_lineage
from pytest_pmd_migrations.grid.walks import Records
from pytest_pmd_migrations.snapshots.lock_file import LOCK_FILE
from pytest_pmd_migrations.snapshots.names import SnapshotName, format_version
from pytest_pmd_migrations.wording import headline, shown_path, wrap_text

__all__ = ["PREFIX", "Cell", "grid_rows", "judge_cell", "list_cells", "parse_cell_id"]

PREFIX = "migrations::"
_ID = re.compile(
    r"migrations::(?:(?P<source>.+)::)?(?P<row>[^:\[]+?)(?:\.\.\d+)?\[(?P<check>[^\]]+)\]"
)


@dataclass(frozen=True)
class Cell:
    """One row of the grid under one check: one pytest item.

    ``source`` is empty where an application has one source; ``row`` is a snapshot's name or a
    version; ``latest`` is the version its lineage ends at.
    """

    source: str
    row: str
    check: str
    of: RowKind
    latest: int

    @property
    def name(self) -> str:
        """The id without the part that all cells of one source share."""
        if self.of == "migration":
            return f"{self.row}[{self.check}]"
        return f"{self.row}..{format_version(self.latest)}[{self.check}]"

    @property
    def id(self) -> str:
        """The pytest id: ``migrations::0003..0012[schema]``, ``migrations::0008[again]``."""
        return f"{PREFIX}{self.source}::{self.name}" if self.source else f"{PREFIX}{self.name}"

    @property
    def version(self) -> int:
        """The version of the row: the snapshot's, or the migration's."""
        return SnapshotName.parse(self.row).version


def parse_cell_id(text: str) -> tuple[str, str, str] | None:
    """Return the source, row and check that an id names, None when it names no cell."""
    match = _ID.fullmatch(text)
    return (match["source"] or "", match["row"], match["check"]) if match else None


def grid_rows(history: History, of: RowKind) -> tuple[str, ...]:
    """Return the rows of one kind: stored, recorded or expected, so that nothing goes missing."""
    if of == "snapshot":
        names = {*history.store.names, *history.store.lock_file.snapshots}
        names.update(SnapshotName(version) for version in history.application.versions)
        return tuple(str(name) for name in sorted(names))
    released = {v for v, line in history.store.lock_file.versions.items() if line.released}
    return tuple(format_version(v) for v in sorted(released | set(history.application.versions)))


def list_cells(history: History, checks: Sequence[Check]) -> tuple[Cell, ...]:
    """Return every cell of one history, row by row, in the grid's order."""
    known = {format_version(version) for version in history.application.versions}
    cells = []
    kinds: tuple[RowKind, ...] = ("snapshot", "migration")
    for of in kinds:
        for row in grid_rows(history, of):
            for check in checks:
                if check.of != of or not check.applies(history):
                    continue
                if of == "migration" and row not in known and check.name != "frozen":
                    continue
                cells.append(
                    Cell(history.application.name, row, check.name, of, history.application.latest)
                )
    return tuple(cells)


def judge_cell(records: Records, check: Check, row: str) -> Verdict:
    """Return the verdict on one cell; its lineages are walked where they have not been yet."""
    try:
        if check.of == "migration":
            return _judge_migration(records, check, row)
        return _judge_snapshot(records, check, row)
    except MigrationTestError as error:
        return Verdict((error_finding(records.history, error),))


def _judge_migration(records: Records, check: Check, row: str) -> Verdict:
    lineages = records.all_lineages()
    for record in lineages:
        unseen = record.unseen.get(check.name)
        if unseen is not None and unseen.version <= int(row) and int(row) in record.reached:
            found = unseen_lineage(records.history, record, check.name)
            if found is not None:
                return found
    return check.judge(records.history, row, lineages)


def _judge_snapshot(records: Records, check: Check, row: str) -> Verdict:
    history, name = records.history, SnapshotName.parse(row)
    if name in history.store.names:
        record = records.lineage(row)
        failed = failed_lineage(history, record) or unseen_lineage(history, record, check.name)
        return failed or check.judge(history, row, (record,))
    if (
        name == SnapshotName(history.application.latest)
        and name not in history.store.lock_file.snapshots
    ):
        history.fresh.image(history.application.latest)
        text = "no snapshot yet; its row uses a fresh build"
        return Verdict(notes=(Note(row, text, "pmd-migrations snapshot"),))
    return Verdict((_missing(history, name),))


def _missing(history: History, name: SnapshotName) -> Finding:
    file = shown_path(history.store.folder.file(name))
    if name in history.store.lock_file.snapshots:
        lines = (
            *wrap_text(f"{LOCK_FILE} records it, but {file} does not exist."),
            "",
            "Restore it from version control:",
            f"  git checkout -- {file}",
        )
        return Finding(headline(f"snapshot {name} is gone"), lines, name.version)
    lines = (
        *wrap_text(f"{file} does not exist; only the newest version may lack its snapshot."),
        "",
        "Build it:",
        "  pmd-migrations snapshot",
    )
    return Finding(headline(f"{name} has no snapshot"), lines, name.version)
