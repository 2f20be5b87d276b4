"""Experiments: on large tables in part, tables with triggers, values that a table refuses."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from pytest_pmd_migrations.rows import compare_rows
from pytest_pmd_migrations.sources.declared.declarations import NOTHING_DECLARED

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, found_at, image, report, stepped, take

LARGE = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
INSERT INTO t SELECT i, 'text ' || i, i % 7 FROM n;
"""
TRIGGERED = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO t VALUES (1, 'x'), (2, 'y');
CREATE TRIGGER keep BEFORE UPDATE OF a ON t BEGIN SELECT RAISE(ABORT, 'never'); END;
"""
KNOWN = """
CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT, size INTEGER);
INSERT INTO t VALUES (1, 'open', 3), (2, 'done', 1), (3, 'open', 2);
"""


def all_rows_needed(conn: sqlite3.Connection) -> None:
    if conn.execute("SELECT count(*) FROM t").fetchone()[0] != 2500:
        raise ValueError("rows are missing")
    conn.executescript("ALTER TABLE t RENAME COLUMN a TO c")


def known_states_only(conn: sqlite3.Connection) -> None:
    rows = conn.execute("SELECT id, state FROM t").fetchall()
    conn.execute("ALTER TABLE t ADD COLUMN status TEXT")
    names = {"open": "open", "done": "done"}
    conn.executemany("UPDATE t SET status = ? WHERE id = ?", [(names[s], n) for n, s in rows])
    conn.execute("ALTER TABLE t DROP COLUMN state")


NAMED = (
    "CREATE TABLE kind (id INTEGER PRIMARY KEY, name TEXT);"
    "CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT);"
    "INSERT INTO kind VALUES (1, 'a'), (2, 'b');"
    "INSERT INTO item VALUES (1, 'a'), (2, 'b'), (3, 'c');"
)

FOLLOWED = {
    "large, a column renamed": (LARGE, "ALTER TABLE t RENAME COLUMN a TO c"),
    "large, the table renamed": (LARGE, "ALTER TABLE t RENAME TO u"),
    "large, the table and its columns renamed": (
        LARGE,
        "ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME COLUMN a TO c",
    ),
    "large, split": (
        LARGE,
        "CREATE TABLE u AS SELECT * FROM t WHERE b < 3; DELETE FROM t WHERE b < 3",
    ),
    "large, and the step needs every row": (LARGE, all_rows_needed),
    "large, without rowid": (
        LARGE.replace("b INTEGER)", "b INTEGER) WITHOUT ROWID"),
        "ALTER TABLE t RENAME COLUMN a TO c",
    ),
    "a trigger refuses updates": (TRIGGERED, "ALTER TABLE t RENAME COLUMN a TO c"),
    "only known values": (KNOWN, known_states_only),
    "only known values, the rest made another": (
        KNOWN,
        "ALTER TABLE t ADD COLUMN status TEXT;"
        "UPDATE t SET status = CASE WHEN state IN ('open', 'done') THEN state ELSE 'other' END;"
        "ALTER TABLE t DROP COLUMN state",
    ),
    "only known values, under a UNIQUE of a strict table": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER UNIQUE) STRICT;"
        "INSERT INTO t VALUES (1, 10), (2, 20);",
        "ALTER TABLE t ADD COLUMN m INTEGER; UPDATE t SET m = n WHERE n IN (10, 20);"
        "CREATE TABLE k (id INTEGER PRIMARY KEY, m INTEGER); INSERT INTO k SELECT id, m FROM t;"
        "DROP TABLE t; ALTER TABLE k RENAME TO t",
    ),
    "a choice by the values of one of two": (
        KNOWN,
        "CREATE TABLE u (id INTEGER PRIMARY KEY, status TEXT, width INTEGER);"
        "INSERT INTO u SELECT id, state, size FROM t WHERE state IN ('open', 'done');"
        "DROP TABLE t; ALTER TABLE u RENAME TO t",
    ),
    "split by known values": (
        KNOWN,
        "CREATE TABLE open_t AS SELECT * FROM t WHERE state = 'open';"
        "CREATE TABLE done_t AS SELECT * FROM t WHERE state = 'done'; DROP TABLE t",
    ),
    "split by the smallest and the largest": (
        KNOWN,
        "CREATE TABLE first AS SELECT * FROM t WHERE size = (SELECT min(size) FROM t);"
        "CREATE TABLE other AS SELECT * FROM t WHERE size > (SELECT min(size) FROM t);"
        "DROP TABLE t",
    ),
    "a name that becomes a key of rows that were there": (
        NAMED,
        "INSERT OR IGNORE INTO kind (name) SELECT name FROM item;"
        "ALTER TABLE item ADD COLUMN kind_id REFERENCES kind (id);"
        "UPDATE item SET kind_id = (SELECT k.id FROM kind k WHERE k.name = item.name);"
        "ALTER TABLE item DROP COLUMN name",
    ),
    "a name that goes into rows that were there, which refer to its own": (
        NAMED,
        "ALTER TABLE kind ADD COLUMN item_id REFERENCES item (id);"
        "INSERT INTO kind (name, item_id) SELECT name, id FROM item;"
        "ALTER TABLE item DROP COLUMN name",
    ),
    "rows of NULL only, moved": (
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (NULL, NULL), (NULL, NULL);",
        "CREATE TABLE u AS SELECT * FROM t; DELETE FROM t",
    ),
}
NOT_FOLLOWED = {
    "large, a column made anew": (
        LARGE,
        "ALTER TABLE t ADD COLUMN c; UPDATE t SET c = 'text ' || id; ALTER TABLE t DROP COLUMN a",
        "t.a",
    ),
    "large, a row lost by the rename": (
        LARGE,
        "ALTER TABLE t RENAME TO u; DELETE FROM u WHERE id = 2400",
        "t",
    ),
    "large, a value lost by the rename": (
        LARGE,
        "ALTER TABLE t RENAME TO u; UPDATE u SET a = '' WHERE id = 2400",
        "t.a",
    ),
    "large, dropped": (LARGE, "DROP TABLE t", "t"),
    "a name that becomes a key, where not every row has it": (
        NAMED,
        "ALTER TABLE item ADD COLUMN kind_id REFERENCES kind (id);"
        "UPDATE item SET kind_id = (SELECT k.id FROM kind k WHERE k.name = item.name);"
        "ALTER TABLE item DROP COLUMN name",
        "item.name",
    ),
    "a key of rows that have the names by accident": (
        NAMED + "DELETE FROM item WHERE name = 'c';",
        "ALTER TABLE item ADD COLUMN kind_id REFERENCES kind (id);"
        "UPDATE item SET kind_id = id; ALTER TABLE item DROP COLUMN name",
        "item.name",
    ),
    "swapped ends that make the same rows": (
        "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2);",
        "DROP TABLE t; CREATE TABLE u (n INTEGER); INSERT INTO u VALUES (1), (2)",
        "t",
    ),
    "rows written anew into a new table": (
        "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1), (2), (3);",
        "DELETE FROM t WHERE n < 3; CREATE TABLE u (n INTEGER); INSERT INTO u VALUES (2), (1)",
        "t",
    ),
    "the new table is not made for others": (
        "CREATE TABLE t (n TEXT); INSERT INTO t VALUES ('x');",
        "CREATE TABLE u AS SELECT * FROM t WHERE 0;"
        "INSERT INTO u SELECT 'x' WHERE EXISTS (SELECT 1 FROM t WHERE n = 'x'); DROP TABLE t",
        "t",
    ),
}


@for_every("before, step", FOLLOWED.values(), ids=FOLLOWED)
def test_values_are_followed(before, step):
    assert found_at(Case(before, step)) == set()


@for_every("before, step, place", NOT_FOLLOWED.values(), ids=NOT_FOLLOWED)
def test_values_that_do_not_follow_are_lost(before, step, place):
    assert found_at(Case(before, step)) == {place}


def test_what_excuses_a_row_excuses_it_while_it_is_tried_out():
    case = Case(
        KNOWN,
        "ALTER TABLE t RENAME TO u; DELETE FROM u WHERE id = 2; UPDATE u SET size = size + 1",
        deletes={"t": "state = 'done'"},
        changes={"t.size": "1"},
    )
    assert found_at(case) == set()


def test_without_rowid_too():
    before = KNOWN.replace("size INTEGER)", "size INTEGER) WITHOUT ROWID")
    case = Case(
        before,
        "ALTER TABLE t RENAME COLUMN state TO status; DELETE FROM t WHERE id = 2",
        deletes={"t": "id = 2"},
    )
    assert found_at(case) == set()


REFUSING = """
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
INSERT INTO t VALUES (1, 'x'), (2, 'yyyyyyy');
CREATE UNIQUE INDEX lengths ON t (substr(a, 1, 2));
"""


def test_a_table_that_refuses_other_values_has_its_ends_swapped():
    rebuilt = (
        "CREATE TABLE n (id INTEGER PRIMARY KEY, c TEXT); INSERT INTO n SELECT id, a FROM t;"
        "DROP TABLE t; ALTER TABLE n RENAME TO t"
    )
    one = REFUSING.replace("(1, 'x'), ", "")
    assert found_at(Case(one, rebuilt)) == set()
    # Marks on the way to the other end begin alike, too: only a declaration can tell.
    assert found_at(Case(REFUSING, rebuilt)) == {"t.a"}
    assert found_at(Case(REFUSING, rebuilt, moves={"t.a": "t.c"})) == set()


@pytest.mark.parametrize("target", ["t", "u"])
def test_a_table_that_is_made_for_known_values_only_proves_nothing(target):
    def step(conn: sqlite3.Connection) -> None:
        [(value,)] = conn.execute("SELECT a FROM t").fetchall()
        conn.execute("ALTER TABLE t RENAME COLUMN a TO c")
        if value != "x" or target != "t":
            conn.execute(f"ALTER TABLE t RENAME TO {'u' if value == 'x' else 'elsewhere'}")

    before = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x');"
    assert found_at(Case(before, step)) == ({"t.a"} if target == "t" else {"t"})


def test_values_move_from_row_to_row_of_a_full_text_table():
    before = (
        "CREATE VIRTUAL TABLE f USING fts5(a, b);"
        "INSERT INTO f (rowid, a, b) VALUES (3, 'long a', 'long b'), (5, 'other a', 'other b');"
    )
    step = (
        "CREATE TABLE k AS SELECT rowid AS r, a, b FROM f; DROP TABLE f;"
        "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f (rowid, a)"
        " SELECT {row}, a || ' ' || b FROM k; DROP TABLE k"
    )
    moves = {"f.a": "f.a", "f.b": "f.a"}
    assert found_at(Case(before, step.format(row="r"), moves=moves)) == set()
    crossed = found_at(Case(before, step.format(row="8 - r"), moves=moves))
    assert crossed == {"f.a", "f.b"}


ALIKE = "".join(
    f"CREATE TABLE t{n} (a, b); INSERT INTO t{n} VALUES (1, 'x'), (2, 'y');" for n in range(5)
)
RENAMED = [f"ALTER TABLE t{n} RENAME TO app_t{n}" for n in range(5)]


@for_every(
    "also, runs",
    [([], 0), (["UPDATE app_t4 SET a = a"], 1)],
)
def test_tables_that_are_only_renamed_take_no_run_and_another_one_run(
    also: list[str], runs: int
) -> None:
    """All five hold the same: by their rows alone, each may be any other."""
    statements = [*RENAMED, *also]
    before = image(ALIKE)
    taken = []

    def rerun(conn: sqlite3.Connection) -> None:
        taken.append(1)
        take("; ".join(statements), conn)

    report = compare_rows(
        before,
        stepped(before, "; ".join(statements)),
        declarations=NOTHING_DECLARED,
        rerun=rerun,
        statements=statements,
    )
    assert (report.findings, len(taken)) == ((), runs)


REBUILT = (
    "CREATE TABLE new_{0} (id INTEGER PRIMARY KEY, d);"
    "INSERT INTO new_{0} SELECT id, {1} FROM {2}; DROP TABLE {0}; ALTER TABLE new_{0} RENAME TO {0}"
)


def test_tables_that_are_tried_out_together_are_told_as_each_alone() -> None:
    """Of ten renamed columns, one takes a constant, two each other's values, one refuses others."""
    names = [f"t{number}" for number in range(10)]
    before = image(
        "".join(
            f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, c);"
            f"INSERT INTO {name} VALUES (1, '1'), (2, '{1 + (name == 't8')}');"
            for name in names
        )
    )
    given = {"t3": "'1'", "t8": "json(c)"}
    sources = {"t1": "t2", "t2": "old1"}
    steps = [REBUILT.format(n, given.get(n, "c"), sources.get(n, n)) for n in names]
    step = "CREATE TABLE old1 AS SELECT * FROM t1; " + "; ".join(steps) + "; DROP TABLE old1"
    taken = []

    def rerun(conn: sqlite3.Connection) -> None:
        taken.append(1)
        take(step, conn)

    report = compare_rows(before, stepped(before, step), declarations=NOTHING_DECLARED, rerun=rerun)
    assert {one.table for one in report.findings} == {"t1", "t2", "t3"}
    assert [sample for one in report.findings for sample in one.samples if "equal" in sample] == [
        f"t{number}.d is equal by coincidence: it follows no other values" for number in (1, 2, 3)
    ]
    assert len(taken) < 15


def test_a_table_of_a_thousand_columns_is_compared() -> None:
    columns = [f"c{number}" for number in range(1000)]
    before = f"CREATE TABLE t (id INTEGER PRIMARY KEY, {', '.join(columns)}); "
    case = Case(
        f"{before} INSERT INTO t (id, c998) VALUES (1, 3)",
        "UPDATE t SET c998 = 4",
        changes={f"t.{column}": "1" for column in columns[990:]},
    )
    assert found_at(case) == set()
    assert found_at(replace(case, changes={"t.c997": "1"})) == {"t.c998"}


PARTS = """
CREATE TABLE t (id INTEGER PRIMARY KEY, c TEXT, k TEXT);
INSERT INTO t VALUES (1, 'x', 'a'), (2, 'y', 'a'), (3, 'z', 'b'), (4, 'w', 'a'), (5, NULL, 'b');
"""


@for_every(
    "step, message, declared",
    [
        (
            "ALTER TABLE t ADD COLUMN d TEXT; UPDATE t SET d = c WHERE k = 'a'",
            "t.c is gone with 1 of 4 values",
            {"DELETES": "c = 'z'", "MOVES": "t.d"},
        ),
        (
            "CREATE TABLE u (id INTEGER PRIMARY KEY, t REFERENCES t (id), v TEXT);"
            "INSERT INTO u (t, v) SELECT id, c FROM t WHERE id < 4",
            "t.c is gone with 1 of 4 values",
            {"DELETES": "c = 'w'", "MOVES": "u.v"},
        ),
        (
            "UPDATE t SET c = 'x'; ALTER TABLE t ADD COLUMN d TEXT DEFAULT 'x'",
            "t.c is gone with 4 values",
            {"DELETES": "DROP"},
        ),
    ],
)
def test_a_column_of_which_most_values_moved_is_gone_with_the_others(
    step: str, message: str, declared: dict[str, str]
) -> None:
    """Where most values are there by coincidence, all of them are gone."""
    equal = PARTS.replace("'y'", "'x'").replace("'z'", "'x'") if "DEFAULT" in step else PARTS
    case = Case(equal, f"{step}; ALTER TABLE t DROP COLUMN c")
    [finding] = report(case).findings
    assert finding.message == message
    assert {one.kind: one.value[0] for one in finding.declarable} == declared
    deletes, moves = {"t.c": declared["DELETES"]}, {"t.c": declared.get("MOVES", "")}
    allowed = replace(case, deletes=deletes, moves=moves if moves["t.c"] else {})
    assert report(allowed).findings == ()
