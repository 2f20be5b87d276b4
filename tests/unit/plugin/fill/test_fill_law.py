"""The law: where some row fits a table, a row is generated, and the database stays sound.

Each table is made around a witness, a row that all its rules allow.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.fill import fill_empty_tables

WORDS = st.text(st.sampled_from("abcXYZ0189 éß練"), min_size=1, max_size=12)
ODD_NAMES = ("order", "it's", 'say "x"', "größe", "a b", "check", "T", "n1")


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def name(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'


def some_of(rules: list[str]) -> st.SearchStrategy[str]:
    """Up to three of the rules, one after the other."""
    return st.lists(st.sampled_from(rules), max_size=3, unique=True).map(" ".join)


@st.composite
def integer_columns(draw: st.DrawFn, column: str) -> tuple[str, str]:
    witness = draw(st.integers(-(2**40), 2**40))
    low, high = draw(st.integers(0, 5)), draw(st.integers(0, 5))
    rules = draw(
        some_of(
            [
                f"CHECK ({column} BETWEEN {witness - low} AND {witness + high})",
                f"CHECK ({column} >= {witness - low} AND {column} < {witness + high + 1})",
                f"CHECK ({column} IN ({witness}, {witness + 1 + high}))",
                f"CHECK ({column} <> 1 AND {column} <= {witness})"
                if witness != 1
                else f"CHECK ({column} = 1)",
                f"CHECK (typeof({column}) = 'integer')",
            ]
        )
    )
    return f"INTEGER {rules}", str(witness)


@st.composite
def text_columns(draw: st.DrawFn, column: str) -> tuple[str, str]:
    witness = draw(WORDS)
    start = witness[:2].replace("'", "''")
    rules = draw(
        some_of(
            [
                f"CHECK ({column} IN ('-', {text(witness)}))",
                f"CHECK (length({column}) = {len(witness)})",
                f"CHECK (length({column}) BETWEEN {len(witness)} AND {len(witness) + 1})",
                f"CHECK ({column} LIKE '{start}%')",
                f"CHECK ({column} GLOB '{start}*')",
                f"CHECK ({column} GLOB '[{witness[0]}-{witness[0]}]*')",
                # COLLATE RTRIM takes spaces for nothing.
                f"CHECK ({column} <> '')" if witness.strip() else f"CHECK ({column} IS NOT NULL)",
                f"CHECK (substr({column}, 1, {len(start)}) = '{start}')",
                f"CHECK (instr({column}, {text(witness)}) > 0)",
            ]
        )
    )
    collation = draw(st.sampled_from(["", "COLLATE NOCASE", "COLLATE RTRIM"]))
    return f"TEXT {collation} {rules}", text(witness)


@st.composite
def other_columns(draw: st.DrawFn, column: str) -> tuple[str, str]:
    return draw(
        st.sampled_from(
            [
                (f"REAL CHECK ({column} > 0.5 AND {column} < 0.75)", "0.7"),
                (f"BLOB CHECK (length({column}) = 16)", "zeroblob(16)"),
                (f"TEXT CHECK (json_valid({column}))", "'[1]'"),
                (f"TEXT CHECK (json_type({column}) = 'object')", "'{}'"),
                ("ANY", "x'00'"),
            ]
        )
    )


@st.composite
def tables(draw: st.DrawFn, table: str, parents: tuple[str, ...]) -> tuple[str, str]:
    """A CREATE TABLE, and the INSERT of a row that fits it when each parent holds a row."""
    columns = draw(
        st.lists(st.sampled_from(ODD_NAMES), min_size=1, max_size=6, unique_by=str.lower)
    )
    definitions, values, integers = [], [], []
    for column in map(name, columns):
        kinds = st.one_of(integer_columns(column), text_columns(column), other_columns(column))
        kind, value = draw(kinds)
        if kind.startswith("INTEGER"):
            integers.append((int(value), column))
        needed = draw(st.sampled_from(["", "NOT NULL", "NOT NULL UNIQUE", "UNIQUE"]))
        definitions.append(f"{column} {kind} {needed}")
        values.append(value)
    for place, parent in enumerate(parents):
        if draw(st.booleans()):
            needed = draw(st.sampled_from(["", "NOT NULL", "UNIQUE NOT NULL"]))
            definitions.append(f"ref{place} INTEGER {needed} REFERENCES {name(parent)}(id)")
            values.append("1")
            columns.append(f"ref{place}")
    for (one, left), (other, right) in zip(sorted(integers), sorted(integers)[1:], strict=False):
        definitions.append(f"CHECK ({left} {'<' if one < other else '<='} {right})")
    if draw(st.booleans()):
        definitions.append(f"UNIQUE ({', '.join(map(name, columns))})")
    strict = draw(st.sampled_from(["", " STRICT"]))
    create = f"CREATE TABLE {name(table)}(id INTEGER PRIMARY KEY, {', '.join(definitions)}){strict}"
    names = ", ".join(("id", *map(name, columns)))
    return create, f"INSERT INTO {name(table)}({names}) VALUES (1, {', '.join(values)})"


@st.composite
def schemas(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    made = [draw(tables("z first", ()))]
    made.append(draw(tables("second", ("z first",))))
    made.append(draw(tables('a "third"', ("z first", "second"))))
    return [create for create, _ in made], [insert for _, insert in made]


STRICT_WITH_SEVERAL_CHECKS = (
    [
        'CREATE TABLE "z first"(id INTEGER PRIMARY KEY,'
        ' "order" REAL CHECK ("order" > 0.5 AND "order" < 0.75))',
        'CREATE TABLE "second"(id INTEGER PRIMARY KEY, "order" INTEGER)',
        'CREATE TABLE "a ""third"""(id INTEGER PRIMARY KEY,'
        ' "order" BLOB CHECK (length("order") = 16) NOT NULL,'
        ' "it\'s" INTEGER NOT NULL, "say ""x""" INTEGER,'
        ' "größe" TEXT CHECK (json_type("größe") = \'object\'),'
        ' "a b" BLOB CHECK (length("a b") = 16) NOT NULL,'
        ' "check" INTEGER CHECK ("check" BETWEEN 0 AND 0),'
        ' CHECK ("it\'s" <= "say ""x""")) STRICT',
    ],
    [
        'INSERT INTO "z first"(id, "order") VALUES (1, 0.7)',
        'INSERT INTO "second"(id, "order") VALUES (1, 0)',
        'INSERT INTO "a ""third""" VALUES (1, zeroblob(16), 0, 0, \'{}\', zeroblob(16), 0)',
    ],
)


@settings(deadline=None, max_examples=30)
@example(STRICT_WITH_SEVERAL_CHECKS)
@given(schemas())
def test_where_a_row_fits_one_is_generated(schema: tuple[list[str], list[str]]) -> None:
    creates, witnesses = schema
    with closing(sqlite3.connect(":memory:")) as witnessed:
        witnessed.execute("PRAGMA foreign_keys = ON")
        for statement in (*creates, *witnesses):
            witnessed.execute(statement)
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(";".join(creates))
        filled = fill_empty_tables(conn)
        assert filled.failed == {}
        assert len(filled.rows) == len(creates)
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
