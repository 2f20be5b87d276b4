"""Which table or index needs which function or collation is told by name, in one message."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_pmd_migrations.connections.connection import NO_PREPARATION, Preparation
from pytest_pmd_migrations.errors import MissingNameError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.schema import refuse_missing_names, stored_text
from pytest_pmd_migrations.schema.missing_names import named_by
from pytest_pmd_migrations.schema.reading.stand_ins import MissingName, missing_name

from tests.unit.plugin.own_functions import ADVICE, PREPARED, SCHEMA, prepare


def text_of(sql: str) -> tuple[tuple[object, ...], ...]:
    with closing(sqlite3.connect(":memory:")) as conn:
        prepare(conn)
        for name, count in (("regexp", 2), ("folded", 1)):
            conn.create_function(name, count, lambda *_: True, deterministic=True)
        conn.executescript(sql)
        return stored_text(conn)


def needed(sql: str, preparation: Preparation = NO_PREPARATION) -> list[tuple[str, str, str]]:
    try:
        refuse_missing_names(text_of(sql), preparation)
    except MissingNameError as error:
        return list(error.needed)
    return []


FUNCTION = ("function", "fold")
COLLATION = ("collation", "FOLDED")


NEEDED: list[tuple[str, list[tuple[str, str, str]]]] = [
        ("CREATE TABLE t(a CHECK (fold(a) <> ''))", [("table t", *FUNCTION)]),
        ("CREATE TABLE t(a, CHECK (a > '' COLLATE FOLDED))", [("table t", *COLLATION)]),
        ("CREATE TABLE t(a, b AS (fold(a)))", [("table t", *FUNCTION)]),
        ("CREATE TABLE t(a, b AS (fold(a)) STORED)", [("table t", *FUNCTION)]),
        ("CREATE TABLE t(a DEFAULT (fold('X')))", [("table t", *FUNCTION)]),
        ("CREATE TABLE t(a COLLATE FOLDED)", [("table t", *COLLATION)]),
        ("CREATE TABLE t(a COLLATE folded, PRIMARY KEY (a)) WITHOUT ROWID",
         [("table t", "collation", "folded")]),
        ("CREATE TABLE t(a, UNIQUE (a COLLATE FOLDED))", [("table t", *COLLATION)]),
        ("CREATE TABLE t(a TEXT CHECK (a REGEXP '^x'))", [("table t", "function", "REGEXP")]),
        ("CREATE TABLE t(a); CREATE INDEX i ON t(fold(a))", [("index i", *FUNCTION)]),
        ("CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE fold(a) = 'x'", [("index i", *FUNCTION)]),
        ("CREATE TABLE t(a); CREATE INDEX i ON t(a COLLATE FOLDED)", [("index i", *COLLATION)]),
        (
            "CREATE TABLE t(a COLLATE FOLDED, CHECK (folded(a))); CREATE INDEX i ON t(folded(a))",
            [
                ("table t", *COLLATION),
                ("table t", "function", "folded"),
                ("index i", "function", "folded"),
            ],
        ),
        (
            "CREATE TABLE \"my t\"(a COLLATE FOLDED, b CHECK (fold(b) > fold(a)));"
            "CREATE INDEX i ON \"my t\"(b COLLATE FOLDED)",
            [
                ("table my t", *COLLATION),
                ("table my t", *FUNCTION),
                ("index i", *COLLATION),
            ],
        ),
]  # fmt: skip


def test_each_table_and_index_says_what_it_needs() -> None:
    for sql, expected in NEEDED:
        assert needed(sql) == expected, sql
        if not {name for _, _, name in expected} - {"fold", "FOLDED"}:
            assert needed(sql, PREPARED) == [], sql


WORKS = [
    "CREATE TABLE t(a TEXT COLLATE NOCASE CHECK (length(trim(a)) > 0), b VARCHAR(20))",
    "CREATE TABLE t(a PRIMARY KEY, b REFERENCES t(a), CHECK (a IN (1, 2)))",
    "CREATE VIRTUAL TABLE f USING fts5(a, b)",
    "CREATE TABLE t(a); CREATE VIEW v AS SELECT fold(a) FROM t",
    "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT fold(new.a); END",
    "CREATE TABLE t(a, fold TEXT DEFAULT 'fold(x) COLLATE FOLDED')",
]


def test_what_works_without_is_not_refused() -> None:
    assert [sql for sql in WORKS if needed(sql)] == []


def test_the_message_names_all_and_the_setting() -> None:
    with pytest.raises(MissingNameError) as caught:
        refuse_missing_names(text_of(SCHEMA), NO_PREPARATION)
    assert str(caught.value) == (
        "table t needs the collation FOLDED, the function fold; index i needs the function fold:"
        " the application adds that to its own connections. Name the function that does:"
        f" {ADVICE}"
    )


def test_a_name_that_a_terminal_would_obey_is_shown_and_not_obeyed() -> None:
    with pytest.raises(MissingNameError) as caught:
        refuse_missing_names(text_of('CREATE TABLE "\x1b[31m"(a COLLATE FOLDED)'), NO_PREPARATION)
    assert str(caught.value).startswith("table \\x1b[31m needs the collation FOLDED: ")


def test_a_table_is_looked_at_once_for_each_preparation() -> None:
    calls: list[int] = []

    def counting(conn: sqlite3.Connection) -> None:
        calls.append(1)
        prepare(conn)

    preparation = Preparation((("app.db:prepare", counting),))
    for _ in range(3):
        refuse_missing_names(text_of(f"{SCHEMA}; CREATE TABLE once(a)"), preparation)
    assert len(calls) == 2
    assert needed(SCHEMA)


def test_the_triggers_that_name_a_function_are_found() -> None:
    text = text_of(
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT FOLD(new.a); END;"
        "CREATE TRIGGER s AFTER INSERT ON t BEGIN SELECT 'fold'; END;"
    )
    assert named_by(text, MissingName("function", "fold")) == ("trigger r",)


def test_a_text_that_sqlite_cannot_be_given_is_left_alone() -> None:
    text = [("table", "t", "t", "CREATE TABLE t(\udcff CHECK (fold(1)))")]
    refuse_missing_names(text, NO_PREPARATION)


@pytest.fixture
def unprepared() -> Iterator[sqlite3.Connection]:
    with closing(Image(b"", PREPARED).connect()) as conn:
        conn.executescript(f"{SCHEMA}; CREATE VIEW v AS SELECT fold(name) FROM t")
        image = Image(Image.of_connection(conn).content)
    with closing(image.connect()) as conn:
        yield conn


MESSAGES = [
    ("SELECT fold(1)", MissingName("function", "fold")),
    ("INSERT INTO t VALUES ('a')", MissingName("function", "fold")),
    ("SELECT * FROM v", MissingName("function", "fold")),
    ("SELECT * FROM t ORDER BY name DESC, 1 + name", MissingName("collation", "FOLDED")),
]


def test_sqlites_messages_are_read(unprepared: sqlite3.Connection) -> None:
    for sql, missing in MESSAGES:
        with pytest.raises(sqlite3.OperationalError) as caught:
            unprepared.execute(sql).fetchall()
        assert missing_name(str(caught.value)) == missing, sql


def test_any_other_message_names_nothing() -> None:
    assert missing_name("no such table: function") is None
