"""Each cause is told once: what blocks other cells, and what is seen from many snapshots."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.acceptance.conftest import plain
from tests.acceptance.histories import LANGUAGE, generate

TEXTS = Path(__file__).parent / "causes"
DEFECTS = {
    5: "DELETE FROM t1 WHERE id = 1;\n",
    10: "UPDATE t6 SET name = upper(name);\n",
    15: "DELETE FROM t11;\n",
    20: "UPDATE t16 SET size = NULL;\n",
    25: "DROP TABLE t21;\n",
}
_WORKER = re.compile(r"^\[gw\d\].*\n", re.MULTILINE)


def failures(result: pytest.RunResult) -> str:
    """Return what stands from the first failure on, whichever worker found it."""
    text = plain(result)
    text = text[text.index("= FAILURES =") :].replace(" (2 workers)", "")
    return re.sub(r"=+", "=", _WORKER.sub("", text))


def assert_text(result: pytest.RunResult, name: str) -> None:
    text = plain(result).replace(str(Path.cwd()), "ROOT")
    assert text == (TEXTS / f"{name}.txt").read_text(encoding="utf-8")


def test_a_step_that_cannot_be_taken_is_one_failure_of_forty_lines(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 12)
    pytester.path.joinpath("db/sql/0013_add_language.py").write_text(LANGUAGE)
    arguments = ("--migration-matrix", "--migration-checks=schema,data,again,frozen")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=1, skipped=27, passed=24)
    assert_text(result, "broken-step")
    assert len(result.outlines) <= 40
    parallel = pytester.runpytest_subprocess(*arguments, "-n", "2")
    parallel.assert_outcomes(failed=1, skipped=27, passed=24)
    assert failures(parallel) == failures(result)
    assert len(parallel.outlines) <= 40


def test_rows_that_twelve_lineages_lose_are_told_once(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 13, {13: "DELETE FROM t1 WHERE id = 1;\n"})
    arguments = ("--migration-matrix", "--migration-checks=schema,data")
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(failed=12, passed=14)
    assert_text(result, "losing-step")
    parallel = pytester.runpytest_subprocess(*arguments, "-n", "2")
    parallel.assert_outcomes(failed=12, passed=14)
    assert failures(parallel) == failures(result)


def test_five_defects_of_thirty_versions_are_five_stories(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 30, DEFECTS)
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=data")
    result.assert_outcomes(failed=24, passed=6)
    assert_text(result, "five-defects")
    assert len(result.outlines) <= 120
    # A cell that only pointed at another one tells everything when it runs alone.
    alone = pytester.runpytest_subprocess("migrations::0022..0030[data]")
    alone.assert_outcomes(failed=1)
    assert_text(alone, "pasted")


def test_a_ci_that_shows_whole_summaries_gets_one_line_a_cause_too(
    pytester: pytest.Pytester, plain_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    generate(pytester, 2, {2: "DELETE FROM t1 WHERE id = 1;\n"})
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=data")
    _, _, summary = plain(result).partition("short test summary info")
    assert summary.splitlines()[1:-1] == [
        "FAILED migrations::0001..0002[data] - 0002_step.sql: t1 lost 1 of 2 rows"
    ]


def test_a_blocked_cell_that_runs_alone_tells_the_whole_story(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 2)
    pytester.path.joinpath("db/sql/0013_add_language.py").write_text(LANGUAGE)
    pytester.path.joinpath("db/sql/0013_add_language.py").rename(
        pytester.path / "db/sql/0003_add_language.py"
    )
    result = pytester.runpytest_subprocess("migrations::0001..0003[data]")
    result.assert_outcomes(failed=1)
    assert_text(result, "blocked-alone")


def test_a_cause_that_no_cell_tells_fails_the_run(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    """The project's own hook skips the cell that would tell it."""
    generate(pytester, 1)
    pytester.path.joinpath("db/sql/0002_step.sql").write_text("DROP TABLE nowhere;\n")
    pytester.makeconftest(
        "import pytest\n"
        "def pytest_runtest_setup(item):\n"
        "    if item.name == '0002[frozen]':\n"
        "        pytest.skip('not now')\n"
    )
    ids = ("migrations::0001..0002[schema]", "migrations::0002[frozen]")
    result = pytester.runpytest_subprocess(*ids)
    result.assert_outcomes(skipped=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert_text(result, "untold")


MARK = """
import pytest


def pytest_collection_modifyitems(items):
    for item in items:
        if item.name in {marked}:
            item.add_marker(pytest.mark.xfail(reason="known", strict={strict}))
"""


def test_what_is_expected_to_fail_tells_no_story_of_others(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 3, {3: "DELETE FROM t1 WHERE id = 1;\n"})
    pytester.makeconftest(MARK.format(marked={"0001..0003[data]"}, strict=False))
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=data")
    result.assert_outcomes(failed=1, passed=1, xfailed=1)
    result.stdout.fnmatch_lines(
        [
            "0003_step.sql: t1 lost 1 of 3 rows",
            "  seen from 0002",
            "  0001        skip",
            "  0002        FAIL",
            "1 failed, 1 ok, 1 skipped in *",
        ]
    )


def test_a_culprit_that_is_expected_to_fail_makes_no_run_green(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 1)
    pytester.path.joinpath("db/sql/0002_step.sql").write_text("DROP TABLE nowhere;\n")
    pytester.makeconftest(MARK.format(marked={"0002[again]"}, strict=False))
    result = pytester.runpytest_subprocess("--migration-matrix")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["0002_step.sql failed, which no cell that was run tells"])


def test_a_cell_that_should_have_failed_counts_as_failed(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 1)
    pytester.makeconftest(MARK.format(marked={"0001[again]"}, strict=True))
    result = pytester.runpytest_subprocess("--migration-matrix", "--migration-checks=again")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  0001         FAIL", "1 failed in *"])


def test_the_message_is_in_the_junit_file_without_a_terminal(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 2, {2: "DELETE FROM t1 WHERE id = 1;\n"})
    result = pytester.runpytest_subprocess(
        "--migration-matrix", "--migration-checks=data", "-p", "no:terminal", "--junitxml=j.xml"
    )
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    written = pytester.path.joinpath("j.xml").read_text(encoding="utf-8")
    assert 'message="0002_step.sql: t1 lost 1 of 2 rows' in written
    assert "Traceback" not in written
