"""A schema difference as lines for a terminal."""

from __future__ import annotations

from pytest_pmd_migrations.schema import compare
from pytest_pmd_migrations.schema.showing.lines import count_differences, diff_lines

from tests.every import holds_for_every
from tests.unit.plugin.schema.made_schemas import schema
from tests.unit.plugin.schema.rulings import RULINGS, Ruling

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
    assert diff_lines(compare(schema(UPGRADED), schema(FRESH))) == [
        "only in upgraded   column documents.extra TEXT",
        "                   mend: ALTER TABLE documents DROP COLUMN extra;",
        "only in upgraded   table path_contexts (5 columns, 1 index)",
        "                   mend: DROP TABLE path_contexts;",
        "only in upgraded   view everything",
        "                   mend: DROP VIEW everything;",
        "only in fresh      index documents_active on documents(active)",
        "                   mend:",
        "    CREATE INDEX documents_active ON documents(active) WHERE active;",
        "only in fresh      trigger documents_gone on documents",
        "                   mend:",
        "    CREATE TRIGGER documents_gone AFTER DELETE ON documents BEGIN SELECT",
        "    1; END;",
        "different          column documents.active",
        "                   default    upgraded: none    fresh: 1",
        "                   mend: needs a table rebuild",
        "different          column documents.title",
        "                   NOT NULL    upgraded: no    fresh: yes",
        "                   mend: needs a table rebuild",
        "different          index documents_title",
        "                   columns",
        "                     upgraded: title",
        "                     fresh:    title COLLATE NOCASE",
        "                                     ^^^^^^^^^^^^^^",
        "                   mend:",
        "    DROP INDEX documents_title; CREATE INDEX documents_title ON",
        "    documents(title COLLATE NOCASE);",
    ]


def test_with_other_labels_nothing_is_to_be_mended() -> None:
    diff = compare(schema(UPGRADED), schema(FRESH))
    lines = diff_lines(diff, labels=("stored", "fresh now"))
    assert lines[:4] == [
        "only in stored     column documents.extra TEXT",
        "only in stored     table path_contexts (5 columns, 1 index)",
        "only in stored     view everything",
        "only in fresh now  index documents_active on documents(active)",
    ]
    assert not [line for line in lines if "mend" in line or "upgraded" in line]


def test_two_facts_of_one_object_stand_under_one_head() -> None:
    diff = compare(schema("CREATE TABLE t(a INT)"), schema("CREATE TABLE t(a TEXT NOT NULL)"))
    assert diff_lines(diff) == [
        "different          column t.a",
        "                   type    upgraded: INT    fresh: TEXT",
        "                   NOT NULL    upgraded: no    fresh: yes",
        "                   mend: needs a table rebuild",
    ]


def test_another_order_alone_is_one_short_message() -> None:
    diff = compare(
        schema("CREATE TABLE documents(a, b, c)"), schema("CREATE TABLE documents(a, c, b)")
    )
    assert diff_lines(diff) == [
        "order              columns of documents",
        "                     upgraded: a, b, c",
        "                                     ^",
        "                     fresh:    a, c, b",
        "                                  ^",
        "                   mend: needs a table rebuild",
    ]


def test_expressions_read_as_they_are_written() -> None:
    diff = compare(
        schema("CREATE TABLE t(a, CHECK(a IN (1, ' ( , )') AND lower(t.a) <> 'x'))"),
        schema("CREATE TABLE t(a DEFAULT (round(1.5, 0)))"),
    )
    assert diff_lines(diff) == [
        "only in upgraded   check t: a in (1, ' ( , )') and lower (t.a) <> 'x'",
        "                   mend: needs a table rebuild",
        "different          column t.a",
        "                   default    upgraded: none    fresh: round (1.5, 0)",
        "                   mend: needs a table rebuild",
    ]


TABLE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title, state {});"
TRIGGER = (
    "CREATE TRIGGER note_added AFTER INSERT ON notes BEGIN"
    " UPDATE notes SET title = trim(title), state = {} WHERE id = new.id;"
    " DELETE FROM notes WHERE title = '' AND state <> '{}'; END;"
)


def test_a_check_that_changed_is_told_as_one_with_its_changed_tokens_marked() -> None:
    old = TABLE.format("CHECK (state IN ('draft', 'done'))")
    new = TABLE.format("CHECK (state IN ('draft', 'ready', 'done'))")
    assert diff_lines(compare(schema(old), schema(new))) == [
        "different          check of notes",
        "                   expression",
        "                     upgraded: state in ('draft', 'done')",
        "                     fresh:    state in ('draft', 'ready', 'done')",
        "                                                  ^^^^^^^^",
        "                   mend: needs a table rebuild",
    ]


def test_checks_that_have_little_in_common_are_two() -> None:
    old = TABLE.format("CHECK (state IN ('draft', 'done'))")
    new = TABLE.format("CHECK (length(title) > 3)")
    assert diff_lines(compare(schema(old), schema(new))) == [
        "only in upgraded   check notes: state in ('draft', 'done')",
        "                   mend: needs a table rebuild",
        "only in fresh      check notes: length (title) > 3",
        "                   mend: needs a table rebuild",
    ]


def test_each_check_became_the_one_that_is_most_like_it() -> None:
    old = "CREATE TABLE t(a, b, CHECK (a > 1 AND a < 9), CHECK (b IN (1, 2, 3)))"
    new = "CREATE TABLE t(a, b, CHECK (b IN (1, 2, 4)), CHECK (a > 0 AND a < 9))"
    assert [line.strip() for line in diff_lines(compare(schema(old), schema(new)))] == [
        "different          check of t",
        "expression",
        "upgraded: a > 1 and a < 9",
        "^",
        "fresh:    a > 0 and a < 9",
        "^",
        "expression",
        "upgraded: b in (1, 2, 3)",
        "^",
        "fresh:    b in (1, 2, 4)",
        "^",
        "mend: needs a table rebuild",
    ]


def test_two_checks_do_not_become_the_same_one() -> None:
    old = "CREATE TABLE t(a, CHECK (a > 1 AND a < 9), CHECK (a > 2 AND a < 9))"
    diff = compare(schema(old), schema("CREATE TABLE t(a, CHECK (a > 3 AND a < 9))"))
    heads = [line for line in diff_lines(diff) if not line.startswith(" ")]
    assert heads == [
        "different          check of t",
        "only in upgraded   check t: a > 2 and a < 9",
    ]


def test_a_foreign_key_that_leads_elsewhere_is_told_as_one() -> None:
    old = "CREATE TABLE t(a REFERENCES p(id))"
    new = "CREATE TABLE t(a REFERENCES parents(id))"
    assert diff_lines(compare(schema(old), schema(new))) == [
        "different          foreign key t(a)",
        "                   references",
        "                     upgraded: p(id)",
        "                               ^",
        "                     fresh:    parents(id)",
        "                               ^^^^^^^",
        "                   mend: needs a table rebuild",
    ]


def test_a_sign_of_ours_in_a_name_is_part_of_the_name() -> None:
    old = 'CREATE TABLE "x: y"("a -> b" REFERENCES p(id) CHECK ("a -> b" > 1))'
    new = 'CREATE TABLE "x: y"("a -> b" REFERENCES q(id) CHECK ("a -> b" > 2))'
    assert diff_lines(compare(schema(old), schema(new))) == [
        "different          check of x: y",
        "                   expression",
        '                     upgraded: "a -> b" > 1',
        "                                          ^",
        '                     fresh:    "a -> b" > 2',
        "                                          ^",
        "                   mend: needs a table rebuild",
        'different          foreign key x: y("a -> b")',
        "                   references",
        "                     upgraded: p(id)",
        "                               ^",
        "                     fresh:    q(id)",
        "                               ^",
        "                   mend: needs a table rebuild",
    ]


def test_checks_of_two_tables_are_two_whatever_the_tables_are_called() -> None:
    old = 'CREATE TABLE t(a CHECK (a > 1)); CREATE TABLE "t: a"(a)'
    new = 'CREATE TABLE t(a); CREATE TABLE "t: a"(a CHECK (a > 1))'
    assert diff_lines(compare(schema(old), schema(new))) == [
        "only in upgraded   check t: a > 1",
        "                   mend: needs a table rebuild",
        "only in fresh      check t: a: a > 1",
        "                   mend: needs a table rebuild",
    ]


def test_a_long_body_stands_further_out_with_every_change_marked() -> None:
    old = TABLE.format("") + TRIGGER.format("'new'", "kept")
    new = TABLE.format("") + TRIGGER.format("lower(state)", "done")
    assert diff_lines(compare(schema(old), schema(new))) == [
        "different          trigger note_added",
        "                   body",
        "    upgraded: update notes set title = trim (title), state = 'new' where",
        "                                                             ^^^^^",
        "              id = new.id; delete from notes where title = '' and state",
        "              <> 'kept'; end",
        "                 ^^^^^^",
        "    fresh:    update notes set title = trim (title), state = lower (state)",
        "                                                             ^^^^^^^^^^^^^",
        "              where id = new.id; delete from notes where title = '' and",
        "              state <> 'done'; end",
        "                       ^^^^^^",
        "                   mend:",
        "    DROP TRIGGER note_added; CREATE TRIGGER note_added AFTER INSERT ON",
        "    notes BEGIN UPDATE notes SET title = trim(title), state = lower(state)",
        "    WHERE id = new.id; DELETE FROM notes WHERE title = '' AND state <>",
        "    'done'; END;",
    ]


def test_values_with_nothing_in_common_have_no_marks() -> None:
    diff = compare(schema("CREATE VIEW v AS SELECT 1"), schema("CREATE VIEW v AS VALUES ('x')"))
    assert not [line for line in diff_lines(diff) if "^" in line]


def test_a_line_end_in_a_literal_is_shown_and_ends_no_line() -> None:
    diff = compare(schema("CREATE TABLE t(a)"), schema("CREATE TABLE t(a DEFAULT 'x\ny')"))
    assert diff_lines(diff)[1] == "                   default    upgraded: none    fresh: 'x\\ny'"


def test_a_table_on_one_side_is_one_line_with_all_that_belongs_to_it() -> None:
    table = TABLE.format("UNIQUE") + "CREATE INDEX by_title ON notes(title);"
    diff = compare(schema(table + TRIGGER.format("1", "2")), schema(""))
    assert diff_lines(diff) == [
        "only in upgraded   table notes (3 columns, 1 index, 1 trigger)",
        "                   mend: DROP TABLE notes;",
    ]


def test_what_is_counted_is_what_is_told() -> None:
    old = TABLE.format("CHECK (state IN ('draft', 'done'))") + "CREATE TABLE x(a);"
    diff = compare(schema(old), schema(TABLE.format("CHECK (state IN ('draft', 'open'))")))
    assert count_differences(diff) == 2 == len(diff.differences) - 1


def test_equal_schemas_have_no_lines() -> None:
    assert diff_lines(compare(schema(FRESH), schema(FRESH))) == []


def is_told_within_72_columns(ruling: Ruling) -> None:
    lines = diff_lines(compare(schema(ruling.upgraded), schema(ruling.fresh)))
    assert [line for line in lines if len(line) > 72] == []


def test_no_line_is_wider_than_72_columns() -> None:
    holds_for_every(RULINGS, is_told_within_72_columns)


def test_a_word_that_is_too_long_is_not_cut() -> None:
    name = "x" * 90
    [line, _] = diff_lines(compare(schema(""), schema(f"CREATE TABLE {name}(a)")))[:2]
    assert line.strip() == "only in fresh      table" or name in line
