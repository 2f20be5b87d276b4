"""What a reader sees of a loss: each finding's whole text."""

from __future__ import annotations

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, report

LONG = "x" * 100
TEXTS = {
    "rows": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 'a'), (2, NULL),"
            " (3, x'00ff'), (4, 1.5), (5, 'e');",
            "DELETE FROM t WHERE id < 5",
        ),
        "t lost 4 of 5 rows",
        (
            "gone: id 1, v 'a'",
            "gone: id 2, v NULL",
            "gone: id 3, v x'00ff'",
            "where that is meant, declare it:",
            '  DELETES = {"t": ("id <= 4", "<reason>")}',
        ),
    ),
    "long values and many columns": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c, d);"
            f"INSERT INTO t VALUES (1, '{LONG}', '{LONG}', '{LONG}', 1);",
            "DELETE FROM t",
        ),
        "t lost 1 of 1 row",
        (
            "gone: id 1, a 'xxxxxxxxxxxxxxxxxxx...', b 'xxxxxxxxxxxxxxxxxxx...'",
            "where that is meant, declare it:",
            '  DELETES = {"t": ("1", "<reason>")}',
        ),
    ),
    "full text": (
        Case(
            "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f (rowid, a) VALUES (7, 'x');",
            "DELETE FROM f",
        ),
        "f lost 1 of 1 row",
        (
            "gone: rowid 7",
            "where that is meant, declare it:",
            '  DELETES = {"f": ("1", "<reason>")}',
        ),
    ),
    "table": (
        Case("CREATE TABLE t (a); INSERT INTO t VALUES (1);", "DROP TABLE t"),
        "table t is gone with 1 row",
        (
            "gone: a 1",
            "where that is meant, declare it:",
            '  DELETES = {"t": ("DROP", "<reason>")}',
        ),
    ),
    "table, equal by coincidence": (
        Case(
            "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2);",
            "DROP TABLE t; CREATE TABLE u (b); INSERT INTO u VALUES (1), (2)",
        ),
        "table t is gone with 2 rows",
        (
            "gone: a 1",
            "gone: a 2",
            "u is equal by coincidence: it follows no other values",
            "where that is meant, declare it:",
            '  DELETES = {"t": ("DROP", "<reason>")}',
        ),
    ),
    "rows, equal by coincidence": (
        Case(
            "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3);",
            "DELETE FROM t WHERE a < 3; CREATE TABLE u (a); INSERT INTO u VALUES (1), (2)",
        ),
        "t lost 2 of 3 rows",
        (
            "gone: a 1",
            "gone: a 2",
            "u is equal by coincidence: it follows no other values",
            "where that is meant, declare it:",
            '  DELETES = {"t": ("a <= 2", "<reason>")}',
        ),
    ),
    "column": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t VALUES (4, 'x');",
            "ALTER TABLE t DROP COLUMN a",
        ),
        "t.a is gone with 1 value",
        (
            "gone: id 4, a 'x'",
            "where that is meant, declare it:",
            '  DELETES = {"t.a": ("DROP", "<reason>")}',
        ),
    ),
    "column, equal by coincidence": (
        Case(
            "CREATE TABLE t (a); INSERT INTO t VALUES ('new');",
            "ALTER TABLE t ADD COLUMN b DEFAULT 'new'; ALTER TABLE t DROP COLUMN a",
        ),
        "t.a is gone with 1 value",
        (
            "gone: a 'new'",
            "t.b is equal by coincidence: it follows no other values",
            "where that is meant, declare it:",
            '  DELETES = {"t.a": ("DROP", "<reason>")}',
        ),
    ),
    "column, not to be tried out": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); INSERT INTO t VALUES (1, 5);",
            "CREATE TABLE n (id INTEGER PRIMARY KEY, b INT) STRICT;"
            "CREATE TRIGGER g BEFORE INSERT ON n WHEN new.b <> 5"
            " BEGIN SELECT RAISE(ABORT, 'only five'); END; INSERT INTO n SELECT * FROM t;"
            "DROP TABLE t; ALTER TABLE n RENAME TO t",
        ),
        "t.a is gone with 1 value",
        (
            "gone: id 1, a 5",
            "t.b is equal, but the step takes no others to prove it",
            "where that is meant, declare it:",
            '  MOVES = {"t.a": "t.b"}',
        ),
    ),
    "column, inside JSON": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'five');",
            "ALTER TABLE t ADD COLUMN data TEXT; UPDATE t SET data = json_object('a', a);"
            "ALTER TABLE t DROP COLUMN a",
        ),
        "t.a is gone with 1 value",
        (
            "gone: id 1, a 'five'",
            "where that is meant, declare it:",
            '  MOVES = {"t.a": "t.data"}',
        ),
    ),
    "values that become NULL or others": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);"
            "INSERT INTO t VALUES (1, 'x'), (2, ' y'), (3, 'z');",
            "UPDATE t SET a = CASE id WHEN 1 THEN NULL ELSE trim(a) END",
        ),
        "t.a changed in 2 of 3 rows",
        (
            "id 1: 'x', now NULL",
            "id 2: ' y', now 'y'",
            "CHANGES never excuses a value that becomes NULL;",
            "where that is meant, declare it:",
            '  CHANGES = {"t.a": ("a <> trim(a)", "<reason>")}',
            '  DELETES = {"t.a": ("a = \'x\'", "<reason>")}',
        ),
    ),
    "values": (
        Case(
            "CREATE TABLE t (a TEXT, b TEXT, v, PRIMARY KEY (a, b)) WITHOUT ROWID;"
            "INSERT INTO t VALUES ('p', 'q', 1), ('r', 's', '1');",
            "UPDATE t SET v = CAST(v AS TEXT)",
        ),
        "t.v changed in 1 of 2 rows",
        (
            "a 'p', b 'q': 1, now '1'",
            "where that is meant, declare it:",
            '  CHANGES = {"t.v": ("typeof(v) <> \'text\'", "<reason>")}',
        ),
    ),
    "values of a table without a key": (
        Case("CREATE TABLE t (v, w); INSERT INTO t VALUES (1, 2);", "UPDATE t SET v = 3"),
        "t.v changed in 1 of 1 row",
        (
            "rowid 1: 1, now 3",
            "where that is meant, declare it:",
            '  CHANGES = {"t.v": ("1", "<reason>")}',
        ),
    ),
    "values that become NULL": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, 2);",
            "UPDATE t SET v = NULL",
        ),
        "t.v changed in 1 of 1 row",
        (
            "id 1: 2, now NULL",
            "CHANGES never excuses a value that becomes NULL;",
            "where that is meant, declare it:",
            '  DELETES = {"t.v": ("1", "<reason>")}',
        ),
    ),
    "values that look alike when cut": (
        Case(
            f"CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t VALUES (1, '{LONG}'),"
            f" (2, '{LONG}');",
            "UPDATE t SET v = substr(v, 1, 60) WHERE id = 1;"
            "UPDATE t SET v = substr(v, 1, 49) || 'y' || substr(v, 51) WHERE id = 2",
        ),
        "t.v changed in 2 of 2 rows",
        (
            "id 1: 'xxxxxxxxxxxxxxxxxxx...', 100 bytes, now 60",
            "id 2: 'xxxxxxxxxxxxxxxxxxx...', now another from byte 49 on",
            "where that is meant, declare it:",
            '  CHANGES = {"t.v": ("1", "<reason>")}',
        ),
    ),
    "a name as long as a line": (
        Case(
            f"CREATE TABLE {LONG[:40]} (id INTEGER PRIMARY KEY, {LONG[:30]} TEXT);"
            f"INSERT INTO {LONG[:40]} VALUES (1, 'a');",
            f"UPDATE {LONG[:40]} SET {LONG[:30]} = 'b'",
        ),
        f"{LONG[:40]}.{LONG[:30]} changed in 1 of 1 row",
        (
            "id 1: 'a', now 'b'",
            "where that is meant, declare it:",
            f'  CHANGES = {{"{LONG[:40]}.{LONG[:30]}":',
            '    ("1", "<reason>")}',
        ),
    ),
    "moved": (
        Case(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (3, 'word');",
            "ALTER TABLE t ADD COLUMN b TEXT; ALTER TABLE t DROP COLUMN a",
            moves={"t.a": "t.b"},
        ),
        "1 of 1 value of t.a did not move",
        (
            "not found: id 3, a 'word'",
            "declared: MOVES to t.b",
            "where that is meant, declare it:",
            '  DELETES = {"t.a": ("DROP", "<reason>")}',
        ),
    ),
    "mark": (
        Case(
            'CREATE TABLE "o\'k" (id INTEGER PRIMARY KEY AUTOINCREMENT);'
            'INSERT INTO "o\'k" VALUES (7); DELETE FROM "o\'k";',
            "UPDATE sqlite_sequence SET seq = 2",
        ),
        "o'k would give out ids again",
        (
            "AUTOINCREMENT mark 7 before the step, 2 after it; set it:",
            "  UPDATE sqlite_sequence SET seq = 7 WHERE name = 'o''k'",
            "where it is released, declare it:",
            '  SEQUENCES = {"o\'k": "<reason>"}',
        ),
    ),
    "foreign key": (
        Case(
            "CREATE TABLE p (id INTEGER PRIMARY KEY);"
            "CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));",
            "INSERT INTO c VALUES (1, 9), (2, 9)",
        ),
        "2 rows point from c at nothing in p",
        ("where it is released, declare it:", '  ORPHANS = {"c": "<reason>"}'),
    ),
    "stale full text": (
        Case(
            "CREATE TABLE d (id INTEGER PRIMARY KEY, a);"
            "CREATE VIRTUAL TABLE f USING fts5(a, content = 'd', content_rowid = 'id');",
            "INSERT INTO d VALUES (1, 'x')",
        ),
        "the full-text index f does not match its content",
        (
            "FTS5's integrity-check: database disk image is malformed",
            "the step can rebuild it:",
            "  INSERT INTO f(f) VALUES ('rebuild');",
        ),
    ),
    "wrong SQL": (
        Case("CREATE TABLE t (a);", "INSERT INTO t VALUES (1)", deletes={"t": "b = 1"}),
        "DELETES t cannot be read",
        ("no such column: b, in:", "b = 1"),
    ),
    "more than an expression": (
        Case("CREATE TABLE t (a);", "INSERT INTO t VALUES (1)", changes={"t.a": "1) OR (1"}),
        "CHANGES t.a cannot be read",
        ("expected one SQL expression, is:", "1) OR (1"),
    ),
    "no such column": (
        Case("CREATE TABLE t (a, b);", "INSERT INTO t VALUES (1, 2)", moves={"t.c": "t.d"}),
        "MOVES t.c cannot be read",
        ("t has no such column", "its columns are a, b"),
    ),
}


@for_every("case, message, evidence", TEXTS.values(), ids=TEXTS)
def test_a_finding_reads(case, message, evidence):
    [finding] = report(case).findings
    assert (finding.message, finding.evidence) == (message, evidence)


def test_lines_of_evidence_that_are_too_long_end_in_dots():
    condition = f"a = '{LONG}'  and"
    case = Case("CREATE TABLE t (a);", "INSERT INTO t VALUES (1)", deletes={"t": condition})
    [finding] = report(case).findings
    assert finding.evidence[-1] == f"{condition[:67]}..."
    assert len(finding.evidence[-1]) == 70


def test_rows_of_a_module_that_is_not_loaded_are_said_not_to_be_compared():
    unloaded = (
        "CREATE TABLE t (a); PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES"
        " ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING nowhere(a)');"
        "PRAGMA writable_schema = RESET;"
    )
    found = report(Case(unloaded, "INSERT INTO t VALUES (1)"))
    assert "v: its module nowhere is not loaded, its rows are not compared" in found.notes
