"""Generated rows are sparse, as users' are: parents without children, NULL where it may be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from pytest_pmd_migrations.fill import Filled, fill_empty_tables

from tests.every import for_every
from tests.unit.plugin.twin_text import twin_text

PERSON = "CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT);"


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


def fill(conn: sqlite3.Connection, sql: str) -> Filled:
    conn.executescript(sql)
    filled = fill_empty_tables(conn)
    assert not conn.execute("PRAGMA foreign_key_check").fetchall()
    return filled


def column(conn: sqlite3.Connection, table: str, name: str) -> list[object]:
    return [value for (value,) in conn.execute(f"SELECT {name} FROM {table}")]


@pytest.mark.parametrize(
    "child",
    [
        "CREATE TABLE prefs(person_id INTEGER UNIQUE REFERENCES person(id), theme TEXT)",
        "CREATE TABLE prefs(person_id INTEGER NOT NULL REFERENCES person(id))",
        "CREATE TABLE prefs(person_id INTEGER PRIMARY KEY REFERENCES person) WITHOUT ROWID",
        "CREATE TABLE prefs(person_id TEXT NOT NULL REFERENCES person, k TEXT,"
        " PRIMARY KEY (person_id, k)) STRICT",
    ],
)
def test_a_parent_has_no_child(conn: sqlite3.Connection, child: str) -> None:
    fill(conn, PERSON + child)
    with_prefs = {int(str(one)) for one in column(conn, "prefs", "person_id") if one is not None}
    assert with_prefs
    assert set(column(conn, "person", "id")) - with_prefs
    assert len(with_prefs) > 1


def test_one_parent_has_no_child_in_any_table(conn: sqlite3.Connection) -> None:
    fill(
        conn,
        "CREATE TABLE p(code TEXT PRIMARY KEY, n INT NOT NULL UNIQUE) WITHOUT ROWID;"
        "CREATE TABLE a(code TEXT NOT NULL REFERENCES p); CREATE TABLE b(n INT REFERENCES p(n));"
        "CREATE TABLE c(code TEXT, n INT, PRIMARY KEY (code, n),"
        " FOREIGN KEY (code) REFERENCES p, FOREIGN KEY (n) REFERENCES p(n))",
    )
    without = conn.execute(
        "SELECT count(*) FROM p WHERE code NOT IN (SELECT code FROM a)"
        " AND n NOT IN (SELECT n FROM b WHERE n IS NOT NULL)"
        " AND code NOT IN (SELECT code FROM c) AND n NOT IN (SELECT n FROM c)"
    ).fetchone()
    assert without[0] >= 1


def test_an_only_parent_has_children(conn: sqlite3.Connection) -> None:
    filled = fill(
        conn,
        "CREATE TABLE one(id INTEGER PRIMARY KEY CHECK (id = 1));"
        "CREATE TABLE c(one INT NOT NULL REFERENCES one)",
    )
    assert filled.rows == {"one": 1, "c": 5}


@pytest.mark.parametrize(
    "columns",
    [
        "a TEXT, b INTEGER, c REAL, d BLOB, e, f TEXT NOT NULL",
        "a TEXT DEFAULT 'x', b INTEGER DEFAULT 0 CHECK (b >= 0), c TEXT DEFAULT CURRENT_TIMESTAMP",
        "a INT, b INT, c INT, CHECK ((a IS NULL) + (b IS NULL) + (c IS NULL) = 1)",
        "a TEXT UNIQUE CHECK (length(a) = 3), b TEXT CHECK (b IN ('x', 'y')), UNIQUE (a, b)",
    ],
)
def test_each_column_that_may_be_null_is_null_in_some_row_and_not_in_all(
    conn: sqlite3.Connection, columns: str
) -> None:
    fill(conn, f"CREATE TABLE t({columns})")
    names = [row[1] for row in conn.execute("PRAGMA table_info(t)") if not row[3]]
    for name in names:
        values = column(conn, "t", name)
        assert None in values
        assert any(value is not None for value in values)


def test_nulls_are_in_the_rows_that_there_are_anyway(conn: sqlite3.Connection) -> None:
    columns = "a TEXT DEFAULT 'x', b INT DEFAULT 0 CHECK (b >= 0), c REAL DEFAULT 1.5, d BLOB"
    assert fill(conn, f"CREATE TABLE t({columns})") == Filled({"t": 5}, {})


def test_no_key_is_null(conn: sqlite3.Connection) -> None:
    """SQLite allows it but in INTEGER PRIMARY KEY and WITHOUT ROWID; no application means it."""
    fill(conn, "CREATE TABLE t(k TEXT PRIMARY KEY, a); CREATE TABLE u(a, b, c, PRIMARY KEY (a, b))")
    assert None not in (*column(conn, "t", "k"), *column(conn, "u", "a"), *column(conn, "u", "b"))


@pytest.mark.parametrize(
    "columns",
    [
        "b BLOB",
        "b DATE NOT NULL CHECK (b = date(b))",
        "b BLOB NOT NULL CHECK (length(b) = 16), state TEXT NOT NULL CHECK (state IN ('x', 'y'))",
        "a TEXT, c REAL, d INT, b",
        "a BLOB, c BLOB, d BLOB, b BLOB DEFAULT (randomblob(8))",
        "b TEXT COLLATE NOCASE NOT NULL",
        "id INTEGER PRIMARY KEY, c INT, d INT, e INT, f INT, b INT",
    ],
)
def test_rows_differ_where_a_type_has_values_enough(conn: sqlite3.Connection, columns: str) -> None:
    fill(conn, f"CREATE TABLE t({columns})")
    conn.execute("CREATE UNIQUE INDEX later ON t(b)")


@for_every(
    "columns, parts",
    [
        ("a INT, b INT, PRIMARY KEY (a, b))", "ab"),
        ("a TEXT, b TEXT, x TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID", "ab"),
        ("id INTEGER PRIMARY KEY, a INT NOT NULL, b TEXT COLLATE NOCASE, UNIQUE (a, b))", "ab"),
        ("a INT REFERENCES p(id), k TEXT NOT NULL, v, PRIMARY KEY (a, k))", "ak"),
        ("a INT REFERENCES p(id), b INT NOT NULL REFERENCES p(id), UNIQUE (a, b))", "ab"),
        # A part that is unique alone never repeats.
        ("a INT, b INT, c TEXT UNIQUE, PRIMARY KEY (a, c), UNIQUE (a, b))", "ab"),
        ("a INT, b INT, c BLOB DEFAULT x'00'); CREATE UNIQUE INDEX i ON t(a, b, lower(c))", "ab"),
    ],
)
def test_each_part_of_a_key_repeats(columns: str, parts: str) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        filled = fill(conn, f"{PERSON.replace('person', 'p')} CREATE TABLE t({columns}")
        assert filled == Filled({"p": 5, "t": 5}, {})
        for part in parts:
            values = [value for value in column(conn, "t", part) if value is not None]
            assert len(set(values)) < len(values), part


def test_rows_in_a_circle_differ(conn: sqlite3.Connection) -> None:
    fill(
        conn,
        "CREATE TABLE a(id INTEGER PRIMARY KEY, x BLOB, b INT NOT NULL REFERENCES b(id));"
        "CREATE TABLE b(id INTEGER PRIMARY KEY, x BLOB, a INT NOT NULL REFERENCES a(id))",
    )
    conn.execute("CREATE UNIQUE INDEX later ON a(x)")
    conn.execute("CREATE UNIQUE INDEX after ON b(x)")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE p(k TEXT PRIMARY KEY);"
        "CREATE TABLE c(k INTEGER NOT NULL REFERENCES p(k), x TEXT)",
        "CREATE TABLE p(k TEXT PRIMARY KEY) STRICT;"
        "CREATE TABLE c(k INTEGER NOT NULL REFERENCES p) STRICT",
        "CREATE TABLE p(id INTEGER PRIMARY KEY, k VARCHAR(9) NOT NULL UNIQUE);"
        "CREATE TABLE c(k NUMERIC NOT NULL REFERENCES p(k))",
        "CREATE TABLE p(k TEXT PRIMARY KEY) WITHOUT ROWID;"
        "CREATE TABLE c(k REAL NOT NULL REFERENCES p)",
    ],
)
def test_a_column_of_numbers_may_refer_to_texts(conn: sqlite3.Connection, sql: str) -> None:
    assert fill(conn, sql) == Filled({"p": 5, "c": 5}, {})
    assert {type(value) for value in column(conn, "c", "k")} <= {int, float}
    assert len(set(column(conn, "c", "k"))) > 1


@pytest.mark.parametrize(
    "columns",
    [
        "id INTEGER PRIMARY KEY, code TEXT UNIQUE, up TEXT NOT NULL REFERENCES t(code)",
        "up INT NOT NULL REFERENCES t(code), code INT NOT NULL UNIQUE, x TEXT",
        "id INTEGER PRIMARY KEY, code TEXT UNIQUE, up INTEGER NOT NULL REFERENCES t(code)",
        "id INTEGER PRIMARY KEY, following INT NOT NULL UNIQUE REFERENCES t(id)",
        "id INTEGER PRIMARY KEY, a INT, b INT, c INT NOT NULL, d INT NOT NULL, UNIQUE (a, b),"
        " FOREIGN KEY (c, d) REFERENCES t(a, b)",
    ],
)
def test_a_table_may_refer_to_a_column_of_its_own(conn: sqlite3.Connection, columns: str) -> None:
    assert fill(conn, f"CREATE TABLE t({columns})") == Filled({"t": 5}, {})


@for_every(
    "columns, key, up",
    [
        ("id INTEGER PRIMARY KEY, up INT REFERENCES t(id), name TEXT", "id", "up"),
        ("id INTEGER PRIMARY KEY, up INT NOT NULL REFERENCES t", "id", "up"),
        ("name TEXT PRIMARY KEY, Up TEXT REFERENCES t(NAME) CHECK (up <> name)", "name", "up"),
        ("id INTEGER PRIMARY KEY, up INT UNIQUE REFERENCES t(id), n TEXT UNIQUE", "id", "up"),
        (
            "a INT, b TEXT, c INT NOT NULL, d TEXT NOT NULL, PRIMARY KEY (a, b),"
            " FOREIGN KEY (c, d) REFERENCES t",
            "b",
            "d",
        ),
    ],
)
def test_a_tree_has_three_levels(columns: str, key: str, up: str) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        assert fill(conn, f"CREATE TABLE t({columns})") == Filled({"t": 5}, {})
        sql = (
            f"SELECT count(*) FROM t leaf JOIN t branch ON leaf.{up} = branch.{key}"
            f" JOIN t root ON branch.{up} = root.{key}"
            f" WHERE branch.{key} NOT IN (leaf.{key}, root.{key})"
        )
        assert conn.execute(sql).fetchone()[0] > 0


def test_no_text_is_put_where_numbers_belong(conn: sqlite3.Connection) -> None:
    """``n > 0`` lets a text in, for SQLite; a rebuild as STRICT would refuse it."""
    fill(
        conn, "CREATE TABLE t(n INTEGER CHECK (n > 0), r REAL CHECK (r < 9), b BLOB CHECK (b <> 7))"
    )
    conn.execute("CREATE TABLE u(n INTEGER, r REAL, b BLOB) STRICT")
    conn.execute("INSERT INTO u SELECT * FROM t")


def test_a_check_that_wants_another_type_gets_it(conn: sqlite3.Connection) -> None:
    filled = fill(
        conn, "CREATE TABLE t(n INTEGER NOT NULL CHECK (n IN ('a', 'b') AND length(n) < 5))"
    )
    assert filled.rows == {"t": 5}


def test_what_is_computed_can_be_read(conn: sqlite3.Connection) -> None:
    fill(
        conn,
        "CREATE TABLE t(d TEXT NOT NULL, x AS (json_extract(d, '$.a')), y AS (d ->> '$.b') STORED);"
        "CREATE TABLE u(d TEXT); CREATE INDEX i ON u(json_extract(d, '$.q'));"
        "CREATE TABLE v(d TEXT); CREATE VIEW w AS SELECT json_extract(d, '$.a') AS a FROM v;"
        "CREATE TABLE n(a INT NOT NULL, b AS (abs(a)))",
    )
    assert len(column(conn, "t", "x || y")) == len(column(conn, "w", "a")) == 5
    assert len(column(conn, "n", "b")) == 5


def test_a_column_beside_one_that_json_is_read_from_holds_any_text(
    conn: sqlite3.Connection,
) -> None:
    fill(
        conn,
        "CREATE TABLE t(name TEXT NOT NULL, data TEXT NOT NULL, x AS (data -> name));"
        "CREATE VIEW v AS SELECT name, json_extract(t.data, name) AS a FROM t WHERE name <> 'a'",
    )
    assert "plain" in column(conn, "t", "name")
    assert all(str(value)[0] in "{[" for value in column(conn, "t", "data"))
    conn.execute("CREATE UNIQUE INDEX later ON t(name)")


def test_an_r_tree_has_numbers_that_it_can_hold(conn: sqlite3.Connection) -> None:
    fill(conn, "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)")
    assert all(abs(float(str(x))) < 2**31 for x in column(conn, "r", "x0 + x1"))
    assert len(set(column(conn, "r", "x1"))) > 1


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)",
        "CREATE VIRTUAL TABLE r USING rtree_i32(id, x0, x1, y0, y1, +about)",
        "CREATE TABLE t(id INTEGER PRIMARY KEY CHECK (id <= 9223372036854775807), a)",
    ],
)
def test_two_fills_give_the_same_bytes(sql: str) -> None:
    made = []
    for _ in range(3):
        with closing(sqlite3.connect(":memory:")) as conn:
            filled = fill(conn, sql)
            assert list(filled.rows.values()) == [5]
            made.append((twin_text(conn), conn.serialize()))
    assert made[0] == made[1] == made[2]


def test_a_column_without_a_value_gets_one_or_is_told_with_the_reason(
    conn: sqlite3.Connection,
) -> None:
    filled = fill(
        conn,
        "CREATE TABLE team(id INTEGER PRIMARY KEY, owner INT NOT NULL REFERENCES user(id));"
        "CREATE TABLE user(id INTEGER PRIMARY KEY, team INT REFERENCES team(id));"
        "CREATE TABLE never(n INT PRIMARY KEY CHECK (n < 0 AND n > 0));"
        "CREATE TABLE pair(a INT CHECK (a = 1 OR a = 7), b INT CHECK (b % 5 = 3), no INT"
        "  CHECK (no = 1 AND no = 2), never INT REFERENCES never(n),"
        "  CHECK ((a IS NULL) = (b IS NULL)), CHECK (a IS NULL OR no IS NULL));"
        "CREATE TABLE taken(a); CREATE TRIGGER g AFTER INSERT ON taken"
        " BEGIN UPDATE taken SET a = NULL; END;"
        "CREATE TABLE one(v TEXT NOT NULL UNIQUE CHECK (v IN ('x')));"
        "CREATE TABLE last(a); CREATE TRIGGER h BEFORE INSERT ON last BEGIN DELETE FROM last; END",
    )
    assert {name: unfilled.columns for name, unfilled in filled.null.items()} == {
        "pair": ("no",),
        "taken": ("a",),
    }
    assert filled.null["pair"].reason == "CHECK constraint failed: no = 1 AND no = 2"
    assert filled.null["taken"].reason == "its triggers take the value out again"
    assert filled.single == {
        "one": "CHECK constraint failed: v IN ('x')",
        "last": "its triggers take every other row out again",
    }
    assert set(column(conn, "user", "team")) > {None}
