"""Print what the matrix costs a project of Django or Alembic beside the plugins made for these.

`python -m tests.benchmarks.tools --peers PYTHON [--quick]`: that Python has this plugin, Django,
pytest-django, django-test-migrations, Alembic and pytest-alembic (whose 0.13 needs a pytest before
9). Both sides run there, each without the plugins of the other, on the same history with rows.
`again` rightly fails for every step that inserts.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.benchmarks import alembic_history, django_history
from tests.benchmarks.measure import (
    Measure,
    Plan,
    Table,
    child,
    cost_of,
    environment,
    plan_of,
    scratch,
)

DJANGO, ALEMBIC = 30, 50
FOUR = "--migration-checks=schema,data,again,frozen"
NOT_OURS = ("-p", "no:pmd_migrations")
NOT_OF_DJANGO = ("-p", "no:django", "-p", "no:django_test_migrations")
NOT_OF_ALEMBIC = ("-p", "no:pytest_alembic")
EACH_REVISION = '''\
"""Each revision tested as the documentation of pytest-alembic has it."""

import pytest
from sqlalchemy import text

REVISIONS = [f"{number:04}" for number in range(1, VERSIONS + 1)]


@pytest.mark.parametrize("revision", REVISIONS)
def test_revision(alembic_runner, alembic_engine, revision):
    alembic_runner.migrate_up_before(revision)
    alembic_runner.migrate_up_one()
    with alembic_engine.connect() as conn:
        conn.execute(text("SELECT count(*) FROM t0"))
'''


def main(plan: Plan) -> int:
    """Measure; return 1 where an aim is missed, or there are no peers."""
    table = Table(judges=not plan.quick)
    if plan.peers is None:
        table.tell("--peers PYTHON is needed: both sides need the tools themselves")
        return 1
    python = str(plan.peers.absolute())
    with scratch() as folder:
        _django(table, folder / "django", python, plan.turns(3))
        _alembic(table, folder / "alembic", python, plan.turns(3))
    return int(bool(table.missed))


def _django(table: Table, project: Path, python: str, turns: int) -> None:
    django_history.write(project, DJANGO)
    ours = _matrix(project, python, DJANGO, "-p", "no:django_test_migrations", *NOT_OF_ALEMBIC)
    pytest = (python, "-m", "pytest", "-q", *NOT_OURS, *NOT_OF_ALEMBIC, "test_steps.py")
    theirs = child(project, *pytest, says=f"{DJANGO} passed")
    what = f"{DJANGO} migrations of a Django app, four checks / django-test-migrations of each"
    table.ratio(what, ours, theirs, at_most=1.0, turns=turns)
    _steps(table, project, python, "django", "Django's own executor", turns)


def _alembic(table: Table, project: Path, python: str, turns: int) -> None:
    alembic_history.write(project, ALEMBIC)
    (project / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\nmigration_source = "alembic.ini"\n'
        'migration_snapshots = "snapshots"\n'
    )
    tests = EACH_REVISION.replace("VERSIONS", str(ALEMBIC))
    (project / "tests/test_revisions.py").write_text(tests)
    ours = _matrix(project, python, ALEMBIC, *NOT_OF_DJANGO, *NOT_OF_ALEMBIC)
    pytest = (python, "-m", "pytest", "-q", *NOT_OURS, *NOT_OF_DJANGO)
    what = f"{ALEMBIC} revisions of Alembic, four checks / pytest-alembic"
    each = child(project, *pytest, "tests/test_revisions.py", says=f"{ALEMBIC} passed")
    table.ratio(f"{what} of each revision", ours, each, at_most=1.5, turns=turns)
    four = child(project, *pytest, "--test-alembic", "--deselect=tests/test_revisions.py")
    table.ratio(f"{what}'s own four tests", ours, four, at_most=None, turns=turns)
    _steps(table, project, python, "alembic", "alembic upgrade", turns)


def _matrix(project: Path, python: str, versions: int, *without: str) -> Measure:
    """Store a snapshot of each version; return what measures four checks of them all."""
    command = str(Path(python).with_name("pmd-migrations"))
    child(project, command, "snapshot")()
    fails = versions // 4
    pytest = (python, "-m", "pytest", "-q", *without, "--migration-matrix", FOUR, "-m", "migration")
    return child(project, *pytest, exits=1, says=f"{fails} failed, {versions * 4 - fails} passed")


def _steps(table: Table, project: Path, python: str, tool: str, own: str, turns: int) -> None:
    """Say what a step costs through our source, in one process that has loaded everything."""
    script = shutil.copy(Path(__file__).with_name("tool_steps.py"), project / "..")
    settings = {**environment(), "DJANGO_SETTINGS_MODULE": "site_settings"}
    pairs = []
    for _ in range(turns):
        cost = cost_of(project, (python, os.fspath(script), tool), env=settings)
        pairs.append([float(word) for word in cost.text.split()[-2:]])
    middle = sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]
    table.quotient(f"a step through our source / {own}", *middle, at_most=1.3)


if __name__ == "__main__":
    sys.exit(main(plan_of(sys.argv[1:])))
