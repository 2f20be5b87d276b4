"""The corners of a schema: one thing in it that is there n times, and the work that this makes.

Whatever is there four times as often must cost about four times as much. `CORNERS` is measured in
time by `python -m tests.benchmarks.corners`, and counted in steps by the tests.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from pytest_pmd_migrations.fill import fill_empty_tables
from pytest_pmd_migrations.schema import Schema, compare, read_schema, stored_text
from pytest_pmd_migrations.schema.lost.guards import find_lost_guards
from pytest_pmd_migrations.schema.reading.step_statements import read_statements
from pytest_pmd_migrations.schema.references.find import check_references
from pytest_pmd_migrations.schema.references.since import changes_since
from pytest_pmd_migrations.schema.showing.full_sql import full_sql
from pytest_pmd_migrations.schema.showing.lines import diff_lines
from pytest_pmd_migrations.snapshots.twin import twin_sql

from tests.benchmarks import corner_schemas as schemas
from tests.benchmarks.corner_steps import compared_columns, compared_tables

__all__ = ["CORNERS", "Corner", "Work", "opened"]

Work = Callable[[], object]


@dataclass(frozen=True)
class Corner:
    """What is there often in a schema, how often at least, and what returns the work on it."""

    name: str
    small: int
    work: Callable[[int], Work]


def _made(sql: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(sql)
        return conn.serialize()


def opened(content: bytes) -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    conn.deserialize(content)
    return conn


def _read(content: bytes) -> Schema:
    with closing(opened(content)) as conn:
        return read_schema(conn)


def _reading(script: Callable[[int], str]) -> Callable[[int], Work]:
    """Return the work of reading a schema."""

    def work(count: int) -> Work:
        content = _made(script(count))
        return lambda: _read(content)

    return work


def _filling(script: Callable[[int], str]) -> Callable[[int], Work]:
    """Return the work of filling the empty tables of a schema."""

    def work(count: int) -> Work:
        content = _made(script(count))

        def fill() -> None:
            with closing(opened(content)) as conn:
                filled = fill_empty_tables(conn)
            assert filled.rows
            assert not filled.failed

        return fill

    return work


def _showing(one: Callable[[int], str], other: Callable[[int], str]) -> Callable[[int], Work]:
    """Return the work of comparing two schemas and telling all that differs, as -vv does."""

    def work(count: int) -> Work:
        contents = _made(one(count)), _made(other(count))
        schemas = _read(contents[0]), _read(contents[1])
        texts = _text(contents[0]), _text(contents[1])

        def show() -> None:
            diff = compare(*schemas)
            assert diff
            assert diff_lines(diff)
            assert full_sql(diff, schemas, texts)

        return show

    return work


def _text(content: bytes) -> tuple[tuple[object, ...], ...]:
    with closing(opened(content)) as conn:
        return stored_text(conn)


def _comparing(one: Callable[[int], str], other: Callable[[int], str]) -> Callable[[int], Work]:
    """Return the work of comparing two schemas that were read."""

    def work(count: int) -> Work:
        schemas = _read(_made(one(count))), _read(_made(other(count)))
        return lambda: compare(*schemas)

    return work


def _losing(one: Callable[[int], str], other: Callable[[int], str]) -> Callable[[int], Work]:
    """Return the work of finding what a step from one schema to another lost."""

    def work(count: int) -> Work:
        schemas = _read(_made(one(count))), _read(_made(other(count)))
        statements = read_statements(["SELECT 1"])
        return lambda: find_lost_guards(*schemas, statements)

    return work


def _referring(script: Callable[[int], str]) -> Callable[[int], Work]:
    """Return the work of asking SQLite about every reference of a schema."""

    def work(count: int) -> Work:
        content = _made(script(count))

        def ask() -> None:
            with closing(opened(content)) as conn:
                check_references(conn)

        return ask

    return work


def _changing(one: Callable[[int], str], other: Callable[[int], str]) -> Callable[[int], Work]:
    """Return the work of telling which references broke from one schema to another."""

    def work(count: int) -> Work:
        contents = _made(one(count)), _made(other(count))
        texts = _text(contents[0]), _text(contents[1])
        found = []
        for content in contents:
            with closing(opened(content)) as conn:
                found.append(check_references(conn))
        return lambda: changes_since(texts[0], found[0], texts[1], found[1])

    return work


def _twin(script: Callable[[int], str]) -> Callable[[int], Work]:
    def work(count: int) -> Work:
        content = _made(script(count))

        def write() -> str:
            with closing(opened(content)) as conn:
                return twin_sql(conn)

        return write

    return work


def _hiding(script: Callable[[int], str]) -> Callable[[int], Work]:
    """Return the work of hiding objects by as many globs as there are tables."""

    def work(count: int) -> Work:
        schema = _read(_made(script(count)))
        patterns = tuple(f"none{number}_*" for number in range(count))
        return lambda: schema.without(patterns)

    return work


CORNERS = (
    Corner("strings in an IN list", 500, _reading(schemas.string_list)),
    Corner(
        "strings in an IN list of a view",
        500,
        _reading(
            lambda n: schemas.view(
                "SELECT a FROM t WHERE a IN (" + schemas.listed("'s{n}'", n) + ")"
            )
        ),
    ),
    Corner(
        "strings among the values of a view",
        500,
        _reading(
            lambda n: schemas.view(
                "SELECT coalesce(a, "
                + schemas.listed("'s{n}'", 100)
                + ") FROM t "
                + "WHERE a IN ("
                + schemas.listed("('s{n}')", n)
                + ")"
            )
        ),
    ),
    Corner(
        "groups in an IN list",
        500,
        _reading(lambda n: schemas.check(f"a IN ({schemas.listed('({n})', n)})")),
    ),
    Corner(
        "groups in a sum",
        200,
        _reading(lambda n: schemas.check(schemas.listed("(a * {n})", n, " + ") + " > 0")),
    ),
    Corner(
        "groups of AND",
        200,
        _reading(lambda n: schemas.check(schemas.listed("(a > {n})", n, " AND "))),
    ),
    Corner(
        "groups of BETWEEN",
        100,
        _reading(lambda n: schemas.check(schemas.listed("(a BETWEEN ({m}) AND ({n}))", n, " OR "))),
    ),
    Corner(
        "BETWEEN without groups",
        100,
        _reading(lambda n: schemas.check(schemas.listed("a BETWEEN {m} AND ({n})", n, " AND "))),
    ),
    Corner(
        "rows of a VALUES view",
        500,
        _reading(lambda n: schemas.view(f"VALUES {schemas.listed('({n}, {n})', n)}")),
    ),
    Corner(
        "rows of strings of a VALUES view",
        500,
        _reading(lambda n: schemas.view("VALUES " + schemas.listed("('s{n}', 'x')", n))),
    ),
    Corner(
        "strings inserted by a trigger",
        500,
        _reading(
            lambda n: (
                "CREATE TABLE t(a, b); CREATE TRIGGER g AFTER INSERT ON t BEGIN"
                " INSERT INTO t(a, b) VALUES " + schemas.listed("('s{n}', 'x')", n) + "; END;"
            )
        ),
    ),
    Corner(
        "columns assigned by a trigger",
        300,
        _reading(
            lambda n: (
                f"CREATE TABLE t({schemas.listed('c{n}', n)});"
                " CREATE TRIGGER g AFTER INSERT ON t BEGIN"
                f" UPDATE t SET {schemas.listed('c{n} = (new.c{n} + 1)', n)}; END;"
            )
        ),
    ),
    Corner(
        "strings assigned by a trigger",
        300,
        _reading(
            lambda n: (
                f"CREATE TABLE t({schemas.listed('c{n}', n)});"
                " CREATE TRIGGER g AFTER INSERT ON t BEGIN"
                " UPDATE t SET " + schemas.listed("'c{n}' = 's{n}'", n) + "; END;"
            )
        ),
    ),
    Corner(
        "statements of a trigger",
        300,
        _reading(
            lambda n: (
                "CREATE TABLE t(a, b); CREATE TRIGGER g AFTER INSERT ON t BEGIN "
                + schemas.listed("INSERT INTO t VALUES ('s{n}', (new.a));", n, " ")
                + " END;"
            )
        ),
    ),
    Corner(
        "expression columns of a view",
        400,
        _reading(lambda n: schemas.view(f"SELECT {schemas.listed('a + {n}', n)} FROM t")),
    ),
    Corner(
        "tables joined by a view",
        10,
        _reading(
            lambda n: (
                "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT t0.a FROM "
                + schemas.listed("t AS 't{n}'", n)
            )
        ),
    ),
    Corner(
        "double-quoted strings in a view",
        200,
        _reading(lambda n: schemas.view("SELECT " + schemas.listed('"s{n}"', n) + " FROM t")),
    ),
    Corner(
        "double-quoted strings in an IN list of a view",
        200,
        _reading(
            lambda n: schemas.view(
                "SELECT a FROM t WHERE a IN (" + schemas.listed('"s{n}"', n) + ")"
            )
        ),
    ),
    Corner(
        "double-quoted strings in a trigger",
        200,
        _reading(
            lambda n: (
                "CREATE TABLE t(a, b); CREATE TRIGGER g AFTER INSERT ON t BEGIN "
                "INSERT INTO t VALUES " + schemas.listed('("s{n}", 1)', n) + "; END;"
            )
        ),
    ),
    Corner(
        "double-quoted strings in a CHECK",
        500,
        _reading(lambda n: schemas.check("a IN (" + schemas.listed('"s{n}"', n) + ")")),
    ),
    Corner(
        "double-quoted names of a view",
        400,
        _reading(
            lambda n: (
                f"CREATE TABLE t({schemas.listed('c{n}', n)});"
                " CREATE VIEW v AS SELECT " + schemas.listed('"c{n}"', n) + " FROM t;"
            )
        ),
    ),
    Corner(
        "UNIQUE ON CONFLICT columns",
        250,
        _reading(
            lambda n: f"CREATE TABLE t({schemas.listed('c{n} UNIQUE ON CONFLICT IGNORE', n)});"
        ),
    ),
    Corner("UNIQUE columns", 250, _reading(schemas.unique)),
    Corner("columns of a table", 500, _reading(schemas.wide)),
    Corner(
        "columns of a UNIQUE",
        250,
        _reading(
            lambda n: (
                f"CREATE TABLE t({schemas.listed('c{n}', n)}, "
                f"UNIQUE ({schemas.listed('c{n}', n)}) ON CONFLICT IGNORE);"
            )
        ),
    ),
    Corner(
        "CHECKs of a table",
        500,
        _reading(lambda n: f"CREATE TABLE t(a, {schemas.listed('CHECK (a <> {n})', n)});"),
    ),
    Corner(
        "DEFERRABLE behind every foreign key",
        250,
        _reading(
            lambda n: (
                "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t("
                + schemas.listed("c{n} REFERENCES p(id) NOT NULL DEFERRABLE INITIALLY DEFERRED", n)
                + ");"
            )
        ),
    ),
    Corner("foreign keys of a table", 250, _reading(schemas.many_keys)),
    Corner(
        "WHENs of a CASE",
        500,
        _reading(
            lambda n: schemas.check(
                f"CASE {schemas.listed('WHEN (a = {n}) THEN (b > {n})', n, ' ')} END"
            )
        ),
    ),
    Corner(
        "nested CASEs",
        5,
        _reading(
            lambda n: schemas.checks(
                schemas.listed("CASE WHEN a = {n} THEN 1 ELSE", n, " ") + " 0 " + " END" * n
            )
        ),
    ),
    Corner("deep parentheses", 20, _reading(lambda n: schemas.checks("(" * n + "a > 0" + ")" * n))),
    Corner("deep prefixes", 20, _reading(lambda n: schemas.checks("NOT " * n + "(a > 0)"))),
    Corner(
        "deep calls", 6, _reading(lambda n: schemas.checks("abs(" * n + "a" + ")" * n + " > 0"))
    ),
    Corner(
        "UNION ALL of a view",
        120,
        _reading(
            lambda n: schemas.view(schemas.listed("SELECT a + {n}, (b) FROM t", n, " UNION ALL "))
        ),
    ),
    Corner("tables, read", 250, _reading(schemas.tables)),
    Corner("triggers of a table", 250, _reading(schemas.triggers)),
    Corner("triggers of a table with double quotes", 100, _reading(schemas.quoted_triggers)),
    Corner("indexes of a table", 250, _reading(schemas.indexes)),
    Corner("views", 250, _reading(schemas.views)),
    Corner("views with double quotes", 100, _reading(schemas.quoted_views)),
    Corner(
        "arguments of a full-text table",
        200,
        _reading(lambda n: f"CREATE VIRTUAL TABLE f USING fts5({schemas.listed('c{n}', n)});"),
    ),
    Corner("tables compared with none", 250, _comparing(schemas.tables, schemas.empty)),
    Corner("no tables compared with many", 250, _comparing(schemas.empty, schemas.tables)),
    Corner("tables compared with others", 250, _comparing(schemas.tables, schemas.other_tables)),
    Corner("columns added", 250, _comparing(schemas.one_column, schemas.wide)),
    Corner("columns dropped", 250, _comparing(schemas.wide, schemas.one_column)),
    Corner(
        "columns dropped beside triggers",
        50,
        _comparing(schemas.wide_beside_triggers, schemas.one_column),
    ),
    Corner("tables told against none", 250, _showing(schemas.tables, schemas.empty)),
    Corner("no tables told against many", 250, _showing(schemas.empty, schemas.tables)),
    Corner("tables told against others", 250, _showing(schemas.tables, schemas.other_tables)),
    Corner("columns told against none", 250, _showing(schemas.wide, schemas.one_column)),
    Corner(
        "CHECKs told against others",
        50,
        _showing(
            lambda n: f"CREATE TABLE t(a, {schemas.listed('CHECK (a <> {n})', n)});",
            lambda n: f"CREATE TABLE t(a, {schemas.listed('CHECK (a <> {n} + 1)', n)});",
        ),
    ),
    Corner(
        "strings of an IN list told against others",
        500,
        _showing(schemas.string_list, lambda n: schemas.string_list(n + 1)),
    ),
    Corner("guards lost of many tables", 250, _losing(schemas.tables, schemas.other_tables)),
    Corner("guards lost of renamed tables", 250, _losing(schemas.tables, schemas.renamed_tables)),
    Corner(
        "UNIQUEs lost",
        100,
        _losing(schemas.unique, schemas.wide),
    ),
    Corner("CHECKs lost", 100, _losing(schemas.checked, schemas.wide)),
    Corner(
        "foreign keys lost",
        100,
        _losing(schemas.many_keys, schemas.wide),
    ),
    Corner("indexes lost", 100, _losing(schemas.indexes, schemas.two_columns)),
    Corner("triggers lost", 100, _losing(schemas.triggers, schemas.two_columns)),
    Corner(
        "columns lost",
        100,
        _losing(schemas.required, schemas.wide),
    ),
    Corner("references of tables", 250, _referring(schemas.tables)),
    Corner("references of a chain", 250, _referring(schemas.chain)),
    Corner("references of many keys", 100, _referring(schemas.many_keys)),
    Corner("references of triggers", 250, _referring(schemas.triggers)),
    Corner("references of views", 250, _referring(schemas.views)),
    Corner("references of quoted views", 100, _referring(schemas.quoted_views)),
    Corner("references of indexes", 250, _referring(schemas.indexes)),
    Corner("broken references", 100, _referring(schemas.broken)),
    Corner("references changed", 250, _changing(schemas.tables, schemas.renamed_tables)),
    Corner("rows filled into CHECKs", 30, _filling(schemas.checked)),
    Corner("rows filled into columns", 100, _filling(schemas.wide)),
    Corner(
        "rows filled into columns NOT NULL UNIQUE",
        30,
        _filling(schemas.distinct),
    ),
    Corner("rows filled into a chain", 50, _filling(schemas.chain)),
    Corner("rows filled into a backward chain", 50, _filling(schemas.backward_chain)),
    Corner("rows filled into a star", 50, _filling(schemas.star)),
    Corner("rows filled into a child of many", 30, _filling(schemas.many_keys)),
    Corner("rows filled into tables", 50, _filling(schemas.empty_tables)),
    Corner("rows filled beside triggers", 50, _filling(schemas.triggers)),
    Corner("text twin of tables", 250, _twin(schemas.tables)),
    Corner(
        "text twin of columns",
        250,
        _twin(schemas.wide_row),
    ),
    Corner("globs that hide tables", 30, _hiding(schemas.tables)),
    Corner("columns that a rebuild renamed", 50, compared_columns),
    Corner("tables that rebuilds renamed", 20, compared_tables),
)
