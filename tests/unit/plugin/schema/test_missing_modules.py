"""Which virtual table needs a module or a tokenizer that is not there, in SQLite's own words."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from pytest_pmd_migrations.schema.missing_modules import missing_module, tables_needing

from tests.every import for_every

VIRTUAL = {
    "no such module": ("places", 'CREATE VIRTUAL TABLE "places" USING geo(a)', "module geo"),
    "in a schema": ("p", "CREATE VIRTUAL TABLE IF NOT EXISTS main.p USING Geo", "module Geo"),
    "fts5": ("f", "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'snow x')", "tokenizer snow"),
    "fts4": ("g", "CREATE VIRTUAL TABLE g USING fts4(a, tokenize=snow)", "tokenizer snow"),
}
OTHERS = (
    "CREATE VIRTUAL TABLE o USING fts5(snow, geo)",
    "CREATE TABLE u(a); INSERT INTO u SELECT a FROM u JOIN u AS w USING (a)",
)


@for_every("table, sql, missing", VIRTUAL.values(), ids=VIRTUAL)
def test_what_sqlite_misses_is_found_in_the_statement(table: str, sql: str, missing: str) -> None:
    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(sqlite3.Error) as caught:
        conn.execute(sql)
    found = missing_module(str(caught.value))
    assert found is not None
    assert str(found) == missing
    assert tables_needing(found, [*OTHERS, f"SELECT 1; {sql}; SELECT 2", sql]) == (table,)
    assert tables_needing(found, OTHERS) == ()


def test_other_messages_name_no_module() -> None:
    assert missing_module("no such table: module") is None
