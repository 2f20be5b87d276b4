"""Another spelling of the same SQL is no difference."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.schema.reading.parentheses import without_redundant
from pytest_pmd_migrations.schema.reading.spelling import canonical
from pytest_pmd_migrations.schema.reading.tokens import tokenize

from tests.every import holds_for_every
from tests.unit.plugin.schema.bases import split_script
from tests.unit.plugin.schema.made_schemas import read_again, schema
from tests.unit.plugin.schema.rulings import DIFFERENT, EQUAL, ORDER

STATEMENTS = sorted({script for pair in (*EQUAL.values(), *DIFFERENT.values()) for script in pair})
KEYWORDS = frozenset(
    {"CREATE", "TABLE", "INDEX", "VIEW", "TRIGGER", "UNIQUE", "CHECK", "NOT", "NULL", "DEFAULT"}
    | {"PRIMARY", "KEY", "REFERENCES", "ON", "WHERE", "SELECT", "FROM", "AND", "OR", "BEGIN", "END"}
    | {"COLLATE", "CONFLICT", "WITHOUT", "ROWID", "STRICT", "AFTER", "INSERT", "UPDATE", "DELETE"}
)
BLANKS = ("", " ", "\n\t ", " /* a 'comment' */ ", ' -- another "one"\n')
SETTINGS = settings(max_examples=40, deadline=None, derandomize=True)


@SETTINGS
@given(script=st.sampled_from(STATEMENTS), data=st.data())
def test_blanks_comments_and_keyword_case_change_nothing(script: str, data: st.DataObject) -> None:
    respelled = []
    for statement in split_script(f"{script};"):
        # A module is given its arguments as they are written; ADD COLUMN pastes its text before a
        # parenthesis, which a comment at the end would swallow.
        if "VIRTUAL" in statement or "ALTER" in statement:
            respelled.append(statement)
            continue
        for token in tokenize(statement):
            text = token.text
            # What stands in lower case may be a name that is a keyword elsewhere.
            if token.is_word(*KEYWORDS) and text.isupper():
                text = data.draw(st.sampled_from([text.upper(), text.lower(), text.title()]))
            blank = data.draw(st.sampled_from(BLANKS))
            respelled.append(text + (blank if blank.strip() else blank or " "))
    diff = compare(read_again("".join(respelled)), schema(script))
    assert diff.verdict == "equal", diff.differences


def has_an_equal_copy(script: str) -> None:
    with closing(sqlite3.connect(":memory:")) as one, closing(sqlite3.connect(":memory:")) as two:
        one.executescript(script)
        one.backup(two)
        assert stored_text(one) == stored_text(two)
        assert read_schema(one) == read_schema(two)


def test_equal_stored_text_is_an_equal_schema() -> None:
    holds_for_every({script: script for script in STATEMENTS}, has_an_equal_copy)


def has_two_stored_texts(pair: tuple[str, str]) -> None:
    texts = []
    for script in pair:
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.executescript(script)
            texts.append(stored_text(conn))
    assert texts[0] != texts[1]


def test_another_schema_has_another_stored_text() -> None:
    holds_for_every(DIFFERENT, has_two_stored_texts)
    holds_for_every(ORDER, has_two_stored_texts)


BINARY = ["OR", "AND", "=", "<>", "IS", "IS NOT", "LIKE", "<", ">=", "&", "<<", "+", "-", "*", "||"]
OPERANDS = ["a", "b", "t.a", "1", "'x'", "NULL", "abs(a)", "(SELECT b)", "CASE a WHEN 1 THEN b END"]


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Expressions in which a part may stand in parentheses, or not."""
    part = inner | inner.map(lambda text: f"({text})")
    return (
        st.tuples(part, st.sampled_from(BINARY), part).map(" ".join)
        | st.tuples(st.sampled_from(["NOT", "-", "~"]), part).map(" ".join)
        | st.tuples(part, st.sampled_from(["COLLATE NOCASE", "ISNULL", "NOT NULL"])).map(" ".join)
        | st.tuples(part, part, part).map(lambda p: f"{p[0]} BETWEEN {p[1]} AND {p[2]}")
        | st.tuples(part, part).map(lambda p: f"{p[0]} NOT IN ({p[1]}, {p[1]})")
        | st.tuples(part, part).map(lambda p: f"{p[0]} IN ({p[1]})")
        | st.tuples(part, part).map(lambda p: f"CASE WHEN {p[0]} THEN {p[1]} ELSE (a) END")
        | st.tuples(part, part).map(lambda p: f"max({p[0]}, ({p[1]}))")
    )


EXPRESSIONS = st.recursive(st.sampled_from(OPERANDS), grown, max_leaves=8)


def program(conn: sqlite3.Connection, expression: str) -> list[tuple[object, ...]] | None:
    """Return SQLite's program for an expression, None if it refuses it."""
    try:
        return conn.execute(f"EXPLAIN SELECT {expression} AS x FROM t").fetchall()
    except sqlite3.OperationalError:
        return None


@settings(max_examples=80, deadline=None, derandomize=True)
@given(EXPRESSIONS)
def test_parentheses_are_dropped_only_where_sqlite_makes_the_same_of_it(expression: str) -> None:
    """AND and OR in another grouping are another program, so there the values are compared."""
    plain = " ".join(token.text for token in without_redundant(tokenize(expression)))
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE t(a, b)")
        conn.execute(
            "WITH v(x) AS (VALUES (NULL), (0), (1), (-2.5), ('x'), ('X'), (x'78'))"
            " INSERT INTO t SELECT v.x, w.x FROM v, v AS w"
        )
        before = program(conn, expression)
        if before is None or program(conn, plain) == before:
            return
        assert "AND" in expression or "OR" in expression, plain
        values = [
            conn.execute(f"SELECT {text} AS x FROM t").fetchall() for text in (expression, plain)
        ]
        assert values[0] == values[1], plain


@SETTINGS
@given(EXPRESSIONS)
def test_dropping_parentheses_twice_drops_no_more(expression: str) -> None:
    once = without_redundant(tokenize(expression))
    assert without_redundant(once) == once
    assert canonical(tokenize(f"(({expression}))")) == canonical(tokenize(expression))
