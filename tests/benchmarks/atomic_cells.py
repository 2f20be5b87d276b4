"""Print what the check atomic costs a cell, on pmd's history and on one with rows, with the aims.

`python -m tests.benchmarks.atomic_cells [--quick]`. CPU milliseconds, of children too. What a fault
of each kind costs, `tests.benchmarks.faults` says.
"""

from __future__ import annotations

import logging
import statistics
import sys
from pathlib import Path

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.store import Store
from pytest_pmd_migrations.checks.atomic import ATOMIC
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.grid.judged import JudgedCells
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.resolve import resolve_source

from tests.benchmarks import row_history
from tests.benchmarks.faults import cpu
from tests.benchmarks.measure import COMMAND, ROOT, Plan, Table, child, plan_of, python, scratch

VERSIONS = 50
FULL = ("--migration-checks=atomic", "-o", "migration_faults=full", "-m", "migration")


def main(plan: Plan) -> int:
    """Measure; return 1 where an aim is missed."""
    logging.disable()
    table = Table()
    _cells(table, "pmd's history", "pmd.store.migrations", ROOT, ROOT / "fixtures/snapshots")
    with scratch() as name:
        project = name / "rows"
        versions = VERSIONS // 5 if plan.quick else VERSIONS
        row_history.write(project, versions)
        child(project, COMMAND, "snapshot")()
        what = f"a history of {versions} versions with rows"
        _cells(table, what, "db/", project, project / "snapshots")
    if not plan.quick:
        full = python(ROOT, "-m", "pytest", "-q", "--migration-matrix", *FULL, says="12 passed")
        table.amount("atomic with all faults on pmd's history", full(), "s", at_most=60)
    return int(bool(table.missed))


def _cells(table: Table, what: str, source: str, root: Path, snapshots: Path) -> None:
    application = Application(resolve_source(source, root=root))
    history = History(application, Store(SnapshotFolder(snapshots), application), Rules())
    cells = list_cells(history, [ATOMIC])
    judged, costs = JudgedCells(cells, [ATOMIC]), []
    for cell in cells:
        begun = cpu()
        if judged.verdict(cell).findings:
            raise SystemExit(f"{what}: {cell.id} fails; expected faults that do no harm")
        costs.append((cpu() - begun) * 1000)
    median = statistics.median(costs)
    table.amount(f"a cell of atomic, median of {len(costs)}, {what}", median, "ms", at_most=60)


if __name__ == "__main__":
    sys.exit(main(plan_of(sys.argv[1:])))
