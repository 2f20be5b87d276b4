"""All projects that are recorded: pmd, the examples, those of the tests, and the small cases."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.acceptance.conftest import NO_FAULTS, PROJECTS, SLOW
from tests.acceptance.histories import LANGUAGE, write_history
from tests.acceptance.histories import SETTINGS as OF_SCRIPTS
from tests.acceptance.test_causes import DEFECTS
from tests.recorded_results.cases_of_schemas import SCHEMAS
from tests.recorded_results.cases_of_steps import STEPS, STORED
from tests.recorded_results.many_sources import (
    CONFTEST,
    SETTINGS,
    drawn_by_chance,
    single_steps,
)
from tests.recorded_results.project import (
    ALL_CHECKS,
    SNAPSHOT,
    SNAPSHOTS,
    Act,
    Files,
    Project,
)
from tests.unit.plugin.cli.declare import defects

ROOT = Path(__file__).parents[2]
FULL = 'migration_faults = "full"\n'


def all_projects() -> Iterator[Project]:
    """Yield every project, those that take longest first."""
    yield Project(
        "pmd",
        write=_pmd,
        settings='[tool.pytest.ini_options]\nmigration_source = "pmd.store.migrations"\n'
        "migration_idempotent = true\n",
        anew=True,
    )
    yield from _of_many_sources()
    yield from _examples()
    yield from _histories()
    yield from STEPS
    yield from SCHEMAS


def _pmd(folder: Path) -> None:
    shutil.copytree(ROOT / "fixtures/snapshots", folder / "fixtures/snapshots")
    text = (ROOT / "conftest.py").read_text(encoding="utf-8")
    (folder / "conftest.py").write_text(text, encoding="utf-8")


def _examples() -> Iterator[Project]:
    for path in sorted(PROJECTS.iterdir()):
        if path.is_dir():
            matrix = ("--migration-matrix", *ALL_CHECKS)
            runs = ((*matrix, NO_FAULTS), SLOW[path.name]) if path.name in SLOW else (matrix,)
            write = partial(_copy, path)
            yield Project(f"example-{path.name}", write=write, settings="", runs=runs, anew=True)


def _copy(source: Path, folder: Path) -> None:
    shutil.copytree(source, folder, dirs_exist_ok=True)


def _histories() -> Iterator[Project]:
    """Yield the histories of the acceptance tests, and the one of `declare` with its defects."""
    few = (("--migration-matrix", NO_FAULTS),)
    history = partial(Project, settings=OF_SCRIPTS, runs=few)
    blocked = Files({"db/sql/0013_add_language.py": LANGUAGE})
    losing = {13: "DELETE FROM t1 WHERE id = 1;\n"}
    edited = {
        "db/sql/0003_step.sql": "ALTER TABLE t1 ADD COLUMN c3 TEXT;\n-- a comment\n",
        "db/sql/0008_step.sql": "ALTER TABLE t6 ADD COLUMN c8 TEXT DEFAULT 'x';\n",
    }
    removed = Files({"db/sql/0012_step.sql": None})
    twelve = partial(write_history, versions=12)
    thirteen = partial(write_history, versions=13, planted=losing)
    thirty = partial(write_history, versions=30, planted=DEFECTS)
    yield history("history-blocked", (SNAPSHOT, blocked), twelve)
    yield history("history-losing", (SNAPSHOT,), thirteen)
    yield history("history-five-defects", (SNAPSHOT,), thirty, commands=("check", "release"))
    yield history("history-edited", (*STORED, Files(edited)), twelve)
    yield history("history-removed", (*STORED, removed), twelve)
    planted = (*STORED, Act(lambda folder: defects.store_variants(folder / SNAPSHOTS)))
    yield Project("history-planted-defects", planted, defects.write_history, settings="")


def _of_many_sources() -> Iterator[Project]:
    runs = (("--migration-matrix", NO_FAULTS),)
    before, later = single_steps()
    of_many = partial(Project, settings=SETTINGS, runs=runs)
    one_step = (CONFTEST, before, *STORED, later)
    yield of_many("single-steps", one_step, commands=("check",))
    first, later = drawn_by_chance()
    drawn = (CONFTEST, first, *STORED, later, SNAPSHOT)
    yield of_many("drawn-by-chance", drawn, commands=("check", "release"))
