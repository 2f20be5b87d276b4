"""A run writes its page: what the terminal says stands in it."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.conftest import plain
from tests.acceptance.histories import generate

INDEXED = """
CREATE INDEX t1_size ON t1(size) WHERE size > 5;
CREATE TRIGGER t1_added AFTER INSERT ON t1 BEGIN SELECT 1; END;
"""
REBUILT = """
CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT, size INTEGER, c3 TEXT);
INSERT INTO new (id, name, size) SELECT id, name, size FROM t1;
DROP TABLE t1;
ALTER TABLE new RENAME TO t1;
CREATE VIEW sizes AS SELECT size FROM t1;
"""
"""A rebuild that forgets the index."""


def test_the_page_of_a_run_says_what_the_terminal_says(
    pytester: pytest.Pytester, plain_environment: None
) -> None:
    generate(pytester, 5, {2: INDEXED, 3: REBUILT, 5: "DELETE FROM t1 WHERE id = 1;\n"})
    chosen = ("--migration-checks=schema,data,atomic", "-k", "not atomic or 0003")
    arguments = ("--migration-matrix", *chosen, "-n", "2")
    (pytester.path / "test_own.py").write_text("def test_own(): pass\n")
    durations = ("--durations=2", "--durations-min=0")
    result = pytester.runpytest_subprocess(*arguments, *durations, "--migration-report=report.html")
    result.assert_outcomes(failed=4, passed=8)
    section = plain(result).partition("= migration matrix =")[2]
    heads = ("wrote report.html", "= slowest 2 steps =", "= slowest 2 durations =")
    places = [section.index(head) for head in heads]
    assert places == sorted(places)
    steps = re.findall(
        r"^(\d\.\d{3})s step     (\d{4}_step\.sql) from (?:\d{4}|fresh)$", section, re.M
    )
    assert len(steps) == 2
    assert steps[0][0] >= steps[1][0]
    page = (pytester.path / "report.html").read_text(encoding="utf-8")
    shown = " ".join(re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", page, flags=re.S).split())
    for text in (
        "FAIL 4 of 11 cells failed for 1 cause",
        "0005_step.sql: t1 lost 1 of 2 rows",
        "Hit: databases stored at 0001..0004",
        "To do: mend the step; where that is meant, declare it",
        "0003..0004 (2 rows alike) ok FAIL",
        "as 0001",
        "1 row in 1 table",
        "No longer has: index t1_size (of t1); trigger t1_added (of t1)",
    ):
        assert text in shown
    assert re.search(r"\d+ survived", shown)
    for kind, name in {"view": "sizes", "index": "t1_size", "trigger": "t1_added"}.items():
        assert f'{{"type":"{kind}","name":"{name}"' in page
