"""Every difference that SQLite sees is reported, and no other spelling is.

The searches themselves, and the command for longer ones, are in ``search.py`` beside this file.
"""

from __future__ import annotations

import pytest

from tests.every import for_every
from tests.unit.plugin.schema.bases import BASES
from tests.unit.plugin.schema.expressions import search_parentheses
from tests.unit.plugin.schema.mutation import Case, SearchResult, search
from tests.unit.plugin.schema.oracle import Oracle
from tests.unit.plugin.schema.respelling import search_respellings

PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_every_changed_word_that_sqlite_distinguishes_is_reported(part: int) -> None:
    result = search(part, 240, BASES[part::PARTS], confirmed=False)
    assert result.reported > 140, result
    assert [str(case) for case in result.missed] == [], result


def test_no_other_spelling_is_reported() -> None:
    result = search_respellings(1, 3 * len(BASES))
    assert (result.refused, result.other) == (0, []), result
    assert result.alarms == [], result


def test_no_parentheses_that_mean_something_are_taken_for_redundant() -> None:
    result = search_parentheses(1, 200)
    assert result.meaning > 140, result
    assert [str(pair) for pair in result.missed] == [], result


@for_every(
    "base, changed, layer",
    [
        ("CREATE TABLE t(a INT)", "CREATE TABLE t(a TEXT)", "facts"),
        ("CREATE TABLE t(a CHECK(a > 1))", "CREATE TABLE t(a CHECK(a > 2))", "bytecode"),
        (
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "CREATE VIRTUAL TABLE t USING fts5(a, prefix = 1)",
            "behaviour",
        ),
    ],
)
def test_the_judge_sees_facts_bytecode_and_rows(base: str, changed: str, layer: str) -> None:
    one, other = Oracle([base]), Oracle([changed])
    layers = ("facts", "bytecode", "behaviour")
    differ = [name for name in layers if getattr(one, name) != getattr(other, name)]
    one.close()
    other.close()
    assert differ[0] == layer


def test_the_judge_sees_no_difference_in_spelling() -> None:
    one = Oracle(["CREATE TABLE t(a INT CHECK(a <> 1) DEFAULT 1)"])
    other = Oracle(["create table t ( [a] int CHECK((a != 1)) DEFAULT (1) ) -- the same"])
    assert not one.distinguishes(other)
    one.close()
    other.close()


def test_figures_say_what_was_missed() -> None:
    result = SearchResult(tried=3, refused=1, distinguished=2)
    result.missed.append(Case(("CREATE TABLE t(a)",), 0, "CREATE TABLE t(b)"))
    assert str(result).partition(": ")[2] == (
        "3 mutants, 1 refused by SQLite, 2 distinguished, 0 of them equal by a ruling, 1 missed;"
        " 0 the same to SQLite, 0 of them reported"
    )
