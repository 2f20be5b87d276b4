"""Plan the matrix: which rows, cells and declarations outcomes are expected for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import (
    AnyCheck,
    MigrationRow,
    Note,
    SnapshotRow,
    UsedDeclaration,
)
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.grid.cells import (
    CellKey,
    applicable,
    list_cells,
    migration_rows,
    snapshot_rows,
)
from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.report.outcome import Outcome
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKind

__all__ = ["Plan", "plan_of"]


class Plan(NamedTuple):
    """One application's part of the matrix.

    ``snapshot_rows`` and ``migration_rows`` are the grids' rows in their order; ``cells`` every
    cell in the same order; ``declared`` names every declaration with the version that makes it;
    ``read_by`` the names of the checks that ask for each kind of declaration; ``notes`` say what is
    hidden from the checks, and which declarations could not be read.
    """

    application: Application
    snapshot_rows: tuple[SnapshotRow, ...]
    migration_rows: tuple[MigrationRow, ...]
    cells: tuple[CellKey, ...]
    snapshot_checks: tuple[str, ...]
    migration_checks: tuple[str, ...]
    snapshots: int
    declared: frozenset[UsedDeclaration] = frozenset()
    read_by: Mapping[DeclarationKind, frozenset[str]] = MappingProxyType({})
    notes: tuple[Note, ...] = ()

    def notes_beside(self, outcomes: Iterable[Outcome]) -> list[Note]:
        """Return the notes but those that a cell tells: as its finding, or as a step that failed.

        What is wrong with the declarations of a step that cannot be taken has the same cause.
        """
        found = list(outcomes)
        rows = {one.blocked_by for one in found}.union(*(one.causes_told for one in found))
        things = (finding.things for one in found for finding in one.findings)
        told = {text for thing in things for _, *texts in thing for text in texts}
        return [note for note in self.notes if note.about not in rows and note.text not in told]

    def in_order(self, outcomes: Iterable[Outcome]) -> list[Outcome]:
        """Return the plan's own outcomes in the grid's order, whichever worker sent them first."""
        found = {outcome.cell: outcome for outcome in outcomes}
        return [found[cell] for cell in self.cells if cell in found]


def plan_of(history: History, checks: Sequence[AnyCheck], *, ignored: int = 0) -> Plan:
    """Return the plan of one history under ``checks``, which ignore so many objects."""
    application = history.application
    used = applicable(history, checks)
    declared: set[UsedDeclaration] = set()
    notes: list[Note] = []
    if ignored:
        text = f"{counted(ignored, 'object')} hidden from every check"
        notes.append(Note("migration_ignore", text).showing_no_rows())
    for version in application.versions:
        try:
            keys = application.declarations(version).list_keys()
            declared.update((version, key) for key in keys)
        except MigrationTestError as error:
            row = MigrationRow(version, application.label(version))
            notes.append(Note(row, str(error)).showing_no_rows())
    return Plan(
        application=application,
        snapshot_rows=snapshot_rows(history),
        migration_rows=migration_rows(history),
        cells=tuple(cell.key for cell in list_cells(history, checks)),
        snapshot_checks=tuple(check.name for check in used if check.of == "snapshot"),
        migration_checks=tuple(check.name for check in used if check.of == "migration"),
        snapshots=len(history.store.names),
        declared=frozenset(declared),
        read_by={
            kind: frozenset(check.name for check in used if kind in check.reads)
            for kind in frozenset[DeclarationKind]().union(*(check.reads for check in used))
        },
        notes=tuple(notes),
    )
