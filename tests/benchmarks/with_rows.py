"""Print what the matrix and the commands cost on a history with rows, each with its aim.

`python -m tests.benchmarks.with_rows [--quick] [--peers PYTHON]`. `again` rightly fails for every
step that inserts. With `--peers`, a Python that has pytest-alembic, Alembic and SQLAlchemy, an
equal history goes through `pytest --test-alembic` in turns with ours.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import alembic_history, row_history
from tests.benchmarks.measure import (
    COMMAND,
    Measure,
    Plan,
    Table,
    child,
    cost_of,
    environment,
    net,
    plan_of,
    python,
    scratch,
)

SMALL, LARGE, LARGEST = 50, 200, 1000
FOUR = "schema,data,again,frozen"
ALIKE = ("-p", "no:hypothesispytest")
"""That plugin, which the peers' environment has not, imports all of Hypothesis as a run ends."""

ONE_TEST = "def test_nothing():\n    pass\n"


@dataclass(frozen=True)
class Aims:
    """What a history of that many versions may cost; None where that is not measured."""

    peers: float
    command: float
    bare: float | None = None
    all_checks: float | None = None


AIMS = {
    SMALL: Aims(peers=0.7, command=1.5, bare=6, all_checks=2.5),
    LARGE: Aims(peers=1.0, command=8),
}


def main(plan: Plan) -> int:
    """Measure; return 1 where an aim is missed."""
    table = Table()
    with scratch() as folder:
        plain = _plain_pytest(folder / "plain")
        small = _measure(table, folder, SMALL, plain, plan)
        if not plan.quick:
            large = _measure(table, folder, LARGE, plain, plan)
            what = f"four checks, {LARGE} versions / {SMALL} versions, net of start-up"
            table.quotient(what, large, small, at_most=12)
            _largest(table, folder)
    return int(bool(table.missed))


def _plain_pytest(folder: Path) -> Measure:
    folder.mkdir()
    (folder / "test_one.py").write_text(ONE_TEST)
    return python(folder, "-m", "pytest", "-q", *ALIKE, "test_one.py", says="1 passed")


def _measure(table: Table, folder: Path, versions: int, plain: Measure, plan: Plan) -> float:
    """Measure a history of that many versions; return what four checks cost, net of start-up."""
    project, aims = folder / f"{versions}", AIMS[versions]
    row_history.write(project, versions)
    child(project, COMMAND, "snapshot")()
    of = f"matrix of {versions} versions with rows"
    four, turns = matrix(project, versions, checks=4), plan.turns(3)
    if plan.peers is not None:
        alembic = folder / f"alembic-{versions}"
        alembic_history.write(alembic, versions)
        says = "4 passed"
        command = (str(plan.peers), "-m", "pytest", "-q", "--test-alembic")
        what = f"{of}, four checks / pytest --test-alembic"
        peers = child(alembic, *command, says=says)
        table.ratio(what, four, peers, at_most=aims.peers, turns=turns)
    bare = python(project, "-c", row_history.BARE_LOOP)
    start = python(project, "-c", row_history.BARE_START_UP)
    loop, what = net(bare, start), f"{of}, four checks / the bare loop, net of start-up"
    own, _ = table.ratio(what, net(four, plain), loop, at_most=aims.bare, turns=turns)
    if aims.all_checks is not None:
        every = matrix(project, versions, checks=5)
        what = f"{of}, all checks / four checks"
        table.ratio(what, every, four, at_most=aims.all_checks, turns=turns)
    _commands(table, project, versions, at_most=aims.command, turns=turns)
    return own


def matrix(project: Path, versions: int, *, checks: int) -> Measure:
    """Return what measures the matrix: four checks, or five with the faults."""
    fails = versions // 4
    says = f"{fails} failed, {versions * checks - fails} passed"
    four = (f"--migration-checks={FOUR}",) * (checks == 4)
    arguments = ("-m", "pytest", "-q", *ALIKE, "--migration-matrix", *four, "-m", "migration")
    return python(project, *arguments, exits=1, says=says)


def _commands(table: Table, project: Path, versions: int, *, at_most: float, turns: int) -> None:
    kept = project.with_name(f"{project.name}-kept")
    shutil.copytree(project / "snapshots", kept)

    def restore() -> None:
        shutil.rmtree(project / "snapshots", ignore_errors=True)
        shutil.copytree(kept, project / "snapshots")

    def remove() -> None:
        shutil.rmtree(project / "snapshots")

    for command, before in (("snapshot", remove), ("release", restore), ("check", restore)):
        costs = [child(project, COMMAND, command, before=before)() for _ in range(turns)]
        what = f"pmd-migrations {command}, {versions} versions with rows"
        table.amount(what, sorted(costs)[len(costs) // 2], "s", at_most=at_most)


def _largest(table: Table, folder: Path) -> None:
    project = folder / f"{LARGEST}"
    row_history.write(project, LARGEST)
    stored = cost_of(project, (COMMAND, "snapshot"), env=environment())
    what = f"pmd-migrations snapshot, {LARGEST} versions with rows"
    table.amount(what, stored.seconds, "s", at_most=None)
    table.amount(f"{what}, peak memory", stored.megabytes, "MB", at_most=1024)
    fails = LARGEST // 4
    command = (sys.executable, "-m", "pytest", "-q", *ALIKE, "--migration-matrix")
    cost = cost_of(
        project,
        (*command, f"--migration-checks={FOUR}", "-m", "migration"),
        exits=1,
        says=f"{fails} failed, {LARGEST * 4 - fails} passed",
        env=environment(),
    )
    what = f"matrix of {LARGEST} versions with rows, four checks"
    table.amount(what, cost.seconds, "s", at_most=300)
    table.amount(f"{what}, peak memory", cost.megabytes, "MB", at_most=1024)


if __name__ == "__main__":
    sys.exit(main(plan_of(sys.argv[1:])))
