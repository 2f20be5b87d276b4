"""Print what starting costs: the matrix beside plain pytest, the plugin, help, and `Database`.

`python -m tests.benchmarks.start_up [--quick]`.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from pmd.store.database import Database
from tests.benchmarks.measure import COMMAND, Measure, Plan, Table, child, plan_of, python, scratch

SETTINGS = '[tool.pytest.ini_options]\nmigration_source = "db/"\n'
TESTS = "import pytest\n\n\n@pytest.mark.parametrize('n', range({count}))\ndef test(n):\n    pass\n"
REPEATED = 200


def main(plan: Plan) -> int:
    """Measure; return 1 where an aim is missed."""
    table = Table()
    with scratch() as folder:
        _smallest_matrix(table, folder / "matrix", turns=plan.turns(9))
        # Repeated more often: the difference is smaller than one run's noise.
        _plugin_against_none(table, folder / "plain", turns=plan.turns(13))
        _help_against_click(table, folder, turns=plan.turns(9))
        _open_against_connect(table, folder / "open.db", turns=plan.turns(25))
    return int(bool(table.missed))


def _smallest_matrix(table: Table, folder: Path, *, turns: int) -> None:
    (folder / "db").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "db/0001_notes.sql").write_text("CREATE TABLE notes (id INTEGER PRIMARY KEY, t);")
    (folder / "test_one.py").write_text(TESTS.format(count=1))
    child(folder, COMMAND, "snapshot")()
    plain = python(folder, "-m", "pytest", "-q", "test_one.py", says="1 passed")
    run = ("-m", "pytest", "-q", "--migration-matrix", "-m", "migration")
    four = "--migration-checks=schema,data,again,frozen"
    every, less = (
        python(folder, *run, *checks, says=says)
        for checks, says in (((), "5 passed"), ((four,), "4 passed"))
    )
    what = "matrix of one snapshot and one version"
    table.ratio(f"{what} / plain pytest with one test", every, plain, at_most=1.25, turns=turns)
    table.ratio(f"{what}, without faults / the same", less, plain, at_most=1.25, turns=turns)


def _plugin_against_none(table: Table, folder: Path, *, turns: int) -> None:
    folder.mkdir()
    (folder / "test_many.py").write_text(TESTS.format(count=20))
    with_it = python(folder, "-m", "pytest", "-q")
    without = python(folder, "-m", "pytest", "-q", "-p", "no:pmd_migrations")
    what = "pytest with the plugin and no flag / without it"
    table.ratio(what, with_it, without, at_most=1.05, turns=turns)


def _help_against_click(table: Table, folder: Path, *, turns: int) -> None:
    shown = child(folder, COMMAND, "--help", says="declare")
    click = python(folder, "-c", "import click; print(click)", says="click")
    table.ratio("pmd-migrations --help / import click", shown, click, at_most=1.5, turns=turns)


def _open_against_connect(table: Table, path: Path, *, turns: int) -> None:
    with Database(path):
        pass

    def connect() -> None:
        with closing(sqlite3.connect(path)) as conn:
            conn.execute("PRAGMA user_version").fetchone()

    def open_database() -> None:
        with Database(path):
            pass

    what = "opening an up-to-date Database / connect and one pragma"
    table.ratio(what, _many(open_database), _many(connect), at_most=2, turns=turns)


def _many(work: Callable[[], None]) -> Measure:
    def measure() -> float:
        work()
        before = time.process_time()
        for _ in range(REPEATED):
            work()
        return (time.process_time() - before) / REPEATED

    return measure


if __name__ == "__main__":
    sys.exit(main(plan_of(sys.argv[1:])))
