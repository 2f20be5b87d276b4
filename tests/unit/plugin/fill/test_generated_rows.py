"""Generated rows: every rule of a table is honoured, or the table is named with the reason."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path

import pytest
import pytest_pmd_migrations
from pytest_pmd_migrations.fill import Filled, fill_empty_tables

from tests.every import for_every
from tests.unit.plugin.pythons import each_python, find_python
from tests.unit.plugin.twin_text import twin_text

PLUGIN = Path(pytest_pmd_migrations.__file__).parents[1]
PARENT = "CREATE TABLE p(id INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE);"
SEVERAL_RULES = """
    CREATE TABLE kinds(name TEXT PRIMARY KEY COLLATE NOCASE, about TEXT) WITHOUT ROWID;
    CREATE TABLE things(
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL REFERENCES kinds, title TEXT NOT NULL,
        size INTEGER CHECK (size BETWEEN 3 AND 900), data TEXT CHECK (json_valid(data)),
        born TEXT DEFAULT CURRENT_TIMESTAMP, token TEXT DEFAULT (hex(randomblob(8))), raw BLOB,
        UNIQUE (kind, title)
    );
    CREATE VIRTUAL TABLE words USING fts5(title, body);
"""


@pytest.fixture
def conn() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection


def fill(conn: sqlite3.Connection, sql: str) -> Filled:
    conn.executescript(sql)
    filled = fill_empty_tables(conn)
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert not conn.in_transaction
    return filled


@pytest.mark.parametrize(
    "columns",
    [
        "a TEXT NOT NULL CHECK (a IN ('x', 'y'))",
        "a INTEGER NOT NULL CHECK (a BETWEEN 100 AND 120)",
        "a INTEGER NOT NULL CHECK (a < -5)",
        "a INTEGER NOT NULL CHECK (a > 0xff)",
        "a INTEGER NOT NULL CHECK (a % 7 = 3)",
        "a NUMERIC NOT NULL CHECK (a > 0.25 AND a < 0.5e1)",
        "a DECIMAL(10, 2) NOT NULL CHECK (a > 0 AND a < 1)",
        "a BOOLEAN NOT NULL CHECK (a IN (TRUE, FALSE))",
        "a TEXT NOT NULL UNIQUE CHECK (length(a) = 36)",
        "a TEXT NOT NULL CHECK (length(a) > 200)",
        "a TEXT NOT NULL CHECK (length(a) = 64 AND a NOT GLOB '*[^0-9a-f]*')",
        "a BLOB NOT NULL UNIQUE CHECK (typeof(a) = 'blob' AND length(a) = 32)",
        "a BLOB NOT NULL CHECK (a = x'00ff')",
        "a TEXT NOT NULL CHECK (a LIKE '%@%.%')",
        "a TEXT NOT NULL UNIQUE CHECK (instr(a, '@') > 1)",
        "a TEXT NOT NULL CHECK (a GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]')",
        "a TEXT NOT NULL CHECK (a = upper(a) AND a <> '')",
        "a TEXT NOT NULL CHECK (date(a) = a)",
        "a TEXT NOT NULL CHECK (json_valid(a))",
        "a TEXT NOT NULL CHECK (json_type(a) = 'array')",
        "a NOT NULL CHECK (typeof(a) = 'real')",
        "a INT NOT NULL, b INT NOT NULL, CHECK (a < b)",
        "a INT NOT NULL, b INT NOT NULL, CONSTRAINT whole CHECK (a + b = 100)",
        "a INT, b INT, CHECK ((a IS NULL) <> (b IS NULL))",
        "a TEXT NOT NULL, b TEXT NOT NULL, UNIQUE (a, b)",
        "a TEXT NOT NULL UNIQUE COLLATE NOCASE",
        "a INT NOT NULL, b INT AS (a * 2) STORED CHECK (b > 100), c TEXT AS (a || 'x') UNIQUE",
        "a INTEGER PRIMARY KEY CHECK (a BETWEEN 1000 AND 2000), b TEXT",
        "a INTEGER PRIMARY KEY DESC, b",
        "a INTEGER PRIMARY KEY AUTOINCREMENT",
        "a TEXT, b INT, PRIMARY KEY (a, b)",
        "rowid TEXT, oid TEXT, _rowid_ TEXT",
        '"select" TEXT NOT NULL, "it""s" INT NOT NULL CHECK ("it""s" > 3), [ünï 練] CHAR(3)',
        "d DATE NOT NULL, t TIMESTAMP NOT NULL, j JSON NOT NULL, f FLOAT NOT NULL, v VARCHAR",
        ", ".join(f"c{n} INT NOT NULL CHECK (c{n} > {n * 10})" for n in range(40)),
    ],
)
def test_a_table_gets_five_rows_that_fit(conn: sqlite3.Connection, columns: str) -> None:
    assert fill(conn, f'CREATE TABLE "t ""1"({columns})') == Filled({'t "1': 5}, {})


@for_every(
    "kind, rule",
    [
        ("TEXT", "a IS NULL OR a IS datetime(a)"),
        ("TEXT", "a IS strftime('%Y-%m-%dT%H:%M:%SZ', a)"),
        ("TEXT", "strftime('%Y-%m-%dT%H:%M:%fZ', a) = a"),
        ("TEXT", "time(a) = a"),
        ("DATE", "a IS date(a)"),
        ("TEXT", "json_type(a) = 'array' AND json_array_length(a) > 0"),
        ("TEXT", "json_valid(a) AND json_type(a, '$.kind') IS NOT NULL"),
        ("TEXT", "a GLOB '#[0-9a-f][0-9a-f][0-9a-f]'"),
        ("TEXT", "a REGEXP '^[A-Z]{2}$'"),
        ("TEXT", "length(a) = 3 AND a = upper(a) AND a <> lower(a)"),
        ("TEXT", "length(a) = 9 AND a = upper(a) AND a <> lower(a)"),
        ("TEXT", "a REGEXP '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$'"),
        ("TEXT", "a REGEXP '^[0-9a-f]{40}$' AND length(a) = 40"),
        ("TEXT", "a REGEXP '^[^@ ]+@[^@ ]+[.][a-z]+$'"),
        ("TEXT", "substr(a, 1, 8) = 'https://' AND length(a) > 12"),
        ("TEXT", "t.a GLOB '+[0-9]*' AND length(t.a) BETWEEN 8 AND 16"),
        ("BLOB", "typeof(a) = 'blob' AND length(a) % 20 = 12"),
        ("INTEGER", "a & (a - 1) = 0 AND a > 0"),
    ],
)
def test_a_column_gets_a_value_of_the_shape_that_its_check_asks_for(kind: str, rule: str) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.create_function("regexp", 2, lambda p, a: a is None or re.search(p, a) is not None)
        for more in (", b TEXT", " NOT NULL"):
            filled = fill(conn, f"CREATE TABLE t(a {kind} CHECK ({rule}){more})")
            assert filled == Filled({"t": 5}, {})
            # Of most texts ``time(a) = a`` is NULL, which lets them in.
            sql = f"SELECT count(a), total({rule}) FROM t WHERE a IS NOT NULL"
            given, true = conn.execute(sql).fetchone()
            assert given == true > 2
            conn.execute("DROP TABLE t")


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE t(a INT NOT NULL, b TEXT NOT NULL, c REAL NOT NULL, d BLOB, e ANY) STRICT",
        "CREATE TABLE t(a TEXT NOT NULL); CREATE UNIQUE INDEX i ON t(lower(a))",
        "CREATE TABLE t(a TEXT NOT NULL, b INT NOT NULL CHECK (b IN (0, 1)));"
        " CREATE UNIQUE INDEX i ON t(b) WHERE b = 1",
        "CREATE TABLE t(a TEXT NOT NULL); CREATE VIEW v AS SELECT a FROM t",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, up INT NOT NULL REFERENCES t(id))",
        "CREATE TABLE t(id TEXT PRIMARY KEY, up TEXT NOT NULL REFERENCES t) WITHOUT ROWID",
        "CREATE TABLE t(a INT, b INT, c INT NOT NULL, d INT NOT NULL, PRIMARY KEY (a, b),"
        " FOREIGN KEY (c, d) REFERENCES t(a, b))",
        "CREATE TABLE t(a INT, s TEXT NOT NULL); CREATE TRIGGER g BEFORE INSERT ON t"
        " WHEN new.S NOT IN ('north', 'south') BEGIN SELECT RAISE(ABORT, 'no such way'); END",
        "CREATE VIRTUAL TABLE t USING fts5(title, body UNINDEXED)",
        "CREATE VIRTUAL TABLE t USING fts4(title, body)",
    ],
)
def test_a_schema_gets_five_rows_that_fit(conn: sqlite3.Connection, sql: str) -> None:
    assert fill(conn, sql) == Filled({"t": 5}, {})


@pytest.mark.parametrize(
    "columns",
    [
        # Refused by its type first, in a table whose name is quoted.
        "a BLOB CHECK (length(a) = 16) NOT NULL, b BLOB CHECK (length(b) = 9) NOT NULL",
        "a TEXT CHECK (length(a) = 3) CHECK (a GLOB '[0-0]*') CHECK (substr(a, 1, 2) = '00')"
        " NOT NULL",
        "a TEXT CHECK (a LIKE 'ab%') CHECK (a LIKE '%yz') CHECK (length(a) BETWEEN 9 AND 10)"
        " NOT NULL",
        "a INTEGER NOT NULL CHECK (a > 1000) CHECK (a < 1040) CHECK (a % 17 = 3)",
        "a INTEGER CHECK (a BETWEEN 50000 AND 50009) NOT NULL, b INTEGER NOT NULL,"
        " c INTEGER NOT NULL, d INTEGER CHECK (d = 50015) NOT NULL,"
        " CHECK (a < b), CHECK (b < c), CHECK (c < d)",
    ],
)
@pytest.mark.parametrize("strict", ["", "STRICT"])
def test_a_row_that_meets_several_checks_at_once_is_found(
    conn: sqlite3.Connection, columns: str, strict: str
) -> None:
    filled = fill(conn, f'CREATE TABLE "a ""t"", b.c"({columns}) {strict}')
    assert filled.failed == {}


def test_a_trigger_that_rolls_back_leaves_the_connection_as_it_was(
    conn: sqlite3.Connection,
) -> None:
    filled = fill(
        conn,
        "CREATE TABLE t(a INT CHECK (a > 0)); CREATE TRIGGER g AFTER INSERT ON t"
        " BEGIN SELECT RAISE(ROLLBACK, 'never'); END",
    )
    assert set(filled.failed) == {"t"}
    assert not conn.in_transaction
    assert conn.execute("PRAGMA ignore_check_constraints").fetchone() == (0,)


@pytest.mark.parametrize(
    ("child", "rows"),
    [
        ("CREATE TABLE c(code TEXT NOT NULL REFERENCES p(CODE))", 5),
        ("CREATE TABLE c(p_id INT REFERENCES p DEFERRABLE INITIALLY DEFERRED)", 5),
        # One for each parent but the one that stays without children.
        ("CREATE TABLE c(id INTEGER PRIMARY KEY REFERENCES p, x TEXT)", 4),
        ("CREATE TABLE c(p_id INT NOT NULL UNIQUE REFERENCES p(id))", 4),
    ],
)
def test_a_child_refers_to_rows_of_its_parent(
    conn: sqlite3.Connection, child: str, rows: int
) -> None:
    # The child's name sorts before the parent's.
    assert fill(conn, PARENT + child) == Filled({"p": 5, "c": rows}, {})
    assert not conn.execute("PRAGMA foreign_key_check").fetchall()


def test_a_composite_key_is_followed_as_a_whole(conn: sqlite3.Connection) -> None:
    filled = fill(
        conn,
        "CREATE TABLE p(a INT, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;"
        "CREATE TABLE c(x INT NOT NULL, y TEXT NOT NULL, FOREIGN KEY (x, y) REFERENCES p)",
    )
    assert filled == Filled({"p": 5, "c": 5}, {})
    assert not conn.execute("PRAGMA foreign_key_check").fetchall()


@pytest.mark.parametrize(
    "rule", ["", "NOT NULL", "NOT NULL DEFERRABLE INITIALLY DEFERRED"], ids=repr
)
def test_tables_in_a_circle_are_filled_together(conn: sqlite3.Connection, rule: str) -> None:
    reference = "{} INT {} REFERENCES {}(id)"
    columns = {
        "a": reference.format("b_id", rule.partition("DEFER")[0], "b") + rule[8:],
        "b": reference.format("c_id", rule.partition("DEFER")[0], "c") + rule[8:],
        "c": reference.format("a_id", "NOT NULL", "a"),
        "outside": reference.format("a_id", "NOT NULL", "a"),
    }
    filled = fill(
        conn,
        ";".join(f"CREATE TABLE {t}(id INTEGER PRIMARY KEY, {c})" for t, c in columns.items()),
    )
    assert filled.failed == {}
    assert set(filled.rows) == set(columns)
    # Where the circle begins with NULL, a row is added when there is something to refer to.
    assert filled.rows == dict.fromkeys(columns, 5) | ({} if rule else {"a": 6})
    assert filled.null == {}
    assert not conn.execute("PRAGMA foreign_key_check").fetchall()


def test_rows_that_a_later_table_s_trigger_brings_are_counted(conn: sqlite3.Connection) -> None:
    filled = fill(
        conn,
        "CREATE TABLE log(what INT); CREATE TABLE t(a INT);"
        "CREATE TRIGGER own BEFORE INSERT ON log WHEN NOT EXISTS (SELECT 1 FROM t)"
        " BEGIN SELECT RAISE(ABORT, 'nothing to log'); END;"
        "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.rowid); END",
    )
    assert filled == Filled({"log": 5, "t": 5}, {})


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        (
            "CREATE TABLE t(a CHECK (a < 0 AND a > 0) NOT NULL)",
            "CHECK constraint failed: a < 0 AND a > 0",
        ),
        ("CREATE TABLE t(a REFERENCES gone(id) NOT NULL)", "no such table: main.gone"),
        (
            "CREATE TABLE p(a, b CHECK (b IS 1 AND b IS 2));"
            "CREATE TABLE t(a NOT NULL REFERENCES p(a))",
            'foreign key mismatch - "t" referencing "p"',
        ),
        (
            "CREATE TABLE p(a); CREATE TABLE t(a NOT NULL REFERENCES p)",
            'foreign key mismatch - "t" referencing "p"',
        ),
        (
            "CREATE TABLE t(a NOT NULL REFERENCES t)",
            'foreign key mismatch - "t" referencing "t"',
        ),
        (
            "CREATE TABLE p(a NOT NULL REFERENCES t); CREATE TABLE t(a NOT NULL REFERENCES p)",
            'foreign key mismatch - "t" referencing "p"',
        ),
        (
            "CREATE VIEW v AS SELECT 1 FROM gone; CREATE TABLE t(a REFERENCES v)",
            "no such table: main.gone",
        ),
        (
            "CREATE TABLE t(a); CREATE TRIGGER g BEFORE INSERT ON t"
            " BEGIN SELECT RAISE(ABORT, 'read only'); END",
            "read only",
        ),
        (
            "CREATE TABLE t(a); CREATE TRIGGER g BEFORE INSERT ON t"
            " BEGIN SELECT RAISE(ROLLBACK, 'not here'); END",
            "not here",
        ),
        (
            "CREATE TABLE t(a); CREATE TRIGGER g BEFORE INSERT ON t"
            " BEGIN SELECT RAISE(IGNORE); END",
            "its triggers take every row out again",
        ),
        (
            "CREATE TABLE t(a); CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; END",
            "its triggers take every row out again",
        ),
    ],
)
def test_a_table_that_takes_no_row_is_named_with_the_reason(
    conn: sqlite3.Connection, sql: str, reason: str
) -> None:
    conn.executescript(sql)
    assert fill_empty_tables(conn).failed["t"] == reason
    assert not conn.in_transaction


def test_a_table_that_an_earlier_table_s_trigger_fills_gets_no_other_rows(
    conn: sqlite3.Connection,
) -> None:
    filled = fill(
        conn,
        "CREATE TABLE a(n INT); CREATE TABLE b(n TEXT);"
        "CREATE TRIGGER g AFTER INSERT ON a BEGIN INSERT INTO b VALUES ('of a'); END",
    )
    assert filled == Filled({"a": 5, "b": 5}, {})
    assert conn.execute("SELECT DISTINCT n FROM b").fetchall() == [("of a",)]


def test_a_circle_that_cannot_close_stays_empty(conn: sqlite3.Connection) -> None:
    conn.executescript(
        "CREATE TABLE a(id INTEGER PRIMARY KEY, b INT NOT NULL REFERENCES b(id));"
        "CREATE TABLE b(id INTEGER PRIMARY KEY, a INT NOT NULL REFERENCES a(id),"
        " n CHECK (n IS 1 AND n IS 2));"
        "CREATE TABLE x(id INTEGER PRIMARY KEY CHECK (id > 5), y INT NOT NULL REFERENCES y(id));"
        "CREATE TABLE y(id INTEGER PRIMARY KEY CHECK (id < 3),"
        " x INT NOT NULL REFERENCES x(id) CHECK (x < 2))"
    )
    conn.executescript(
        "CREATE TABLE never(id INTEGER PRIMARY KEY CHECK (id < 0 AND id > 0));"
        "CREATE TABLE m(id INTEGER PRIMARY KEY, n INT NOT NULL REFERENCES n(id));"
        "CREATE TABLE n(id INTEGER PRIMARY KEY, m INT NOT NULL REFERENCES m(id),"
        " x INT NOT NULL REFERENCES never(id))"
    )
    filled = fill_empty_tables(conn)
    assert filled.rows == {}
    assert set(filled.failed) == {"a", "b", "x", "y", "m", "n", "never"}
    assert not conn.in_transaction


def test_tables_with_rows_and_ignored_tables_are_left_alone(conn: sqlite3.Connection) -> None:
    conn.executescript("CREATE TABLE a(n); INSERT INTO a VALUES (7); CREATE TABLE cache_b(n)")
    assert fill_empty_tables(conn, ignore=["cache_*"]) == Filled({}, {})
    assert conn.execute("SELECT n FROM a").fetchall() == [(7,)]
    assert conn.execute("SELECT count(*) FROM cache_b").fetchone() == (0,)


def test_an_empty_database_has_nothing_to_fill(conn: sqlite3.Connection) -> None:
    assert fill_empty_tables(conn) == Filled({}, {})


def test_rows_bite(conn: sqlite3.Connection) -> None:
    """NULL where it is allowed, an empty text, quotes, unicode, what no REAL holds, bytes."""
    conn.executescript("CREATE TABLE t(a TEXT, b INTEGER, c BLOB, d TEXT NOT NULL)")
    fill_empty_tables(conn, rows=8)
    texts = {row[0] for row in conn.execute("SELECT a FROM t UNION SELECT d FROM t")}
    assert {None, "", 'It\'s "quoted"; -- 100 % '} <= texts
    assert any("練習 🗂" in text for text in texts if text)
    assert {2**53 + 1, None} <= {row[0] for row in conn.execute("SELECT b FROM t")}
    # What steps compute of amounts and moments overflows no integer.
    sums = "SELECT typeof(sum(abs(b))), typeof(max(b) * 1000), typeof(min(b) * 1000) FROM t"
    assert conn.execute(sums).fetchone() == ("integer",) * 3
    assert b"" in {row[0] for row in conn.execute("SELECT c FROM t")}
    assert conn.execute("SELECT count(*) FROM t WHERE d IS NULL").fetchone() == (0,)


def test_texts_are_not_in_the_shape_that_a_step_may_bring_them_into(
    conn: sqlite3.Connection,
) -> None:
    """``UPDATE t SET a = lower(trim(a))`` changes a row, and is no change that nobody sees."""
    columns = "a TEXT, b TEXT NOT NULL COLLATE NOCASE UNIQUE, c TEXT COLLATE RTRIM UNIQUE"
    assert fill(conn, f"CREATE TABLE t({columns})") == Filled({"t": 5}, {})
    for name in "abc":
        for function in ("lower", "upper", "trim", "rtrim"):
            sql = f"SELECT count(*) FROM t WHERE {function}({name}) || '.' <> {name} || '.'"
            assert conn.execute(sql).fetchone()[0], (name, function)
        values = conn.execute(f"SELECT {name} FROM t").fetchall()
        assert any(value and not value.isascii() for (value,) in values), name


def test_the_clock_and_chance_have_no_part_in_the_rows(conn: sqlite3.Connection) -> None:
    """A default such as CURRENT_TIMESTAMP is never left to SQLite; a constant one may be."""
    conn.executescript(
        "CREATE TABLE t(a TEXT DEFAULT CURRENT_TIMESTAMP, b BLOB DEFAULT (randomblob(8)),"
        " c TEXT DEFAULT 'usual', d INT DEFAULT -1, e INT DEFAULT (NULL), f TEXT DEFAULT \"old\")"
    )
    fill_empty_tables(conn, rows=2)
    given, sparse, *_ = rows = conn.execute("SELECT * FROM t ORDER BY rowid").fetchall()
    assert given[0] == "plain"
    assert sparse[2:] == ("usual", -1, None, "old")
    with closing(sqlite3.connect(":memory:")) as other:
        other.executescript(conn.execute("SELECT sql FROM sqlite_schema").fetchone()[0])
        fill_empty_tables(other, rows=2)
        assert other.execute("SELECT * FROM t ORDER BY rowid").fetchall() == rows


def test_the_connection_is_given_back_as_it_was(conn: sqlite3.Connection) -> None:
    conn.row_factory = sqlite3.Row
    conn.executescript("CREATE TABLE t(a)")
    fill_empty_tables(conn)
    assert conn.row_factory is sqlite3.Row
    assert conn.text_factory is str
    assert conn.execute("PRAGMA foreign_keys").fetchone()[0] == 0
    assert conn.execute("PRAGMA defer_foreign_keys").fetchone()[0] == 0


def test_another_seed_gives_other_rows() -> None:
    def rows(seed: int) -> list[object]:
        with closing(sqlite3.connect(":memory:")) as conn:
            conn.executescript("CREATE TABLE t(a TEXT NOT NULL UNIQUE CHECK (length(a) = 9))")
            fill_empty_tables(conn, seed=seed)
            return conn.execute("SELECT a FROM t").fetchall()

    assert rows(0) == rows(0) != rows(1)


@each_python
def test_every_python_generates_the_same_rows(conn: sqlite3.Connection, version: str) -> None:
    """Whatever the seed of its hashes: a snapshot made on one machine is the one of the next."""
    script = (
        "import sqlite3, sys\n"
        "from pytest_pmd_migrations.fill import fill_empty_tables\n"
        "from pytest_pmd_migrations.snapshots.twin import twin_sql\n"
        "conn = sqlite3.connect(':memory:')\n"
        "conn.executescript(sys.stdin.read())\n"
        "fill_empty_tables(conn)\n"
        "sys.stdout.reconfigure(encoding='utf-8')\n"
        "print(bytes(twin_sql(conn)).decode(), end='')\n"
    )
    run = subprocess.run(
        [find_python(version), "-c", script],
        input=SEVERAL_RULES,
        env={**os.environ, "PYTHONPATH": str(PLUGIN), "PYTHONHASHSEED": "7"},
        capture_output=True,
        encoding="utf-8",
    )
    fill(conn, SEVERAL_RULES)
    assert run.stderr == ""
    assert run.stdout == twin_text(conn)


@pytest.mark.parametrize("names", ["ab", "abc"])
def test_each_column_that_may_be_null_is_so_where_another_one_is_not(
    conn: sqlite3.Connection, names: str
) -> None:
    """A step that goes by one of them loses the others' values there."""
    fill(conn, f"CREATE TABLE t(id INTEGER PRIMARY KEY, {', '.join(f'{n} TEXT' for n in names)})")
    for one, other in permutations(names, 2):
        sql = f"SELECT count(*) FROM t WHERE {one} IS NULL AND {other} IS NOT NULL"
        assert conn.execute(sql).fetchone()[0] > 0, (one, other)


def test_the_only_row_of_a_table_has_another_value_in_each_column(
    conn: sqlite3.Connection,
) -> None:
    columns = "a TEXT NOT NULL, b TEXT NOT NULL, c INT NOT NULL, d INT NOT NULL"
    fill(conn, f"CREATE TABLE t(id INTEGER PRIMARY KEY CHECK (id = 1), {columns})")
    [row] = conn.execute("SELECT a, b, c, d FROM t").fetchall()
    assert len({*row}) == len(row)
