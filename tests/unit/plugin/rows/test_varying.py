"""Two runs of one step are compared: which columns differ, and no more of them than do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from pytest_pmd_migrations.rows import NOTHING_VARIES, VaryingRows, find_varying, volatile_setting

from tests.every import for_every

NOTES = "CREATE TABLE notes(id INTEGER PRIMARY KEY, a, b, both AS (a || b))"


@contextmanager
def built(sql: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(sql)
        yield conn


def varying(made: str, first: str, second: str, **options: tuple[str, ...]) -> VaryingRows:
    with built(f"{made}; {first}") as one, built(f"{made}; {second}") as other:
        return find_varying(one, other, **options)


def test_equal_rows_do_not_vary_in_whatever_order_they_lie() -> None:
    made = "CREATE TABLE t(a, b)"
    first, second = "INSERT INTO t VALUES (1, 2), (3, 4)", "INSERT INTO t VALUES (3, 4), (1, 2)"
    assert varying(made, first, second) == NOTHING_VARIES
    assert not NOTHING_VARIES


@for_every(
    "second, columns",
    [
        ("(1, 'x', 9), (2, 'y', 8)", ("notes.b", "notes.both")),
        ("(1, 'z', 1), (2, 'z', 2)", ("notes.a", "notes.both")),
        ("(1, 'z', 9), (2, 'z', 8)", ("notes.a", "notes.b", "notes.both")),
        ("(3, 'x', 1), (4, 'y', 2)", ("notes.id",)),
        ("(1, 'x', 1), (2, 'y', '2')", ("notes.b",)),
        ("(1, 'y', 2), (2, 'x', 1)", ("notes.a", "notes.b", "notes.both")),
    ],
)
def test_the_columns_that_differ_are_named(second: str, columns: tuple[str, ...]) -> None:
    first = "INSERT INTO notes VALUES (1, 'x', 1), (2, 'y', 2)"
    assert varying(NOTES, first, f"INSERT INTO notes VALUES {second}").columns == columns


def test_values_that_stand_in_other_rows_are_one_shuffled_column() -> None:
    made = "CREATE TABLE deck(position INTEGER PRIMARY KEY, suit, card)"
    first = "INSERT INTO deck VALUES (1, 'red', 'ace'), (2, 'red', 'ten'), (3, 'black', 'six')"
    second = "INSERT INTO deck VALUES (1, 'red', 'six'), (2, 'red', 'ace'), (3, 'black', 'ten')"
    assert varying(made, first, second) == VaryingRows(("deck.card",))


def test_another_number_of_rows_is_no_matter_of_columns() -> None:
    first = "INSERT INTO notes VALUES (1, 'x', 1)"
    second = "INSERT INTO notes VALUES (1, 'x', 1), (2, 'y', 2)"
    assert varying(NOTES, first, second) == VaryingRows(tables=("notes",))


def test_what_the_settings_leave_out_does_not_vary() -> None:
    first, second = "INSERT INTO notes VALUES (1, 'x', 1)", "INSERT INTO notes VALUES (1, 'y', 1)"
    assert varying(NOTES, first, second, volatile=("NOTES.a", "*.both")) == NOTHING_VARIES
    assert varying(NOTES, first, second, ignore=("not*",)) == NOTHING_VARIES


def test_a_name_becomes_a_glob_that_fits_it_alone() -> None:
    found = VaryingRows(("odd[1].what?", 'plain."quoted"'))
    assert found.globs == ("odd[[]1].what[?]", 'plain."quoted"')
    assert volatile_setting((*found.globs, found.globs[0])) == (
        r'migration_volatile = ["odd[[]1].what[?]", "plain.\"quoted\""]'
    )
