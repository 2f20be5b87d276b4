"""A run writes its page: what the terminal says stands in it."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.conftest import plain
from tests.acceptance.histories import generate


def test_the_page_of_a_run_says_what_the_terminal_says(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 4, {4: "DELETE FROM t1 WHERE id = 1;\n"})
    arguments = ("--migration-matrix", "--migration-checks=schema,data", "-n", "2")
    durations = ("--durations=2", "--durations-min=0")
    result = pytester.runpytest_subprocess(*arguments, *durations, "--migration-report=report.html")
    result.assert_outcomes(failed=3, passed=5)
    section = plain(result).partition("= migration matrix =")[2]
    heads = ("wrote report.html", "= slowest 2 steps =", "= slowest 2 durations =")
    places = [section.index(head) for head in heads]
    assert places == sorted(places)
    steps = re.findall(r"^(\d\.\d{3})s step     (\d{4}_step\.sql) from \d{4}$", section, re.M)
    assert len(steps) == 2
    assert steps[0][0] >= steps[1][0]
    page = (pytester.path / "report.html").read_text(encoding="utf-8")
    shown = " ".join(re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", page, flags=re.S).split())
    for text in (
        "FAIL 3 of 8 cells failed for 1 cause",
        "0004_step.sql: t1 lost 1 of 2 rows",
        "Hit: databases stored at 0001..0003",
        "To do: mend the step; where that is meant, declare it",
        "0002..0003 (2 rows alike) ok FAIL",
        "as 0001",
        "1 row in 1 table",
    ):
        assert text in shown
