"""The full SQL of both sides, one above the other."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from pytest_pmd_migrations.schema import compare, read_schema, stored_text
from pytest_pmd_migrations.schema.showing.full_sql import full_sql

from tests.every import holds_for_every
from tests.unit.plugin.schema.rulings import DIFFERENT


def shown(upgraded: str, fresh: str) -> list[str]:
    with closing(sqlite3.connect(":memory:")) as one, closing(sqlite3.connect(":memory:")) as two:
        one.executescript(upgraded)
        two.executescript(fresh)
        schemas = read_schema(one), read_schema(two)
        return full_sql(compare(*schemas), schemas, (stored_text(one), stored_text(two)))


def test_lines_that_the_other_side_has_not_are_marked() -> None:
    upgraded = """CREATE TABLE notes(
            id INTEGER PRIMARY KEY, -- ours
            title TEXT,
            state TEXT DEFAULT 'a'
        )"""
    assert shown(upgraded, upgraded.replace("'a'", "'b'")) == [
        "table notes",
        "  upgraded:",
        "      CREATE TABLE notes(",
        "          id INTEGER PRIMARY KEY, -- ours",
        "          title TEXT,",
        "    >     state TEXT DEFAULT 'a'",
        "      )",
        "  fresh:",
        "      CREATE TABLE notes(",
        "          id INTEGER PRIMARY KEY, -- ours",
        "          title TEXT,",
        "    >     state TEXT DEFAULT 'b'",
        "      )",
    ]


def test_an_object_on_one_side_has_none_on_the_other() -> None:
    assert shown("", "CREATE TABLE t(a); CREATE INDEX i ON t(a);") == [
        "table t",
        "  upgraded: none",
        "  fresh:",
        "      CREATE TABLE t(a)",
        "index i",
        "  upgraded: none",
        "  fresh:",
        "      CREATE INDEX i ON t(a)",
    ]


def test_several_facts_of_one_table_show_it_once() -> None:
    lines = shown("CREATE TABLE t(a, b CHECK (b))", "CREATE TABLE t(a INT, c, CHECK (c))")
    assert lines == [
        "table t",
        "  upgraded:",
        "    > CREATE TABLE t(a, b CHECK (b))",
        "  fresh:",
        "    > CREATE TABLE t(a INT, c, CHECK (c))",
    ]


def test_a_long_line_is_continued_and_no_token_is_broken() -> None:
    columns = ", ".join(f"a_column_{number} TEXT DEFAULT 'none at all'" for number in range(4))
    assert shown(f"CREATE TABLE t({columns})", "")[:5] == [
        "table t",
        "  upgraded:",
        "      CREATE TABLE t(a_column_0 TEXT DEFAULT 'none at all', a_column_1",
        "        TEXT DEFAULT 'none at all', a_column_2 TEXT DEFAULT",
        "        'none at all', a_column_3 TEXT DEFAULT 'none at all')",
    ]


def is_shown_within_80_columns(pair: tuple[str, str]) -> None:
    lines = shown(*pair)
    assert lines
    assert max(map(len, lines)) <= 76


def test_every_difference_has_sql_to_show_within_80_columns() -> None:
    holds_for_every(DIFFERENT, is_shown_within_80_columns)
