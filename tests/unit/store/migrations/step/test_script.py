"""Where one statement of a script ends and the next begins."""

from __future__ import annotations

import re
import sqlite3

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pmd.store.migrations.step.script import split_script
from tests.every import for_every

CASES = {
    "two": ("SELECT 1; SELECT 2;", ["SELECT 1;", "SELECT 2;"]),
    "no end": ("SELECT 1; SELECT 2", ["SELECT 1;", "SELECT 2"]),
    "nothing": (" ;; -- only this\n /* and this */ ;", []),
    "in a string": ("SELECT ';''--';SELECT 2", ["SELECT ';''--';", "SELECT 2"]),
    "in names": (
        'SELECT 1 AS "a;", 2 AS `b;`, 3 AS [c;];',
        ['SELECT 1 AS "a;", 2 AS `b;`, 3 AS [c;];'],
    ),
    "in comments": (
        "SELECT 1 -- ;\n /* ; */ + 1;SELECT 2;",
        ["SELECT 1 -- ;\n /* ; */ + 1;", "SELECT 2;"],
    ),
    "a comment before": ("-- head\nSELECT 1;", ["-- head\nSELECT 1;"]),
    "a byte order mark": ("\ufeffSELECT 1;", ["SELECT 1;"]),
    "a trigger": (
        "create temp trigger t after insert on x begin select case 1 when 1 then 2 end; end;"
        " SELECT 1",
        [
            "create temp trigger t after insert on x begin select case 1 when 1 then 2 end; end;",
            "SELECT 1",
        ],
    ),
    "explained": (
        "EXPLAIN QUERY PLAN SELECT 1; EXPLAIN CREATE TRIGGER t BEGIN SELECT 1; END; SELECT 2;",
        [
            "EXPLAIN QUERY PLAN SELECT 1;",
            "EXPLAIN CREATE TRIGGER t BEGIN SELECT 1; END;",
            "SELECT 2;",
        ],
    ),
    "a table named trigger": (
        "CREATE TABLE trigger_x (y); SELECT 1;",
        ["CREATE TABLE trigger_x (y);", "SELECT 1;"],
    ),
    "unended string": ("SELECT 'a; b", ["SELECT 'a; b"]),
    "unended comment": ("SELECT 1; /* a; b", ["SELECT 1;"]),
}


@for_every("script, statements", CASES.values(), ids=CASES)
def test_a_script_is_split_where_statements_end(script, statements):
    assert list(split_script(script)) == statements


BLANK = r"(?>\s|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))"
EMPTY_STATEMENTS = re.compile(rf"\A(?:{BLANK}*;)*", re.DOTALL)
NOTHING = re.compile(rf"(?:{BLANK}|;)*", re.DOTALL)

PIECES = st.lists(
    st.sampled_from(
        [";", "'", "''", '"', "--", "/*", "*/", "\n", " ", "CREATE", "TEMP", "TRIGGER", "END",
         "BEGIN", "EXPLAIN", "[", "]", "`", "x", "1", "'a;b'", "é", "/", "-"]
    ),
    max_size=25,
)  # fmt: skip


@settings(max_examples=200)
@given(PIECES)
def test_every_statement_is_complete_by_sqlites_own_rule(pieces):
    script = " ".join(pieces)
    statements = list(split_script(script))
    for statement in statements[:-1]:
        assert sqlite3.complete_statement(statement)
        assert statement.endswith(";")


@settings(max_examples=200)
@example(["/*", "*/", "*/", ";"])
@given(PIECES)
def test_nothing_but_blanks_comments_and_semicolons_is_left_out(pieces):
    rest = " ".join(pieces)
    for statement in split_script(rest):
        rest = EMPTY_STATEMENTS.sub("", rest).lstrip()
        assert rest.startswith(statement)
        rest = rest.removeprefix(statement)
    assert NOTHING.fullmatch(rest)


def test_a_long_statement_takes_no_longer_a_character_than_a_short_one():
    """A megabyte is one pass: the splitter looks at each token once."""
    statement = "INSERT INTO t VALUES ('" + "x" * 1_000_000 + "');"
    assert list(split_script(statement)) == [statement]
    many = "INSERT INTO t VALUES (1);\n" * 10_000
    assert len(list(split_script(many))) == 10_000
