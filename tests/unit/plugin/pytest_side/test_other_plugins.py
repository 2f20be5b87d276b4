"""What other plugins of pytest look for in a cell, or would do to one."""

from __future__ import annotations

import importlib.util
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
    result = pytester.runpytest_subprocess(*arguments, "--testmon", "-p", "no:pytest-testmon")
    result.assert_outcomes(passed=4)
    assert [line for line in result.outlines if "testmon leaves" in line] == [
        "            testmon leaves no cell out: it sees no script and no stored database"
    ]
    recorded = {line for line in result.outlines if "recorded" in line}
    assert {line.partition("recorded ")[2] for line in recorded} == {"test_app.py::test_one"}


STEP = """
VERSION = 1
DESCRIPTION = "waits"

def up(db):
    {}
"""
STRIKES = """
import signal

import pytest

def strike(number, frame):
    pytest.fail("Timeout (>1.0s) from pytest-timeout.")

@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    signal.signal(signal.SIGALRM, strike)
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    return (yield)
"""


def waits(pytester: pytest.Pytester, statement: str) -> None:
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nmigration_source = "migrations"')
    folder = pytester.mkdir("migrations")
    (folder / "0001_a.py").write_text(STEP.format("db.execute('CREATE TABLE t(a)')"))
    assert pytester.run(Path(sys.executable).with_name("pmd-migrations"), "snapshot").ret == 0
    second = STEP.format(statement).replace("VERSION = 1", "VERSION = 2")
    (folder / "0002_b.py").write_text(second)


STRUCK = [
    "the step to 0002 was not done: Timeout (>1.0s) from pytest-timeout.",
    "",
    'again: pytest --migration-matrix "migrations::0002[again]"',
]


def test_a_timer_that_strikes_ends_the_cell_and_no_other_lineage_is_walked(
    pytester: pytest.Pytester, light_child_runs: None
) -> None:
    """It is struck by a signal, as by pytest-timeout, and counted in a file."""
    count = "open('struck', 'a').write('x')"
    waits(pytester, f"import time; {count}; time.sleep(60)")
    pytester.makeconftest(STRIKES)
    arguments = ("--migration-matrix", "--migration-checks=again", "-k", "0002")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=1, deselected=1)
    at = result.outlines.index(STRUCK[0])
    assert result.outlines[at : at + 3] == STRUCK
    assert Path("struck").read_text() == "x"


def needs(module: str, *, reason: str) -> pytest.MarkDecorator:
    """Leave a test out where another plugin is not there: beside all tests it would change them."""
    return pytest.mark.skipif(not importlib.util.find_spec(module), reason=reason)


@needs("pytest_timeout", reason="pytest-timeout is not installed")
@pytest.mark.parametrize("method", ["signal", "thread"])
def test_pytest_timeout_itself_ends_a_cell(
    pytester: pytest.Pytester, light_child_runs: None, method: str
) -> None:
    waits(pytester, "import time; time.sleep(60)")
    arguments = ("--migration-matrix", "--migration-checks=again", "-k", "0002", "-v")
    limit = ("--timeout=1", f"--timeout-method={method}")
    result = pytester.runpytest_subprocess(*arguments, *limit, "-p", "no:xdist")
    assert result.ret == 1
    assert "INTERNALERROR" not in result.stdout.str()
    assert any("migrations::0002[again]" in line for line in result.outlines)
    if method == "signal":
        at = result.outlines.index(STRUCK[0])
        assert result.outlines[at : at + 3] == STRUCK


@needs("pytest_trio", reason="pytest-trio is not installed")
def test_pytest_trio_finds_what_it_looks_for_in_a_cell(
    pytester: pytest.Pytester, light_child_runs: None
) -> None:
    waits(pytester, "pass")
    pytester.makepyfile(test_app="async def test_one(nursery): pass")
    arguments = ("--migration-matrix", "--migration-checks=schema")
    result = pytester.runpytest_subprocess(*arguments, "-o", "trio_mode=true")
    result.assert_outcomes(passed=3)


@needs("testmon", reason="pytest-testmon is not installed")
def test_pytest_testmon_itself_leaves_no_cell_out(
    pytester: pytest.Pytester, light_child_runs: None
) -> None:
    waits(pytester, "pass")
    pytester.makepyfile(test_app="def test_one(): pass")
    arguments = ("--migration-matrix", "--migration-checks=schema", "--testmon")
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=3)
    again = pytester.runpytest_subprocess(*arguments)
    again.assert_outcomes(passed=2)
    told = "testmon leaves no cell out: it sees no script and no stored database"
    assert [line.strip() for line in again.outlines].count(told) == 1
