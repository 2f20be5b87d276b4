"""Every loss a migration is likely to cause by accident is found, and nothing beside it."""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.rows.rows_report import RowFinding

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, report

PEOPLE = """
CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT, age INTEGER);
INSERT INTO people VALUES (1, 'Ada', 'ada@x.org', 36), (2, 'Bob', NULL, 41),
    (3, 'Cy', 'c@x.org', 7);
"""
POSTS = """
PRAGMA foreign_keys = ON;
CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE posts(
    id INTEGER PRIMARY KEY,
    person_id INTEGER REFERENCES people(id) ON DELETE CASCADE,
    text TEXT
);
INSERT INTO people VALUES (1, 'Ada'), (2, 'Bob');
INSERT INTO posts VALUES (1, 1, 'first'), (2, 1, 'second'), (3, 2, 'third');
"""
LOG = """
CREATE TABLE log(line TEXT, size);
INSERT INTO log VALUES ('a', 1), ('a', 1), ('b', 2), ('a', 1), (NULL, NULL);
"""
NOTES = """
CREATE TABLE notes(id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO notes VALUES (1, 'alpha beta'), (2, 'gamma'), (3, 'delta');
CREATE VIRTUAL TABLE notes_fts USING fts5(body);
INSERT INTO notes_fts(rowid, body) SELECT id, body FROM notes;
"""


def rebuilt(table: str, columns: str, copy: str) -> str:
    return (
        f"CREATE TABLE fresh({columns}); INSERT INTO fresh {copy};"
        f" DROP TABLE {table}; ALTER TABLE fresh RENAME TO {table};"
    )


def drop_parents_with_keys_on(conn: sqlite3.Connection) -> None:
    conn.execute("PRAGMA foreign_keys = ON")
    conn.executescript(
        "CREATE TABLE fresh(id INTEGER PRIMARY KEY, name TEXT, mail TEXT);"
        "INSERT INTO fresh(id, name) SELECT id, name FROM people;"
        "DROP TABLE people; ALTER TABLE fresh RENAME TO people;"
    )


LOSSES = {
    "a where that is too wide": Case(
        PEOPLE, "DELETE FROM people WHERE age < 40", finds="people lost 2 of 3 rows"
    ),
    "a delete without where": Case(PEOPLE, "DELETE FROM people", finds="people lost 3 of 3 rows"),
    "a table dropped": Case(PEOPLE, "DROP TABLE people", finds="table people is gone with 3 rows"),
    "a table dropped and made again": Case(
        PEOPLE,
        "DROP TABLE people;"
        " CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT, mail TEXT, age INTEGER)",
        finds="people lost 3 of 3 rows",
    ),
    "a column dropped": Case(
        PEOPLE, "ALTER TABLE people DROP COLUMN mail", finds="people.mail is gone with 2 values"
    ),
    "a column that a rebuild forgets to copy": Case(
        PEOPLE,
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, name TEXT, mail TEXT, age INTEGER",
            "(id, name, age) SELECT id, name, age FROM people",
        ),
        finds="people.mail changed in 2 of 3 rows",
    ),
    "a column that a rebuild leaves out": Case(
        PEOPLE,
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, name TEXT, age INTEGER",
            "SELECT id, name, age FROM people",
        ),
        finds="people.mail is gone",
    ),
    "columns that a rebuild copies in another order": Case(
        PEOPLE,
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, mail TEXT, name TEXT, age INTEGER",
            "SELECT id, name, mail, age FROM people",
        ),
        finds="people.name changed in 3 of 3 rows|people.mail changed in 3 of 3 rows",
    ),
    "a rebuild that joins away rows": Case(
        PEOPLE + "CREATE TABLE jobs(person INTEGER); INSERT INTO jobs VALUES (1), (2);",
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, name TEXT, mail TEXT, age INTEGER",
            "SELECT people.* FROM people JOIN jobs ON jobs.person = people.id",
        ),
        finds="people lost 1 of 3 rows",
    ),
    "a rebuild with a limit": Case(
        PEOPLE,
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, name TEXT, mail TEXT, age INTEGER",
            "SELECT * FROM people LIMIT 1",
        ),
        finds="people lost 2 of 3 rows",
    ),
    "rows that OR IGNORE swallows": Case(
        PEOPLE + "UPDATE people SET name = 'Ada' WHERE id = 3",
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, name TEXT UNIQUE, mail TEXT, age INTEGER",
            "SELECT * FROM people WHERE 1",
        ).replace("INSERT INTO", "INSERT OR IGNORE INTO"),
        finds="people lost 1 of 3 rows",
    ),
    "rows that OR REPLACE overwrites": Case(
        PEOPLE + "UPDATE people SET name = 'Ada' WHERE id = 3",
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, name TEXT UNIQUE, mail TEXT, age INTEGER",
            "SELECT * FROM people WHERE 1",
        ).replace("INSERT INTO", "INSERT OR REPLACE INTO"),
        finds="people lost 1 of 3 rows",
    ),
    "ids given anew": Case(
        PEOPLE + "DELETE FROM people WHERE id = 1",
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, name TEXT, mail TEXT, age INTEGER",
            "(name, mail, age) SELECT name, mail, age FROM people",
        ),
    ),
    "a cascade": Case(POSTS, drop_parents_with_keys_on, finds="posts lost 3 of 3 rows"),
    "children of a deleted parent": Case(
        POSTS,
        "PRAGMA foreign_keys = ON; DELETE FROM people WHERE id = 2;",
        deletes={"people": "id = 2"},
        finds="posts lost 1 of 3 rows",
    ),
    "a parent deleted without its children": Case(
        POSTS,
        "PRAGMA foreign_keys = OFF; DELETE FROM people WHERE id = 2;",
        deletes={"people": "id = 2"},
        finds="1 row points from posts at nothing in people",
    ),
    "a duplicate of a table without a key": Case(
        LOG,
        rebuilt("log", "line TEXT, size", "SELECT DISTINCT line, size FROM log"),
        finds="log lost 2 of 5 rows",
    ),
    "a row of a table without a key, rewritten in another order": Case(
        LOG,
        rebuilt("log", "line TEXT, size", "SELECT * FROM log WHERE size < 2 ORDER BY line DESC"),
        finds="log lost 2 of 5 rows",
    ),
    "a value of a table without a key": Case(
        LOG, "UPDATE log SET size = 3 WHERE size = 2", finds="log.size changed in 1 of 5 rows"
    ),
    "a text of digits that becomes a number": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT);"
        " INSERT INTO t VALUES (1, '007'), (2, '8');",
        rebuilt("t", "id INTEGER PRIMARY KEY, code INTEGER", "SELECT * FROM t"),
        finds="t.code changed in 2 of 2 rows",
    ),
    "a key of digits that becomes a number": Case(
        "CREATE TABLE t(code TEXT PRIMARY KEY, n); INSERT INTO t VALUES ('007', 1), ('7a', 2);",
        rebuilt(
            "t", "code INTEGER PRIMARY KEY, n", "SELECT CAST(code AS INTEGER) + n * 10, n FROM t"
        ),
    ),
    "a number that becomes a text": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 5);",
        rebuilt("t", "id INTEGER PRIMARY KEY, n TEXT", "SELECT * FROM t"),
        finds="t.n changed in 1 of 1 row",
    ),
    "an integer that becomes a real number": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER); INSERT INTO t VALUES (1, 5);",
        rebuilt("t", "id INTEGER PRIMARY KEY, n REAL", "SELECT * FROM t"),
        finds="t.n changed in 1 of 1 row",
    ),
    "a large integer that loses its last digits": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n); INSERT INTO t VALUES (1, 9007199254740993);",
        "UPDATE t SET n = CAST(CAST(n AS REAL) AS INTEGER)",
        finds="t.n changed in 1 of 1 row",
    ),
    "a real number that is cut": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, n REAL); INSERT INTO t VALUES (1, 0.1), (2, 2.0);",
        "UPDATE t SET n = CAST(n AS INTEGER)",
        finds="t.n changed in 1 of 2 rows",
    ),
    "a blob that becomes a text": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB); INSERT INTO t VALUES (1, x'616263');",
        "UPDATE t SET b = CAST(b AS TEXT)",
        finds="t.b changed in 1 of 1 row",
    ),
    "a blob that is cut": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB);"
        " INSERT INTO t VALUES (1, zeroblob(3000)), (2, randomblob(8));",
        "UPDATE t SET b = substr(b, 1, 1000) WHERE length(b) > 1000",
        finds="t.b changed in 1 of 2 rows",
    ),
    "a text cut at its NUL": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT);"
        " INSERT INTO t VALUES (1, CAST(x'610062' AS TEXT));",
        "UPDATE t SET b = 'a'",
        finds="t.b changed in 1 of 1 row",
    ),
    "text that is not UTF-8, repaired": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT);"
        " INSERT INTO t VALUES (1, CAST(x'61ff62' AS TEXT)), (2, 'b');",
        "UPDATE t SET b = 'a?b' WHERE id = 1",
        finds="t.b changed in 1 of 2 rows",
    ),
    "letters of another case": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE);"
        " INSERT INTO t VALUES (1, 'Ab');",
        "UPDATE t SET b = lower(b)",
        finds="t.b changed in 1 of 1 row",
    ),
    "keys that differ in case only": Case(
        "CREATE TABLE t(name TEXT PRIMARY KEY, n); INSERT INTO t VALUES ('a', 1), ('A', 2);",
        rebuilt(
            "t", "name TEXT PRIMARY KEY COLLATE NOCASE, n", "SELECT * FROM t GROUP BY lower(name)"
        ),
        finds="t lost 1 of 2 rows",
    ),
    "white space trimmed": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'a '), (2, 'b');",
        "UPDATE t SET b = trim(b)",
        finds="t.b changed in 1 of 2 rows",
    ),
    "a value that becomes NULL": Case(
        PEOPLE, "UPDATE people SET mail = NULL WHERE id = 1", finds="people.mail changed in 1 of 3"
    ),
    "a NULL that gets a value": Case(
        PEOPLE, "UPDATE people SET mail = ''", finds="people.mail changed in 3 of 3 rows"
    ),
    "an empty text that becomes NULL": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, '');",
        "UPDATE t SET b = nullif(b, '')",
        finds="t.b changed in 1 of 1 row",
    ),
    "two columns swapped": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);"
        " INSERT INTO t VALUES (1, 'x', 'y'), (2, 'z', 'z');",
        "UPDATE t SET a = b, b = a",
        finds="t.a changed in 1 of 2 rows|t.b changed in 1 of 2 rows",
    ),
    "two columns renamed crosswise": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); INSERT INTO t VALUES (1, 'x', 'y');",
        "ALTER TABLE t RENAME COLUMN a TO c; ALTER TABLE t RENAME COLUMN b TO a;"
        " ALTER TABLE t RENAME COLUMN c TO b;",
        finds="t.a changed in 1 of 1 row|t.b changed in 1 of 1 row",
    ),
    "two tables renamed crosswise": Case(
        "CREATE TABLE a(id INTEGER PRIMARY KEY, v); CREATE TABLE b(id INTEGER PRIMARY KEY, v);"
        " INSERT INTO a VALUES (1, 'x'), (2, 'y'); INSERT INTO b VALUES (1, 'z');",
        "ALTER TABLE a RENAME TO c; ALTER TABLE b RENAME TO a; ALTER TABLE c RENAME TO b;",
    ),
    "values that cross rows": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
        " INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z');",
        "UPDATE t SET v = CASE id WHEN 1 THEN 'y' WHEN 2 THEN 'x' ELSE v END",
        finds="t.v changed in 2 of 3 rows",
    ),
    "a constant that a new column has too, by accident": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, kind TEXT);"
        " INSERT INTO t VALUES (1, 'file'), (2, 'file');",
        rebuilt("t", "id INTEGER PRIMARY KEY, source TEXT DEFAULT 'file'", "(id) SELECT id FROM t"),
        finds="t.kind is gone with 2 values",
    ),
    "a counting column that a new table has too, by accident": Case(
        "CREATE TABLE ranks(n INTEGER); INSERT INTO ranks VALUES (1), (2), (3);",
        "DROP TABLE ranks; CREATE TABLE sizes(k INTEGER); INSERT INTO sizes VALUES (1), (2), (3);",
        finds="table ranks is gone with 3 rows",
    ),
    "a table of links that another has too, by accident": Case(
        "CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(id INTEGER PRIMARY KEY);"
        " CREATE TABLE links(a INTEGER REFERENCES a(id), b INTEGER REFERENCES b(id));"
        " INSERT INTO a VALUES (1), (2); INSERT INTO b VALUES (1), (2);"
        " INSERT INTO links VALUES (1, 1), (2, 2);",
        "DROP TABLE links;"
        " CREATE TABLE others(a INTEGER REFERENCES a(id), b INTEGER REFERENCES b(id));"
        " INSERT INTO others VALUES (1, 1), (2, 2);",
        finds="table links is gone with 2 rows",
    ),
    "a new column that only looks like the old one": Case(
        PEOPLE,
        "ALTER TABLE people ADD COLUMN years INTEGER;"
        " UPDATE people SET years = CASE id WHEN 1 THEN 36 WHEN 2 THEN 41 ELSE 7 END;"
        " ALTER TABLE people DROP COLUMN age;",
        finds="people.age is gone with 3 values",
    ),
    "a column derived with loss": Case(
        PEOPLE,
        "ALTER TABLE people ADD COLUMN adult INTEGER; UPDATE people SET adult = age >= 18;"
        " ALTER TABLE people DROP COLUMN age;",
        finds="people.age is gone with 3 values",
    ),
    "a renamed table that lost a row": Case(
        PEOPLE,
        "CREATE TABLE persons(id INTEGER PRIMARY KEY, name TEXT, mail TEXT, age INTEGER);"
        " INSERT INTO persons SELECT * FROM people WHERE mail IS NOT NULL; DROP TABLE people;",
        finds="people",
    ),
    "a split that forgets the rows without a value": Case(
        POSTS,
        "CREATE TABLE texts(post_id INTEGER PRIMARY KEY REFERENCES posts(id), text TEXT);"
        " INSERT INTO texts SELECT id, text FROM posts WHERE text <> 'second';"
        " ALTER TABLE posts DROP COLUMN text;",
        finds="posts.text is gone with 1 of 3 values",
    ),
    "a key of a full-text table": Case(
        NOTES, "DELETE FROM notes_fts WHERE rowid = 2", finds="notes_fts lost 1 of 3 rows"
    ),
    "the text of a full-text row": Case(
        NOTES,
        "UPDATE notes_fts SET body = 'other' WHERE rowid = 2",
        finds="notes_fts.body changed in 1 of 3 rows",
    ),
    "a contentless full-text row": Case(
        "CREATE VIRTUAL TABLE f USING fts5(body, content='');"
        " INSERT INTO f(rowid, body) VALUES (1, 'alpha'), (7, 'beta');",
        "INSERT INTO f(f, rowid, body) VALUES ('delete', 7, 'beta')",
        finds="f lost 1 of 2 rows",
    ),
    "an external index that does not follow its content": Case(
        "CREATE TABLE n(id INTEGER PRIMARY KEY, body TEXT); INSERT INTO n VALUES (1, 'alpha');"
        " CREATE VIRTUAL TABLE f USING fts5(body, content='n', content_rowid='id');"
        " INSERT INTO f(f) VALUES ('rebuild');",
        "UPDATE n SET body = 'beta'",
        changes={"n.body": "1"},
        finds="the full-text index f does not match its content",
    ),
    "an id given out a second time": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v);"
        " INSERT INTO t(v) VALUES ('x'), ('y'), ('z'); DELETE FROM t WHERE id = 3;",
        rebuilt("t", "id INTEGER PRIMARY KEY AUTOINCREMENT, v", "SELECT * FROM t"),
        finds="t would give out ids again",
    ),
    "an id given out a second time after a rename": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v);"
        " INSERT INTO t(v) VALUES ('x'), ('y'), ('z'); DELETE FROM t WHERE id = 3;",
        "CREATE TABLE u(id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO u SELECT * FROM t;"
        " DROP TABLE t;",
        finds="t would give out ids again",
    ),
    "a row of a table without rowid": Case(
        "CREATE TABLE t(a TEXT, b INTEGER, v, PRIMARY KEY (a, b)) WITHOUT ROWID;"
        " INSERT INTO t VALUES ('x', 1, 1), ('x', 2, 2);",
        "DELETE FROM t WHERE b = 2",
        finds="t lost 1 of 2 rows",
    ),
    "a value under a UNIQUE key": Case(
        "CREATE TABLE t(slug TEXT NOT NULL UNIQUE, v); INSERT INTO t VALUES ('a', 1), ('b', 2);",
        rebuilt("t", "slug TEXT NOT NULL UNIQUE, v", "SELECT slug, 0 FROM t ORDER BY slug DESC"),
        finds="t.v changed in 2 of 2 rows",
    ),
    "a row beside one that is declared": Case(
        PEOPLE,
        "DELETE FROM people WHERE age < 40",
        deletes={"people": "age < 20"},
        finds="people lost 1 of 3 rows",
    ),
    "a change beside one that is declared": Case(
        PEOPLE,
        "UPDATE people SET name = upper(name)",
        changes={"people.name": "name = 'Ada'"},
        finds="people.name changed in 2 of 3 rows",
    ),
    "a value that becomes NULL, declared as a change": Case(
        PEOPLE,
        "UPDATE people SET mail = NULL",
        changes={"people.mail": "1"},
        finds="people.mail changed in 2 of 3 rows",
    ),
    "a declared move that forgets a value": Case(
        POSTS,
        "ALTER TABLE people ADD COLUMN texts TEXT; UPDATE people SET texts = (SELECT"
        " json_group_array(text) FROM posts WHERE person_id = people.id AND posts.id <> 2);"
        " DROP TABLE posts;",
        moves={"posts.text": "people.texts"},
        deletes={"posts.id": "DROP"},
        finds="1 of 3 values of posts.text did not move",
    ),
    "a declared move to the wrong row": Case(
        POSTS,
        "ALTER TABLE people ADD COLUMN texts TEXT; UPDATE people SET texts = (SELECT"
        " json_group_array(text) FROM posts WHERE person_id = 3 - people.id);"
        " DROP TABLE posts;",
        moves={"posts.text": "people.texts"},
        deletes={"posts.id": "DROP"},
        finds="3 of 3 values of posts.text did not move",
    ),
    "a declared move that finds twins once": Case(
        POSTS + "UPDATE posts SET text = 'same';",
        "ALTER TABLE people ADD COLUMN texts TEXT; UPDATE people SET texts = (SELECT"
        " json_group_array(DISTINCT text) FROM posts WHERE person_id = people.id);"
        " DROP TABLE posts;",
        moves={"posts.text": "people.texts"},
        deletes={"posts.id": "DROP"},
        finds="1 of 3 values of posts.text did not move",
    ),
    "values moved away from a column that stays": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);"
        " INSERT INTO t VALUES (1, 'abc'), (2, 'def');",
        "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = a WHERE id = 1; UPDATE t SET a = NULL",
        moves={"t.a": "t.b"},
        finds="1 of 2 values of t.a did not move",
    ),
    "a broken page": Case(
        "CREATE TABLE t(a INTEGER); CREATE INDEX i ON t(a); INSERT INTO t VALUES (1), (2);",
        "PRAGMA writable_schema = ON;"
        " UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(-a)' WHERE name = 'i';"
        " PRAGMA writable_schema = RESET;",
        finds="integrity_check finds the file broken",
    ),
    "a column taken out of the stored schema": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
        " INSERT INTO t VALUES (1, 'x', 'y');",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
        " 'CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)'; PRAGMA writable_schema = RESET;",
        finds="t.b is gone with 1 value",
    ),
    "columns crossed in the stored schema": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT);"
        " INSERT INTO t VALUES (1, 'x', 'y');",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql ="
        " 'CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT, a TEXT)';"
        " PRAGMA writable_schema = RESET;",
        finds="t.a changed in 1 of 1 row|t.b changed in 1 of 1 row",
    ),
}


def fits_the_page_and_names_its_table(finding: RowFinding) -> None:
    assert "\n" not in finding.message
    assert all(len(line) <= 70 for line in finding.evidence), finding.evidence
    assert finding.table in finding.message


@for_every("case", LOSSES.values(), ids=LOSSES.keys())
def test_a_loss_is_found_and_nothing_beside_it(case: Case) -> None:
    findings = report(case).findings
    for finding in findings:
        fits_the_page_and_names_its_table(finding)
    messages = [finding.message for finding in findings]
    assert messages
    if case.finds:
        expected = sorted(case.finds.split("|"))
        assert len(messages) == len(expected), messages
        assert all(part in found for part, found in zip(expected, sorted(messages), strict=True)), (
            messages
        )
