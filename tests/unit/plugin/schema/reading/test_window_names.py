"""Quotes belong to the name of a window: views are equal exactly where SQLite says so."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

import pytest
from pytest_pmd_migrations.schema import compare, read_schema

from tests.unit.plugin.schema.oracle import Oracle

TABLES = ("CREATE TABLE t(a, b, w)", "CREATE TABLE log(a)")
VIEWS = (
    "sum(b) OVER {} AS s FROM t WINDOW {} AS (ORDER BY a)",
    "sum(b) OVER ({} ORDER BY w) AS s, w FROM t WINDOW {} AS (PARTITION BY w)",
    "max(a) OVER ({} ROWS 1 PRECEDING) + min(b) OVER {} AS s FROM t"
    " WINDOW {} AS (PARTITION BY b), x AS ({} ORDER BY a)",
    "sum(b) OVER {} AS s FROM t WINDOW {} AS (ORDER BY a)"
    " UNION SELECT sum(a) OVER {} FROM t AS w WINDOW {} AS (ORDER BY b)",
    "(SELECT sum(b) OVER {} AS o FROM t WINDOW {} AS (ORDER BY a)) + count(*) OVER {} AS s"
    " FROM t WINDOW {} AS (ORDER BY b)",
    "count(*) FILTER (WHERE abs(a) > 1) OVER {} AS over FROM t WINDOW rows AS (), {} AS ()",
)
SPELLINGS = ("w", "W", '"w"', '"W"', "`w`", "[w]", "'w'")


def view(template: str, names: list[str]) -> tuple[str, ...]:
    return (*TABLES, f"CREATE VIEW v AS SELECT {template.format(*names)}")


@pytest.mark.parametrize("template", VIEWS)
def test_quotes_count_exactly_where_sqlite_says_so(template: str) -> None:
    chance = random.Random(template)
    count = template.count("{}")
    plain = Oracle(view(template, ["w"] * count))
    schema, equal = read_schema(plain.conn), 0
    cases = [[one] * count for one in SPELLINGS]
    cases += [[chance.choice(SPELLINGS) for _ in range(count)] for _ in range(20)]
    for names in cases:
        try:
            other = Oracle(view(template, names))
        except sqlite3.OperationalError:
            # A window that is built upon another one is looked up when the view is made.
            continue
        differs = bool(compare(read_schema(other.conn), schema))
        assert differs == other.distinguishes(plain), names
        equal += not differs
        other.close()
    plain.close()
    assert len(SPELLINGS) <= equal < len(cases)


def test_a_trigger_that_names_no_window_differs_from_one_that_does() -> None:
    def trigger(name: str) -> sqlite3.Connection:
        conn = sqlite3.connect(":memory:")
        conn.executescript(
            "CREATE TABLE t(a, b); CREATE TABLE log(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN"
            " INSERT INTO log SELECT 1;"
            f" INSERT INTO log SELECT sum(b) OVER {name} FROM t WINDOW w AS (ORDER BY a);"
            ' INSERT INTO log SELECT sum(b) OVER "w" FROM t WINDOW "w" AS (ORDER BY a); END;'
        )
        return conn

    with closing(trigger("w")) as one, closing(trigger("W")) as same, closing(trigger("[w]")) as no:
        schema = read_schema(one)
        assert not compare(read_schema(same), schema)
        [found] = compare(read_schema(no), schema).differences
    assert (found.part, "over [w]" in str(found.upgraded)) == ("body", True)


def test_a_word_over_that_is_an_alias_names_no_window() -> None:
    def of(select: str) -> Oracle:
        return Oracle((*TABLES, f"CREATE VIEW v AS SELECT {select}"))

    one = of("count(*) over, w FROM t")
    other = of('count(*) "over", "w" FROM t')
    assert not compare(read_schema(other.conn), read_schema(one.conn))
    one.close()
    other.close()
