"""A worker of pytest-xdist that is forked is like one that starts anew."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

SHOW = """
import json, os, sys
from pathlib import Path
FORKED = "sqlite_utils" in sys.modules
def test_show(request):
    seen = {
        "cwd": os.getcwd(),
        "path": sys.path,
        "environment": {
            name: value
            for name, value in os.environ.items()
            # The first two are each run's own; importing readline sets the others.
            if name not in ("PYTEST_XDIST_TESTRUNUID", "PYTEST_CURRENT_TEST", "COLUMNS", "LINES")
        },
        "input": sys.stdin.read(),
        "arguments": sys.argv,
        "applications": sorted({"app", "conftest", "tests"} & set(sys.modules)),
        "bytecode": sys.dont_write_bytecode,
    }
    Path("forked.txt" if FORKED else "anew.txt").write_text(json.dumps(seen))
"""


@pytest.fixture(autouse=True)
def _in_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PYTEST_XDIST")]:
        monkeypatch.delenv(name)


def test_it_sees_what_a_worker_that_starts_anew_sees(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    light_child_runs: None,
    request: pytest.FixtureRequest,
) -> None:
    monkeypatch.setenv("SETTING", "one")
    pytester.makepyfile(SHOW)
    pytester.runpytest_subprocess("-n", "1", "-s").assert_outcomes(passed=1)
    request.getfixturevalue("cold_child_runs")
    pytester.runpytest_subprocess("-n", "1", "-s").assert_outcomes(passed=1)
    forked, anew = (json.loads(Path(name).read_text()) for name in ("forked.txt", "anew.txt"))
    assert forked["environment"]["SETTING"] == "one"
    assert forked == anew


def test_one_that_is_killed_is_replaced(pytester: pytest.Pytester, light_child_runs: None) -> None:
    pytester.makepyfile(
        f"import os\n"
        f"def test_killed(): os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
        f"def test_printed(): os.write(2, b'told')\n"
    )
    result = pytester.runpytest_subprocess("-n", "1", "-s")
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(["replacing crashed worker gw0", "worker 'gw0' crashed *"])
    assert result.stderr.str() == "told"
