"""What the matrix consists of, run or not: the frame that outcomes are put into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Check, Note
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.grid.cells import grid_rows, list_cells
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.wording import counted

__all__ = ["Plan", "plan_of"]


@dataclass(frozen=True)
class Plan:
    """One source's part of the matrix.

    ``cells`` are (row, check) pairs in the grid's order; ``declared`` names every declaration,
    by version and key; ``notes`` say what is hidden from the checks, and which declarations could
    not be read.
    """

    source: str
    rows: tuple[str, ...]
    cells: tuple[tuple[str, str], ...]
    snapshot_checks: tuple[str, ...]
    migration_checks: tuple[str, ...]
    snapshots: int
    migrations: int
    latest: int
    declared: frozenset[str] = frozenset()
    notes: tuple[Note, ...] = ()


def plan_of(history: History, checks: Sequence[Check], *, hidden: int = 0) -> Plan:
    """Return the plan of one history under ``checks``, which do not see ``hidden`` objects."""
    used = [check for check in checks if check.applies(history)]
    rows = {*grid_rows(history, "snapshot"), *grid_rows(history, "migration")}
    declared: set[str] = set()
    notes: list[Note] = []
    if hidden:
        notes.append(
            Note("migration_ignore", f"{counted(hidden, 'object')} hidden from every check")
        )
    for version in history.versions:
        try:
            declared.update(_declared(history, version))
        except MigrationTestError as error:
            notes.append(Note(format_version(version), str(error)))
    return Plan(
        source=history.name,
        rows=tuple(sorted(rows)),
        cells=tuple((cell.row, cell.check) for cell in list_cells(history, checks)),
        snapshot_checks=tuple(check.name for check in used if check.of == "snapshot"),
        migration_checks=tuple(check.name for check in used if check.of == "migration"),
        snapshots=len(history.stored),
        migrations=len(history.versions),
        latest=history.latest,
        declared=frozenset(declared),
        notes=tuple(notes),
    )


def _declared(history: History, version: int) -> Iterator[str]:
    for key in history.declarations(version).list_keys():
        yield f"{format_version(version)} {key}"
