"""Quotes belong to the name of a window: views are equal exactly where SQLite says so."""

from __future__ import annotations

import random
import sqlite3
from contextlib import closing

from pytest_pmd_migrations.schema import compare, read_schema

from tests.every import for_every
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


@for_every("template", VIEWS)
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


@for_every(
    "over, windows, same",
    [
        ("w", "w AS (ORDER BY a)", True),
        ('"w"', '"w" AS (PARTITION BY b ORDER BY a)', True),
        ("w", "w AS ()", True),
        ("w", "x AS (PARTITION BY b), w AS (x ORDER BY a)", True),
        ("w", "w AS (ORDER BY abs(a)), x AS (ORDER BY a ROWS 1 PRECEDING)", True),
        ("W", "w AS (ORDER BY a)", True),
        # SQLite refuses to take the frame of another window over.
        ("w", "w AS (ORDER BY a ROWS 1 PRECEDING)", False),
        ("w", "x AS (ORDER BY a), w AS (x GROUPS 1 PRECEDING)", False),
        ("w", '"w" AS (ORDER BY a)', False),
    ],
)
def test_parentheses_around_a_window_alone_mean_nothing_unless_it_has_a_frame(
    over: str, windows: str, same: bool
) -> None:
    def of(mention: str) -> sqlite3.Connection:
        conn = sqlite3.connect(":memory:")
        conn.executescript("; ".join(TABLES))
        conn.executescript(
            "INSERT INTO t VALUES (1, 4, 1), (2, 8, 1), (2, 16, 2), (3, 32, 2); CREATE TRIGGER r"
            " AFTER INSERT ON t BEGIN INSERT INTO log"
            f" SELECT sum(b) OVER {mention} FROM t WINDOW {windows}; END"
        )
        return conn

    def logged(conn: sqlite3.Connection) -> list[tuple[int]] | str:
        try:
            conn.execute("INSERT INTO t VALUES (4, 64, 2)")
        except sqlite3.OperationalError as error:
            return str(error)
        return conn.execute("SELECT a FROM log").fetchall()

    with closing(of(over)) as plain, closing(of(f"({over})")) as in_parentheses:
        differs = bool(compare(read_schema(in_parentheses), read_schema(plain)))
        assert differs is not same
        answers = logged(plain), logged(in_parentheses)
    if same:
        assert isinstance(answers[0], list)
        assert answers[0] == answers[1]
    else:
        assert isinstance(answers[1], str)
