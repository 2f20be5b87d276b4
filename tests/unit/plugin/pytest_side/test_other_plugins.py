"""What other plugins of pytest look for in a cell, or would do to one."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_pmd_migrations.pytest_side.testmon import forget_cells

REPORTING = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--testmon", action="store_true")

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    report.nodes_files_lines = {item.nodeid: {"migrations": {1}}}
    return report

@pytest.hookimpl(trylast=True)
def pytest_runtest_logreport(report):
    for name in report.nodes_files_lines:
        print("recorded", name)

def pytest_collection_modifyitems(items):
    for item in items:
        assert not hasattr(item.obj, "hypothesis"), item
"""


def test_testmon_records_tests_and_no_cell() -> None:
    recorded = {"migrations::0001[again]": {"app.py": {1}}, "tests/test_a.py::test": {"a.py": {1}}}
    forget_cells(SimpleNamespace(nodes_files_lines=recorded))
    assert list(recorded) == ["tests/test_a.py::test"]
    forget_cells(SimpleNamespace())


def test_a_cell_is_never_left_out_by_testmon_and_the_header_says_so(
    pytester: pytest.Pytester, light_child_runs: None
) -> None:
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmigration_source = "migrations"')
    pytester.mkdir("migrations").joinpath("0001_a.sql").write_text("CREATE TABLE t(a);")
    assert pytester.run(Path(sys.executable).with_name("pmd-migrations"), "snapshot").ret == 0
    pytester.makeconftest(REPORTING)
    pytester.makepyfile(test_app="def test_one(): pass")
    arguments = ("--migration-matrix", "--migration-checks=schema,data,again", "-s")
    result = pytester.runpytest_subprocess(*arguments, "--testmon")
    result.assert_outcomes(passed=4)
    assert [line for line in result.outlines if "testmon leaves" in line] == [
        "            testmon leaves no cell out: it sees no script and no stored database"
    ]
    recorded = {line for line in result.outlines if "recorded" in line}
    assert {line.partition("recorded ")[2] for line in recorded} == {"test_app.py::test_one"}
