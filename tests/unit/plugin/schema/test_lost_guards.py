"""What a step lost of a table that survived it: named, and nothing that went or was replaced."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.schema import read_schema
from pytest_pmd_migrations.schema.lost.guards import LostGuards, find_lost_guards
from pytest_pmd_migrations.schema.reading.step_statements import read_statements

from tests.every import for_every
from tests.unit.plugin.schema.bases import BASES

PARENT = "CREATE TABLE p(id INTEGER PRIMARY KEY, x, y, UNIQUE(x, y));"


def lost_of(before: str, step: str) -> list[LostGuards]:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(before)
        schema = read_schema(conn)
        conn.executescript(step)
        return list(find_lost_guards(schema, read_schema(conn), read_statements([step])))


def rebuilt(columns: str, *, copied: str = "*", more: str = "") -> str:
    """A step that rebuilds the table t as SQLite's documentation describes it."""
    into = "" if copied == "*" else f"({copied})"
    return (
        f"CREATE TABLE t2({columns}); INSERT INTO t2{into} SELECT {copied} FROM t;"
        f"DROP TABLE t; ALTER TABLE t2 RENAME TO t; {more}"
    )


def lost(before: str, step: str) -> list[str]:
    """What the one table that lost something lost."""
    return [guard for one in lost_of(before, step) for guard in one.guards]


@for_every(
    "before, step, expected",
    [
        (
            "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT COLLATE NOCASE UNIQUE,"
            " n INTEGER NOT NULL DEFAULT 0 CHECK (n >= 0)); CREATE INDEX t_n ON t(n) WHERE n > 0;",
            rebuilt("id INTEGER PRIMARY KEY, code TEXT, n INTEGER"),
            [
                "AUTOINCREMENT",
                "COLLATE NOCASE on code",
                "NOT NULL on n",
                "DEFAULT on n",
                "UNIQUE on code",
                "CHECK on n",
                "index t_n",
            ],
        ),
        (
            f"{PARENT} CREATE TABLE t(id INTEGER PRIMARY KEY, p REFERENCES p(id) ON DELETE CASCADE"
            " DEFERRABLE INITIALLY DEFERRED, x, y, FOREIGN KEY (x, y) REFERENCES p(x, y));",
            rebuilt("id INTEGER PRIMARY KEY, p REFERENCES p(id), x, y"),
            [
                "ON DELETE CASCADE of foreign key on p",
                "DEFERRED of foreign key on p",
                "foreign key on x, y",
            ],
        ),
        (
            "CREATE TABLE t(a TEXT, b INT, c INT GENERATED ALWAYS AS (b + 1) STORED,"
            " PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID;",
            rebuilt("a TEXT, b INT, c INT"),
            [
                "PRIMARY KEY on a, b",
                "WITHOUT ROWID",
                "STRICT",
                "NOT NULL on a",
                "NOT NULL on b",
                "GENERATED of c",
            ],
        ),
        (
            "CREATE TABLE t(a); CREATE TABLE log(a); CREATE TRIGGER t_log AFTER INSERT ON t"
            " BEGIN INSERT INTO log VALUES (new.a); END;",
            rebuilt("a"),
            ["trigger t_log"],
        ),
        (
            "CREATE TABLE t(a UNIQUE ON CONFLICT IGNORE, b NOT NULL ON CONFLICT REPLACE DEFAULT 1,"
            " k PRIMARY KEY ON CONFLICT REPLACE);",
            rebuilt("a UNIQUE, b NOT NULL DEFAULT 1, k PRIMARY KEY"),
            [
                "ON CONFLICT REPLACE of the primary key",
                "ON CONFLICT REPLACE of NOT NULL on b",
                "ON CONFLICT IGNORE of UNIQUE on a",
            ],
        ),
        (
            "CREATE TABLE t(a, b, CHECK (a > b), CHECK (a < b + 9), CHECK (1 <> 2));",
            rebuilt("a, b"),
            ["CHECK (1 <> 2)", "CHECK (a < b + 9)", "CHECK (a > b)"],
        ),
        (
            "CREATE TABLE t(a, b); CREATE UNIQUE INDEX t_a ON t(a); CREATE INDEX t_b ON t(b);",
            rebuilt("a, b", more="CREATE INDEX t_a ON t(a);"),
            ["UNIQUE of index t_a", "index t_b"],
        ),
    ],
    ids=["case-c", "foreign-keys", "kinds-of-table", "trigger", "conflicts", "checks", "indexes"],
)
def test_a_rebuild_that_forgets_is_told(before: str, step: str, expected: list[str]) -> None:
    assert lost(before, step) == expected


@for_every(
    "column, rebuild, expected",
    [
        ("id INTEGER PRIMARY KEY", "id INT PRIMARY KEY, a", []),
        ("id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY DESC, a", []),
        ("id INTEGER PRIMARY KEY", "id INTEGER PRIMARY KEY, a) WITHOUT ROWID; SELECT (1", []),
        ("id INTEGER PRIMARY KEY", "id INTEGER UNIQUE, a PRIMARY KEY", []),
        ("id INTEGER PRIMARY KEY", "id INTEGER UNIQUE, a, PRIMARY KEY (id, a)", []),
        ("id INTEGER PRIMARY KEY AUTOINCREMENT", "id INT PRIMARY KEY, a", ["AUTOINCREMENT"]),
        (
            "id INTEGER PRIMARY KEY ON CONFLICT IGNORE",
            "id INT PRIMARY KEY, a",
            ["ON CONFLICT IGNORE of the primary key"],
        ),
        ("id INTEGER NOT NULL PRIMARY KEY", "id INT PRIMARY KEY, a", ["NOT NULL on id"]),
    ],
)
def test_a_rebuild_after_which_sqlite_assigns_no_ids_is_told(
    column: str, rebuild: str, expected: list[str]
) -> None:
    step = rebuilt(rebuild)
    assert lost(f"CREATE TABLE t({column}, a);", step) == ["INTEGER PRIMARY KEY on id", *expected]


def test_that_sqlite_assigns_no_ids_is_told_with_both_names_of_the_column() -> None:
    step = rebuilt("key INT PRIMARY KEY, a")
    assert lost("CREATE TABLE t(id INTEGER PRIMARY KEY, a);", step) == [
        "INTEGER PRIMARY KEY on id (now key)"
    ]


@for_every(
    "before, rebuild, expected",
    [
        ("id INTEGER PRIMARY KEY, a", "id INTEGER, a", ["PRIMARY KEY on id"]),
        ("id INTEGER PRIMARY KEY, a", "id INT, a, PRIMARY KEY (id, a)", ["PRIMARY KEY on id"]),
        ("id INTEGER PRIMARY KEY, a", "id INTEGER, a INTEGER PRIMARY KEY", ["PRIMARY KEY on id"]),
        ("id INTEGER PRIMARY KEY, a", "id UNIQUE, a INTEGER PRIMARY KEY", []),
        ("id INTEGER PRIMARY KEY, a", 'ID "integer", a, PRIMARY KEY (ID DESC)', []),
        ("id INT PRIMARY KEY, a", "id INT PRIMARY KEY, a) WITHOUT ROWID; SELECT (1", []),
    ],
)
def test_of_ids_that_sqlite_still_assigns_or_never_did_nothing_is_told(
    before: str, rebuild: str, expected: list[str]
) -> None:
    assert lost(f"CREATE TABLE t({before});", rebuilt(rebuild)) == expected


UNIQUE_A = "CREATE UNIQUE INDEX i ON t(a)"
UNIQUE_AB = "CREATE UNIQUE INDEX i ON t(a, lower(b))"
INDEX_I = ["UNIQUE of index i"]


@for_every(
    "columns, index, columns_after, index_after, expected",
    [
        ("a, b", UNIQUE_A, "a, b", f"{UNIQUE_A} WHERE a > 1000", INDEX_I),
        ("a, b", UNIQUE_A, "a, b", "CREATE UNIQUE INDEX i ON t(b, a)", INDEX_I),
        ("a, b", UNIQUE_A, "a, b", "CREATE UNIQUE INDEX j ON t(b, a)", ["index i"]),
        ("a, b", UNIQUE_A, "a, b, UNIQUE (a, b)", "", ["index i"]),
        ("a, b", "CREATE UNIQUE INDEX i ON t(a COLLATE NOCASE)", "a, b", UNIQUE_A, INDEX_I),
        ("a, b", "CREATE UNIQUE INDEX i ON t(a COLLATE NOCASE)", "a UNIQUE, b", "", ["index i"]),
        (
            *("a, b", f"{UNIQUE_A} WHERE b > 0", "a, b"),
            *(f"{UNIQUE_A} WHERE b > 0 AND a IS NOT 3", INDEX_I),
        ),
        (
            *("a, b", f"{UNIQUE_A} WHERE b > 0", "a, b"),
            *(f"{UNIQUE_A} WHERE a < 9 AND b > 0", INDEX_I),
        ),
        ("a UNIQUE, b", "", "a, b", f"{UNIQUE_A} WHERE b IS NULL", ["UNIQUE on a"]),
        ("a UNIQUE, b", "", "a, b", f"{UNIQUE_A} WHERE b IS NOT NULL", ["UNIQUE on a"]),
        ("a UNIQUE, b", "", "a, b, UNIQUE (a, b)", "", ["UNIQUE on a"]),
        ("a UNIQUE, b", "", "a, b, PRIMARY KEY (a, b)", "", ["UNIQUE on a"]),
        ("a PRIMARY KEY, b", "", "a, b, UNIQUE (b, a)", "", ["PRIMARY KEY on a"]),
        # Each of two asks for less; neither replaces the other one.
        (
            *("a, b, c, d, UNIQUE (a, b), UNIQUE (a, c)", ""),
            *("a, b, c, d, UNIQUE (a, b, d), UNIQUE (a, c, d)", ""),
            ["UNIQUE on a, b", "UNIQUE on a, c"],
        ),
    ],
)
def test_a_rebuild_after_which_more_rows_may_be_alike_is_told(
    columns: str, index: str, columns_after: str, index_after: str, expected: list[str]
) -> None:
    step = rebuilt(columns_after, more=index_after)
    assert lost(f"CREATE TABLE t({columns}); {index}", step) == expected


@for_every(
    "columns, index, columns_after, index_after, expected",
    [
        # As many rows must differ, or more.
        ("a, b", f"{UNIQUE_A} WHERE a > 1", "a, b", UNIQUE_A, []),
        ("a, b", f"{UNIQUE_A} WHERE a > 1 AND b", "a, b", f"{UNIQUE_A} WHERE a > 1", []),
        ("a, b", "CREATE UNIQUE INDEX i ON t(a, b)", "a, b", UNIQUE_A, []),
        ("a, b", UNIQUE_A, "a, b", "CREATE UNIQUE INDEX i ON t(a COLLATE NOCASE)", []),
        ("a UNIQUE, b", "", "a COLLATE NOCASE UNIQUE, b", "", []),
        ("a, b", UNIQUE_A, "a UNIQUE, b", f"{UNIQUE_A} WHERE a > 1", []),
        # Rows with NULL were never alike.
        ("a, b", UNIQUE_A, "a, b", f"{UNIQUE_A} WHERE a IS NOT NULL", []),
        (
            *('"x y" UNIQUE', "", '"x y"'),
            *('CREATE UNIQUE INDEX i ON t("x y") WHERE ("x y" NOTNULL)', []),
        ),
        (
            *("a, b", f"{UNIQUE_AB} WHERE a > 1", "a, b"),
            *(f"{UNIQUE_AB} WHERE lower(b) NOT NULL AND a > 1 AND a NOTNULL", []),
        ),
        # Which rows must differ is not to be known, or is meant to be another thing.
        ("a, b", f"{UNIQUE_A} WHERE a > 1", "a, b", f"{UNIQUE_A} WHERE a > 0", []),
        ("a, b", f"{UNIQUE_A} WHERE a > 1", "a, b", f"{UNIQUE_A} WHERE a > 1 AND b OR a", []),
        ("a, b", f"{UNIQUE_A} WHERE b > 1", "a, b", f"{UNIQUE_A} WHERE a OR a AND b > 1", []),
        ("a, b", f"{UNIQUE_A} WHERE b", "a, b", f"{UNIQUE_A} WHERE a BETWEEN 1 AND b", []),
        ("a, b, c, UNIQUE (a, b)", "", "a, b, c, UNIQUE (b, c)", "", []),
        ("a, b", UNIQUE_A, "a, b", "CREATE UNIQUE INDEX i ON t(b)", []),
        (
            *("a, b", "CREATE UNIQUE INDEX i ON t(a COLLATE NOCASE)"),
            *("a, b", "CREATE UNIQUE INDEX i ON t(a COLLATE RTRIM)", []),
        ),
        # The collation is told of its column.
        ("a COLLATE NOCASE UNIQUE", "", "a UNIQUE", "", ["COLLATE NOCASE on a"]),
        ("a COLLATE NOCASE", UNIQUE_A, "a", UNIQUE_A, ["COLLATE NOCASE on a"]),
    ],
)
def test_of_rows_that_must_differ_as_before_or_in_another_way_nothing_is_told(
    columns: str, index: str, columns_after: str, index_after: str, expected: list[str]
) -> None:
    step = rebuilt(columns_after, more=index_after)
    assert lost(f"CREATE TABLE t({columns}); {index}", step) == expected


def test_an_index_that_a_drop_names_may_come_back_weaker() -> None:
    step = f"DROP INDEX i; {UNIQUE_A} WHERE a > 1000"
    assert lost(f"CREATE TABLE t(a); {UNIQUE_A};", step) == []


ORDERS = (
    "CREATE TABLE t(id INTEGER PRIMARY KEY, state TEXT NOT NULL DEFAULT 'new' CHECK (state <> ''),"
    " code TEXT UNIQUE); CREATE INDEX t_state ON t(state);"
)


@pytest.mark.parametrize(
    "step",
    [
        "ALTER TABLE t RENAME TO old; CREATE TABLE t(id INTEGER PRIMARY KEY, state, code);"
        "INSERT INTO t SELECT * FROM old; DROP TABLE old;",
        "CREATE TABLE t2 AS SELECT * FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t;",
        "CREATE TABLE orders AS SELECT * FROM t; DROP TABLE t;",
        "CREATE TABLE orders(id, state, code); INSERT INTO orders(id, state, code)"
        " SELECT o.id, o.state, o.code FROM main.t AS o; DROP TABLE t;",
        "ALTER TABLE t RENAME TO kept; CREATE TABLE t AS SELECT * FROM kept;",
    ],
)
def test_it_is_told_whichever_way_the_table_was_made_anew(step: str) -> None:
    found = lost(ORDERS, step)
    assert {"NOT NULL on state", "DEFAULT on state", "UNIQUE on code", "CHECK on state"} <= {*found}


def test_the_name_after_the_step_and_the_one_before_are_both_given() -> None:
    step = "CREATE TABLE orders AS SELECT * FROM t; DROP TABLE t;"
    [found] = lost_of(ORDERS, step)
    assert (found.table, found.old_name) == ("orders", "t")


@for_every(
    "before, step",
    [
        # Nothing went.
        (ORDERS, "ALTER TABLE t RENAME TO orders"),
        (ORDERS, "ALTER TABLE t RENAME COLUMN state TO status"),
        (ORDERS, "ALTER TABLE t ADD COLUMN more"),
        (
            "CREATE TABLE a(x NOT NULL); CREATE TABLE b(x);",
            "ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b",
        ),
        # It went along with its column, table or parent.
        ("CREATE TABLE t(a, b NOT NULL DEFAULT 1 CHECK (b > 0) UNIQUE);", rebuilt("a", copied="a")),
        (
            "CREATE TABLE t(a, b, UNIQUE (a, b)); CREATE INDEX i ON t(a, b);",
            rebuilt("a", copied="a"),
        ),
        (f"{PARENT} CREATE TABLE t(p REFERENCES p(id));", rebuilt("p", more="DROP TABLE p;")),
        (
            "CREATE TABLE t(a); CREATE TABLE log(a); CREATE TRIGGER r AFTER INSERT ON t"
            " BEGIN INSERT INTO log VALUES (1); END;",
            rebuilt("a", more="DROP TABLE log;"),
        ),
        (
            "CREATE TABLE t(a, b); CREATE INDEX i ON t(lower(b));"
            "CREATE TRIGGER r AFTER INSERT ON t WHEN new.b > 0 BEGIN UPDATE t SET a = 1; END;",
            rebuilt("a", copied="a"),
        ),
        # Another one of its kind replaces it.
        ("CREATE TABLE t(n CHECK (n >= 0));", rebuilt("n CHECK (n > 0)")),
        ("CREATE TABLE t(n CHECK (n >= 0), m CHECK (m > 0));", rebuilt("n, m, CHECK (n * m > 0)")),
        ("CREATE TABLE t(n NOT NULL);", rebuilt("n CHECK (n IS NOT NULL)")),
        ("CREATE TABLE t(a DEFAULT 1 COLLATE NOCASE);", rebuilt("a DEFAULT 2 COLLATE RTRIM")),
        ("CREATE TABLE t(a UNIQUE);", rebuilt("a", more="CREATE UNIQUE INDEX t_a ON t(a);")),
        ("CREATE TABLE t(a, b, UNIQUE (a, b));", rebuilt("a UNIQUE, b")),
        ("CREATE TABLE t(a UNIQUE);", rebuilt("a PRIMARY KEY")),
        ("CREATE TABLE t(id INTEGER NOT NULL PRIMARY KEY);", rebuilt("id INTEGER PRIMARY KEY")),
        (
            "CREATE TABLE t(a); CREATE INDEX i ON t(a);",
            rebuilt("a", more="CREATE INDEX j ON t(a);"),
        ),
        ("CREATE TABLE t(a); CREATE INDEX i ON t(a);", rebuilt("a UNIQUE")),
        (
            f"{PARENT} CREATE TABLE q(id INTEGER PRIMARY KEY);"
            "CREATE TABLE t(p REFERENCES p(id) ON DELETE CASCADE);",
            rebuilt("p REFERENCES q(id) ON DELETE SET NULL"),
        ),
        (
            "CREATE TABLE t(a, b); CREATE TRIGGER r AFTER UPDATE ON t BEGIN SELECT 1; END;",
            rebuilt("a, b", more="CREATE TRIGGER s AFTER UPDATE OF a ON t BEGIN SELECT 2; END;"),
        ),
        # A DROP of its own names it.
        (
            "CREATE TABLE t(a); CREATE INDEX i ON t(a);"
            "CREATE TRIGGER r AFTER UPDATE ON t BEGIN SELECT 1; END;",
            'DROP INDEX IF EXISTS main.i; drop trigger "r";',
        ),
        # A table, and something else of the same name.
        ("CREATE TABLE t(a NOT NULL);", "DROP TABLE t; CREATE VIEW t AS SELECT 1 AS a;"),
        # A table of sums is no rebuild of what it sums; a name behind FROM may be no table.
        (
            "CREATE TABLE t(id INTEGER PRIMARY KEY, kind TEXT NOT NULL, n INTEGER);",
            "CREATE TABLE u(kind, total); INSERT INTO u SELECT kind, sum(n) FROM t GROUP BY kind;"
            "DROP TABLE t; CREATE TABLE j AS SELECT value FROM json_each('[1]');"
            "WITH k(i) AS (SELECT 1) INSERT INTO j SELECT i FROM k;",
        ),
    ],
)
def test_nothing_is_told_where_nothing_was_lost(before: str, step: str) -> None:
    assert lost(before, step) == []


PRICED = (
    "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0 CHECK (n >= 0),"
    " code TEXT COLLATE NOCASE UNIQUE, p REFERENCES p(id)); CREATE INDEX t_n ON t(n) WHERE n > 0;"
    "CREATE TRIGGER t_log AFTER UPDATE OF n ON t WHEN new.n > 1"
    " BEGIN INSERT INTO p(x) VALUES (old.n); END;"
)
OF_N = ["NOT NULL on n (now amount)", "DEFAULT on n (now amount)"]
OF_ALL = [
    *(*OF_N, "COLLATE NOCASE on code", "UNIQUE on code", "CHECK on n (now amount)"),
    *("foreign key on p", "index t_n", "trigger t_log"),
]
REST = "code TEXT COLLATE NOCASE UNIQUE, p REFERENCES p(id)"
AGAIN = "CREATE INDEX t_n ON t(amount) WHERE amount > 0;" + PRICED.partition("> 0;")[2].replace(
    "new.n", "new.amount"
).replace("OF n", "OF amount").replace("old.n", "old.amount")


@for_every(
    "step, expected",
    [
        (rebuilt("id INTEGER PRIMARY KEY, amount INTEGER, code, p"), OF_ALL),
        (
            "ALTER TABLE t RENAME TO was; CREATE TABLE t(id INTEGER PRIMARY KEY, code, amount, p);"
            "INSERT INTO t(p, amount, id, code) SELECT was.p, (coalesce(n, 0)), was.id, trim(code)"
            " FROM main.was LEFT JOIN p ON was.p = p.id; DROP TABLE was;",
            OF_ALL,
        ),
        (
            "ALTER TABLE t RENAME COLUMN n TO amount;"
            + rebuilt("id INTEGER PRIMARY KEY, amount, code, p"),
            OF_ALL,
        ),
        (
            "CREATE TABLE u(id INTEGER PRIMARY KEY, m, code, p); WITH w AS (SELECT 1)"
            " REPLACE INTO u SELECT o.id, CAST(o.n AS INTEGER), o.code, o.p FROM t AS o;"
            "DROP TABLE t; ALTER TABLE u RENAME m TO amount; ALTER TABLE u RENAME TO t",
            OF_ALL,
        ),
        (
            "DROP INDEX t_n; DROP TRIGGER t_log; CREATE TABLE u AS SELECT id, n amount, code, p"
            " FROM t; DROP TABLE t; ALTER TABLE u RENAME TO t;",
            ["PRIMARY KEY on id", *OF_ALL[:-2]],
        ),
        (
            f"CREATE TABLE u(id INTEGER PRIMARY KEY, amount INTEGER CHECK (amount > 1), {REST});"
            f"INSERT INTO u SELECT * FROM t; DROP TABLE t; ALTER TABLE u RENAME TO t; {AGAIN}",
            OF_N,
        ),
        (
            f"CREATE TABLE u(id INTEGER PRIMARY KEY, amount INTEGER, {REST}, CHECK (amount >= 0));"
            "INSERT INTO u(id, code, p) SELECT id, code, p FROM t;"
            "UPDATE OR IGNORE u SET amount = (SELECT n FROM t WHERE t.id = u.id), p = NULL;"
            f"DROP TABLE t; ALTER TABLE u RENAME TO t; {AGAIN}",
            OF_N,
        ),
    ],
    ids=["star", "renamed-first", "column", "rest", "as-select", "another-check", "update"],
)
def test_a_guard_of_a_column_that_the_step_renamed_is_told_with_both_names(
    step: str, expected: list[str]
) -> None:
    assert lost(f"{PARENT} {PRICED}", step) == expected


def test_a_table_and_all_its_columns_may_be_renamed() -> None:
    step = (
        "CREATE TABLE u(key INTEGER PRIMARY KEY, amount INTEGER, label, parent); INSERT INTO u"
        " SELECT * FROM t; DROP TABLE t; ALTER TABLE u RENAME TO goods;"
    )
    [found] = lost_of(f"{PARENT} {PRICED}", step)
    assert (found.table, found.old_name) == ("goods", "t")
    assert found.guards == (
        *("NOT NULL on n (now amount)", "DEFAULT on n (now amount)"),
        *("COLLATE NOCASE on code (now label)", "UNIQUE on code (now label)"),
        *("CHECK on n (now amount)", "foreign key on p (now parent)", "index t_n", "trigger t_log"),
    )


def test_a_column_that_was_copied_in_place_has_its_guards_compared() -> None:
    before = "CREATE TABLE t(a, n NOT NULL DEFAULT 1 COLLATE RTRIM);"
    step = "ALTER TABLE t ADD COLUMN m; UPDATE t SET m = t.n WHERE a > 1; ALTER TABLE t DROP n;"
    assert lost(before, step) == [
        *("NOT NULL on n (now m)", "DEFAULT on n (now m)", "COLLATE RTRIM on n (now m)")
    ]


@for_every(
    "step",
    [
        # The column has another name, and all its guards.
        "ALTER TABLE t RENAME COLUMN n TO amount; ALTER TABLE t RENAME TO goods",
        f"CREATE TABLE u(id INTEGER PRIMARY KEY, amount INT NOT NULL DEFAULT 1, {REST},"
        " CHECK (amount <> 0)); INSERT INTO u SELECT * FROM t; DROP TABLE t;"
        f"ALTER TABLE u RENAME TO t; {AGAIN}",
        # It went, and another came: nothing says that it is the same one.
        *(
            f"CREATE TABLE u(id INTEGER PRIMARY KEY, amount INTEGER, {REST}); {copied};"
            " DROP TABLE t; ALTER TABLE u RENAME TO t;"
            for copied in (
                "INSERT INTO u(id, code, p) SELECT id, code, p FROM t",
                "INSERT INTO u SELECT id, 7, code, p FROM t",
                "INSERT INTO u SELECT t.id, p.n, code, p FROM t JOIN (SELECT 1 AS n) AS p",
                "INSERT INTO u SELECT id, n * 100, code, p FROM t",
                "INSERT INTO u SELECT id, coalesce(n, id), code, p FROM t",
                "INSERT INTO u SELECT id, (SELECT max(n) FROM t), code, p FROM t",
                "INSERT INTO u SELECT id, CASE WHEN n THEN 1 END, code, p FROM t",
                "INSERT INTO u VALUES (1, 2, 'x', NULL)",
            )
        ),
        # Two have its values.
        f"CREATE TABLE u(id INTEGER PRIMARY KEY, low INTEGER, high INTEGER, {REST});"
        "INSERT INTO u SELECT id, n, n, code, p FROM t; DROP TABLE t; ALTER TABLE u RENAME TO t;",
        "ALTER TABLE t ADD COLUMN amount INT; DROP INDEX t_n; DROP TRIGGER t_log;"
        "UPDATE t SET code = amount",
    ],
)
def test_nothing_is_told_of_a_column_that_kept_its_guards_or_went(step: str) -> None:
    assert lost(f"{PARENT} {PRICED}", step) == []


def test_a_view_that_is_broken_keeps_no_renamed_column_from_being_known() -> None:
    before = f"{PARENT} {PRICED} CREATE VIEW v AS SELECT n, other FROM nowhere;"
    step = rebuilt("id INTEGER PRIMARY KEY, amount INTEGER, code, p")
    assert lost(before, f"PRAGMA legacy_alter_table = ON; {step}") == OF_ALL


def test_a_trigger_of_a_view_made_anew_is_told() -> None:
    before = (
        "CREATE TABLE k(a); CREATE VIEW v AS SELECT a FROM k;"
        "CREATE TRIGGER v_add INSTEAD OF INSERT ON v BEGIN INSERT INTO k VALUES (new.a); END;"
    )
    assert lost(before, "DROP VIEW v; CREATE VIEW v AS SELECT a, 1 AS b FROM k;") == [
        "trigger v_add"
    ]


def test_names_of_any_characters_are_read() -> None:
    before = (
        'CREATE TABLE "p(" ("x)" UNIQUE);'
        'CREATE TABLE t("a)" UNIQUE, "b(,c" REFERENCES "p(" ("x)"));'
    )
    assert lost(before, rebuilt('"a)", "b(,c"')) == ["UNIQUE on a)", "foreign key on b(,c"]


def test_without_the_statements_a_table_that_was_left_alone_lost_nothing() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(
            "CREATE TABLE t(a); CREATE INDEX i ON t(a); CREATE INDEX j ON t(a DESC);"
        )
        start = read_schema(conn)
        conn.execute("DROP INDEX i")
        dropped = read_schema(conn)
        conn.executescript(rebuilt("a"))
        unseen = read_statements([])
        assert find_lost_guards(start, dropped, unseen) == ()
        [found] = find_lost_guards(dropped, read_schema(conn), unseen)
        assert found.guards == ("index j",)


GUARDS = {
    "NOT NULL on a": "a INTEGER NOT NULL",
    "DEFAULT on a": "a INTEGER DEFAULT 7",
    "COLLATE NOCASE on a": "a INTEGER COLLATE NOCASE",
    "CHECK on a": "a INTEGER CHECK (a > 0)",
    "UNIQUE on a": "a INTEGER UNIQUE",
    "foreign key on a": "a INTEGER REFERENCES p(id)",
}


def spelled(guards: list[str], columns: list[str]) -> list[str]:
    """Each guard as it stands on a column of its own."""
    return [
        GUARDS[guard].replace("a INTEGER", f"{column} INTEGER").replace("(a ", f"({column} ")
        for guard, column in zip(guards, columns, strict=True)
    ]


@settings(max_examples=25, deadline=None)
@given(
    kept=st.lists(st.sampled_from(sorted(GUARDS)), unique=True),
    gone=st.lists(st.sampled_from(sorted(GUARDS)), unique=True),
    new_names=st.sampled_from(["", "n_"]),
    copied=st.sampled_from(["*", "", "main.t.", "coalesce"]),
    order=st.randoms(use_true_random=False),
)
def test_exactly_what_a_rebuild_leaves_out_is_told(
    kept: list[str], gone: list[str], new_names: str, copied: str, order: random.Random
) -> None:
    """Each guard stands on a column of its own, and each is told by that column's name."""
    names = [f"k{n}" for n in range(len(kept))], [f"g{n}" for n in range(len(gone))]
    old = ["id INTEGER PRIMARY KEY", *spelled(kept, names[0]), *spelled(gone, names[1])]
    columns = {name: new_names + name for part in names for name in part}
    new = ["id INTEGER PRIMARY KEY", *spelled(kept, [columns[name] for name in names[0]])]
    new += [columns[name] for name in names[1]]
    pairs = list({"id": "id", **columns}.items())
    if copied != "*":
        order.shuffle(pairs)
        order.shuffle(new)
    values = {
        "*": ["*"],
        "coalesce": [f"coalesce({name}, 7) AS x" for name, _ in pairs],
    }.get(copied, [f"{copied}{name}" for name, _ in pairs])
    step = (
        f"CREATE TABLE t2({', '.join(new)}); INSERT INTO t2({', '.join(n for _, n in pairs)})"
        f" SELECT {', '.join(values)} FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t"
    )
    expected = [
        guard.replace(" on a", f" on {name}" + (f" (now {columns[name]})" if new_names else ""))
        for guard, name in zip(gone, names[1], strict=True)
    ]
    assert sorted(lost(f"{PARENT} CREATE TABLE t({', '.join(old)});", step)) == sorted(expected)


_TABLES = (
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'"
    " AND name NOT LIKE 'sqlite%'"
)


def made(base: tuple[str, ...]) -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:")
    for statement in base:
        conn.execute(statement)
    return conn


def owned_sql(conn: sqlite3.Connection, table: str) -> list[tuple[str, str, str]]:
    """Kind, name and statement of a table's indexes and triggers."""
    return conn.execute(
        "SELECT type, name, sql FROM sqlite_schema"
        " WHERE tbl_name = ? AND type IN ('index', 'trigger') AND sql IS NOT NULL",
        (table,),
    ).fetchall()


def rebuild_of(table: str, sql: str) -> list[str]:
    return [
        "PRAGMA legacy_alter_table = ON",
        f"ALTER TABLE {quote(table)} RENAME TO kept_aside",
        sql,
        "DROP TABLE kept_aside",
    ]


def harmless_steps(conn: sqlite3.Connection) -> Iterator[list[str]]:
    for table, sql in conn.execute(_TABLES).fetchall():
        alter = f"ALTER TABLE {quote(table)}"
        yield [f"{alter} RENAME TO renamed"]
        yield [f"{alter} ADD COLUMN one_more"]
        yield [*rebuild_of(table, sql), *(text for _, _, text in owned_sql(conn, table))]
        columns = conn.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
        for (column,) in columns[:1]:
            yield [f"{alter} RENAME COLUMN {quote(column)} TO renamed"]
            yield [f"{alter} DROP COLUMN {quote(column)}"]


def lost_by(base: tuple[str, ...], step: list[str]) -> tuple[LostGuards, ...] | None:
    """What a step lost; None where SQLite refuses it, or what it leaves cannot be read."""
    with closing(made(base)) as conn:
        before = read_schema(conn)
        try:
            for statement in step:
                conn.execute(statement)
            after = read_schema(conn)
        except (sqlite3.Error, SchemaReadError):
            return None
    return find_lost_guards(before, after, read_statements(step))


def test_no_harmless_step_loses_anything_in_any_base_schema() -> None:
    told = []
    for base in BASES:
        with closing(made(base)) as conn:
            steps = list(harmless_steps(conn))
        told.extend((step, found) for step in steps if (found := lost_by(base, step)))
    assert told == []


def test_each_index_and_trigger_that_a_rebuild_leaves_out_is_told() -> None:
    judged = 0
    for base in BASES:
        with closing(made(base)) as conn:
            tables = conn.execute(_TABLES).fetchall()
            owned = {table: owned_sql(conn, table) for table, _ in tables}
        for table, sql in tables:
            for kind, name, _ in owned[table]:
                others = [text for _, other, text in owned[table] if other != name]
                found = lost_by(base, [*rebuild_of(table, sql), *others])
                if found is not None:
                    judged += 1
                    assert [one.guards for one in found] == [(f"{kind} {name}",)]
    assert judged > 20
