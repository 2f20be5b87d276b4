"""Fresh databases in the cache: one build for all workers and runs; runs without a cache."""

from __future__ import annotations

import shutil

import pytest

MODULE = """
from pathlib import Path
VERSION, DESCRIPTION = {version}, "step {version}"

def up(db):
    with Path({log!r}).open("a") as log:
        log.write("{version} ")
    db.execute("CREATE TABLE t{version}(a)")
"""
TESTS = """
import pytest

@pytest.mark.parametrize("number", range(6))
def test_fresh(migration_fresh_db, number):
    db = migration_fresh_db()
    assert (db.version, db.table_names()) == (2, ["t1", "t2"])
    db["t1"].insert({"a": number})
    assert db["t1"].count == 1
"""


def test_it_is_built_once_for_all_workers_and_later_runs(
    pytester: pytest.Pytester, light_child_runs: None
) -> None:
    folder, log = pytester.mkdir("db"), pytester.path / "log"
    for version in (1, 2):
        text = MODULE.format(version=version, log=str(log))
        (folder / f"{version:04}_step.py").write_text(text)
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmigration_source = "db/"\n')
    pytester.makepyfile(TESTS)

    def steps_of(*arguments: str) -> str:
        log.write_text("")
        pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=6)
        return log.read_text().strip()

    assert steps_of("-n", "2", "--dist=load") == "1 2"
    pytester.makepyfile(TESTS + "\n# edited")
    assert steps_of() == ""
    assert steps_of("-p", "no:cacheprovider") == "1 2"
    assert steps_of("--cache-clear") == "1 2"
    kept = pytester.path / ".pytest_cache/d/migration-templates"
    shutil.rmtree(kept)
    kept.write_text("no folder")
    assert steps_of() == "1 2"
    assert kept.read_text() == "no folder"
