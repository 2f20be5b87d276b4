"""A schema difference as lines for a terminal."""

from __future__ import annotations

import pytest
from pytest_pmd_migrations.schema import compare
from pytest_pmd_migrations.schema.render import render

from tests.unit.plugin.schema.test_rulings import DIFFERENT, ORDER, SAME, schema

UPGRADED = """
    CREATE TABLE documents(path TEXT PRIMARY KEY, active INT, title TEXT, extra TEXT);
    CREATE INDEX documents_title ON documents(title);
    CREATE TABLE path_contexts(a, b, c, d, e);
    CREATE INDEX contexts_a ON path_contexts(a);
    CREATE VIEW everything AS SELECT * FROM path_contexts;
"""
FRESH = """
    CREATE TABLE documents(path TEXT PRIMARY KEY, active INT DEFAULT 1, title TEXT NOT NULL);
    CREATE INDEX documents_title ON documents(title COLLATE NOCASE);
    CREATE INDEX documents_active ON documents(active) WHERE active;
    CREATE TRIGGER documents_gone AFTER DELETE ON documents BEGIN SELECT 1; END;
"""


def test_every_kind_of_line() -> None:
    assert render(compare(schema(UPGRADED), schema(FRESH))) == [
        "only in upgraded   column documents.extra TEXT",
        "                   mend: ALTER TABLE documents DROP COLUMN extra;",
        "only in upgraded   table path_contexts (5 columns, 1 index)",
        "                   mend: DROP TABLE path_contexts;",
        "only in upgraded   view everything",
        "                   mend: DROP VIEW everything;",
        "only in fresh      index documents_active on documents(active)",
        "                   mend: CREATE INDEX documents_active ON",
        "                   documents(active) WHERE active;",
        "only in fresh      trigger documents_gone on documents",
        "                   mend: CREATE TRIGGER documents_gone AFTER DELETE ON",
        "                   documents BEGIN SELECT 1; END;",
        "different          column documents.active",
        "                   default    upgraded: none    fresh: 1",
        "                   mend: needs a table rebuild",
        "different          column documents.title",
        "                   NOT NULL    upgraded: no    fresh: yes",
        "                   mend: needs a table rebuild",
        "different          index documents_title",
        "                   columns",
        "                     upgraded: title",
        "                     fresh: title COLLATE NOCASE",
        "                   mend: DROP INDEX documents_title; CREATE INDEX",
        "                   documents_title ON documents(title COLLATE NOCASE);",
    ]


def test_with_other_labels_nothing_is_to_be_mended() -> None:
    diff = compare(schema(UPGRADED), schema(FRESH))
    lines = render(diff, labels=("stored", "fresh now"))
    assert lines[:4] == [
        "only in stored     column documents.extra TEXT",
        "only in stored     table path_contexts (5 columns, 1 index)",
        "only in stored     view everything",
        "only in fresh now  index documents_active on documents(active)",
    ]
    assert not [line for line in lines if "mend" in line or "upgraded" in line]


def test_two_facts_of_one_object_stand_under_one_head() -> None:
    diff = compare(schema("CREATE TABLE t(a INT)"), schema("CREATE TABLE t(a TEXT NOT NULL)"))
    assert render(diff) == [
        "different          column t.a",
        "                   type    upgraded: INT    fresh: TEXT",
        "                   NOT NULL    upgraded: no    fresh: yes",
        "                   mend: needs a table rebuild",
    ]


def test_another_order_alone_is_one_short_message() -> None:
    diff = compare(
        schema("CREATE TABLE documents(a, b, c)"), schema("CREATE TABLE documents(a, c, b)")
    )
    assert render(diff) == [
        "order              columns of documents",
        "                   upgraded: a, b, c",
        "                   fresh: a, c, b",
        "                   mend: needs a table rebuild",
    ]


def test_expressions_read_as_they_are_written() -> None:
    diff = compare(
        schema("CREATE TABLE t(a, CHECK(a IN (1, ' ( , )') AND lower(t.a) <> 'x'))"),
        schema("CREATE TABLE t(a DEFAULT (round(1.5, 0)))"),
    )
    assert render(diff) == [
        "only in upgraded   check t: a in (1, ' ( , )') and lower (t.a) <> 'x'",
        "                   mend: needs a table rebuild",
        "different          column t.a",
        "                   default    upgraded: none    fresh: round (1.5, 0)",
        "                   mend: needs a table rebuild",
    ]


def test_equal_schemas_have_no_lines() -> None:
    assert render(compare(schema(FRESH), schema(FRESH))) == []


@pytest.mark.parametrize("pair", [*SAME.values(), *DIFFERENT.values(), *ORDER.values()])
def test_no_line_is_wider_than_72_columns(pair: tuple[str, str]) -> None:
    lines = render(compare(schema(pair[0]), schema(pair[1])))
    assert [line for line in lines if len(line) > 72] == []


def test_a_word_that_is_too_long_is_not_cut() -> None:
    name = "x" * 90
    [line, _] = render(compare(schema(""), schema(f"CREATE TABLE {name}(a)")))[:2]
    assert line.strip() == "only in fresh      table" or name in line
