"""Print what the matrix costs on a history of mostly schema steps, each with its aim.

`python -m tests.benchmarks.schema_steps [--quick]`. What faults cost, `tests.benchmarks.faults`
says.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.benchmarks.history import make
from tests.benchmarks.measure import COMMAND, Measure, Plan, Table, child, plan_of, python, scratch

RUNNER_LOOP = """
import sqlite3, sys
from contextlib import closing
from pathlib import Path
from pmd.store.migrations import MigrationRunner, load_migrations

migrations = load_migrations(sys.argv[1])
for path in sorted(Path(sys.argv[2]).glob("*.db")):
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.deserialize(path.read_bytes())
        runner = MigrationRunner(conn, migrations)
        for version in range(runner.get_current_version() + 1, len(migrations) + 1):
            runner.run_migrations(version)
"""
NO_OP = """
import pytest

@pytest.mark.parametrize("number", range({items}))
def test_nothing(number):
    pass
"""


def main(plan: Plan) -> int:
    """Measure; return 1 where an aim is missed. Few versions show only that it runs."""
    table = Table(judges=not plan.quick)
    with scratch() as folder:
        small = 5 if plan.quick else 50
        _against_no_op_items(table, folder / "small", small, turns=plan.turns(3))
        if not plan.quick:
            _against_runner_loop(table, folder / "large", 200, turns=1)
    return int(bool(table.missed))


def _against_no_op_items(table: Table, folder: Path, versions: int, *, turns: int) -> None:
    make(folder, versions)
    items = versions * 4
    (folder / "test_no_op.py").write_text(NO_OP.format(items=items))
    no_op = python(folder, "-m", "pytest", "-q", "test_no_op.py", says=f"{items} passed")
    what = f"matrix of {versions} versions / {items} no-op items"
    table.ratio(what, _matrix(folder), no_op, at_most=3, turns=turns)


def _against_runner_loop(table: Table, folder: Path, versions: int, *, turns: int) -> None:
    """Measure whatever walks every lineage beside a loop that does nothing else."""
    make(folder, versions)
    loop = python(folder, "-c", RUNNER_LOOP, "app/migrations", "fixtures/snapshots")
    steps = f"the same steps of {versions} versions in a loop of runs"
    table.ratio(f"matrix / {steps}", _matrix(folder), loop, at_most=4, turns=turns)
    check = child(folder, COMMAND, "check")
    table.ratio(f"pmd-migrations check / {steps}", check, loop, at_most=None, turns=turns)


def _matrix(folder: Path) -> Measure:
    checks = "--migration-checks=schema,data,again,frozen"
    arguments = ("-m", "pytest", "-q", "--migration-matrix", checks, "-m", "migration", "app")
    return python(folder, *arguments)


if __name__ == "__main__":
    sys.exit(main(plan_of(sys.argv[1:])))
