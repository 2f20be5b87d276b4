"""A step that keeps every value, or declares what it does to them, gives no finding."""

from __future__ import annotations

from tests.every import for_every
from tests.unit.plugin.rows.steps import Case, keys_of, report
from tests.unit.plugin.rows.test_losses import LOG, NOTES, PEOPLE, POSTS, rebuilt

COLUMNS = "id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT, age INTEGER"

HARMLESS = {
    "nothing": Case(PEOPLE, ""),
    "a new table": Case(PEOPLE, "CREATE TABLE t(a)"),
    "a new table with rows": Case(PEOPLE, "CREATE TABLE t(a); INSERT INTO t VALUES (1)"),
    "a new index": Case(PEOPLE, "CREATE INDEX i ON people(name)"),
    "a view and a trigger": Case(
        PEOPLE,
        "CREATE VIEW v AS SELECT 1; CREATE TRIGGER x AFTER INSERT ON people BEGIN SELECT 1; END",
    ),
    "a new column": Case(PEOPLE, "ALTER TABLE people ADD COLUMN phone TEXT"),
    "a new column with a default": Case(
        PEOPLE, "ALTER TABLE people ADD COLUMN kind TEXT NOT NULL DEFAULT 'user'"
    ),
    "a new column with values": Case(
        PEOPLE, "ALTER TABLE people ADD COLUMN upper TEXT; UPDATE people SET upper = upper(name)"
    ),
    "a new column that looks like another": Case(
        PEOPLE, "ALTER TABLE people ADD COLUMN years INTEGER; UPDATE people SET years = age"
    ),
    "a generated column": Case(
        PEOPLE, "ALTER TABLE people ADD COLUMN upper TEXT AS (upper(name)) VIRTUAL"
    ),
    "new rows": Case(PEOPLE, "INSERT INTO people VALUES (4, 'Di', NULL, NULL)"),
    "new rows in a table without a key": Case(LOG, "INSERT INTO log VALUES ('a', 1)"),
    "a dropped table without rows": Case(PEOPLE + "CREATE TABLE t(a);", "DROP TABLE t"),
    "a dropped column without values": Case(
        PEOPLE + "ALTER TABLE people ADD COLUMN phone TEXT;",
        "ALTER TABLE people DROP COLUMN phone",
    ),
    "a dropped generated column": Case(
        PEOPLE + "ALTER TABLE people ADD COLUMN upper TEXT AS (upper(name)) VIRTUAL;",
        "ALTER TABLE people DROP COLUMN upper",
    ),
    "a dropped index and view": Case(
        PEOPLE + "CREATE INDEX i ON people(name); CREATE VIEW v AS SELECT 1;",
        "DROP INDEX i; DROP VIEW v",
    ),
    "a renamed table": Case(PEOPLE, "ALTER TABLE people RENAME TO persons"),
    "a renamed column": Case(PEOPLE, "ALTER TABLE people RENAME COLUMN mail TO email"),
    "two renamed columns": Case(
        PEOPLE,
        "ALTER TABLE people RENAME COLUMN mail TO email; ALTER TABLE people RENAME age TO years",
    ),
    "a renamed key": Case(PEOPLE, "ALTER TABLE people RENAME COLUMN id TO person_id"),
    "names in another case": Case(
        PEOPLE,
        "ALTER TABLE people RENAME TO p; ALTER TABLE p RENAME TO People;"
        " ALTER TABLE People RENAME COLUMN name TO Name",
    ),
    "a table and its columns renamed": Case(
        PEOPLE,
        "ALTER TABLE people RENAME TO persons; ALTER TABLE persons RENAME COLUMN name TO label",
    ),
    "a parent and a child renamed": Case(
        POSTS, "ALTER TABLE people RENAME TO persons; ALTER TABLE posts RENAME TO articles"
    ),
    "a column renamed by a rebuild": Case(
        PEOPLE,
        rebuilt(
            "people",
            "id INTEGER PRIMARY KEY, full_name TEXT, mail TEXT, age INTEGER",
            "SELECT * FROM people",
        ),
    ),
    "a rebuild": Case(PEOPLE, rebuilt("people", COLUMNS, "SELECT * FROM people")),
    "a rebuild in another order": Case(
        PEOPLE,
        rebuilt(
            "people",
            "age INTEGER, mail TEXT, name TEXT, id INTEGER PRIMARY KEY",
            "SELECT age, mail, name, id FROM people ORDER BY age",
        ),
    ),
    "a rebuild without rowid": Case(
        PEOPLE,
        rebuilt("people", COLUMNS, "SELECT * FROM people").replace(
            "age INTEGER)", "age INTEGER) WITHOUT ROWID"
        ),
    ),
    "a rebuild that writes a table without a key in another order": Case(
        LOG, rebuilt("log", "line TEXT, size", "SELECT * FROM log ORDER BY line DESC")
    ),
    "a rebuild with a copy beside it": Case(
        PEOPLE,
        "CREATE TABLE old_people AS SELECT * FROM people; DROP TABLE people;"
        f" CREATE TABLE people({COLUMNS}); INSERT INTO people SELECT * FROM old_people;"
        " DROP TABLE old_people;",
    ),
    "ids added to a table without a key": Case(
        LOG,
        rebuilt(
            "log",
            "id INTEGER PRIMARY KEY, line TEXT, size",
            "(line, size) SELECT * FROM log ORDER BY line DESC",
        ),
    ),
    "another key": Case(
        "CREATE TABLE t(slug TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('b', 1), ('a', 2);",
        rebuilt(
            "t",
            "id INTEGER PRIMARY KEY, slug TEXT NOT NULL UNIQUE, v",
            "(slug, v) SELECT * FROM t ORDER BY slug",
        ),
    ),
    "AUTOINCREMENT that follows a rename": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v);"
        " INSERT INTO t(v) VALUES ('x'), ('y'); DELETE FROM t WHERE id = 2;",
        "ALTER TABLE t RENAME TO u",
    ),
    "AUTOINCREMENT left out": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v);"
        " INSERT INTO t(v) VALUES ('x'), ('y'); DELETE FROM t WHERE id = 2;",
        rebuilt("t", "id INTEGER PRIMARY KEY, v", "SELECT * FROM t"),
    ),
    "a column split off into a new table": Case(
        POSTS,
        "CREATE TABLE texts(post_id INTEGER PRIMARY KEY REFERENCES posts(id), text TEXT);"
        " INSERT INTO texts SELECT id, text FROM posts; ALTER TABLE posts DROP COLUMN text;",
    ),
    "a column split off for the rows that have a value": Case(
        PEOPLE,
        "CREATE TABLE mails(id INTEGER PRIMARY KEY,"
        " person_id INTEGER NOT NULL REFERENCES people(id), address TEXT NOT NULL);"
        " INSERT INTO mails(person_id, address) SELECT id, mail FROM people WHERE mail IS NOT NULL;"
        " ALTER TABLE people DROP COLUMN mail;",
    ),
    "a column normalised into a new parent": Case(
        PEOPLE + "INSERT INTO people VALUES (4, 'Ada', 'other@x.org', 9);",
        "CREATE TABLE names(id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
        " INSERT INTO names(name) SELECT DISTINCT name FROM people ORDER BY name;"
        " ALTER TABLE people ADD COLUMN name_id INTEGER REFERENCES names(id);"
        " UPDATE people SET name_id = (SELECT id FROM names WHERE names.name = people.name);"
        " ALTER TABLE people DROP COLUMN name;",
    ),
    "a table folded into its parent": Case(
        "CREATE TABLE people(id INTEGER PRIMARY KEY, name TEXT);"
        " CREATE TABLE details(person_id INTEGER PRIMARY KEY REFERENCES people(id), bio TEXT);"
        " INSERT INTO people VALUES (1, 'Ada'), (2, 'Bob'), (3, 'Cy');"
        " INSERT INTO details VALUES (1, 'first'), (3, 'third');",
        "ALTER TABLE people ADD COLUMN bio TEXT;"
        " UPDATE people SET bio = (SELECT bio FROM details WHERE person_id = people.id);"
        " DROP TABLE details;",
    ),
    "two tables made one": Case(
        "CREATE TABLE cats(id INTEGER PRIMARY KEY, name TEXT);"
        " CREATE TABLE dogs(id INTEGER PRIMARY KEY, name TEXT);"
        " INSERT INTO cats VALUES (1, 'Tom'), (2, 'Kit'); INSERT INTO dogs VALUES (1, 'Rex');",
        "CREATE TABLE pets(kind TEXT, id INTEGER, name TEXT, PRIMARY KEY (kind, id));"
        " INSERT INTO pets SELECT 'cat', id, name FROM cats;"
        " INSERT INTO pets SELECT 'dog', id, name FROM dogs;"
        " DROP TABLE cats; DROP TABLE dogs;",
    ),
    "a table of links renamed": Case(
        POSTS + "CREATE TABLE links(a INTEGER REFERENCES posts(id), b INTEGER REFERENCES posts(id),"
        " PRIMARY KEY (a, b)) WITHOUT ROWID; INSERT INTO links VALUES (1, 2), (2, 3);",
        "ALTER TABLE links RENAME TO edges",
    ),
    "a full-text index built again": Case(
        NOTES,
        "DROP TABLE notes_fts; CREATE VIRTUAL TABLE notes_fts USING fts5(body);"
        " INSERT INTO notes_fts(rowid, body) SELECT id, body FROM notes;",
    ),
    "an external index that follows its content": Case(
        "CREATE TABLE n(id INTEGER PRIMARY KEY, body TEXT); INSERT INTO n VALUES (1, 'alpha');"
        " CREATE VIRTUAL TABLE f USING fts5(body, content='n', content_rowid='id');"
        " INSERT INTO f(f) VALUES ('rebuild');",
        "UPDATE n SET body = 'beta'; INSERT INTO f(f) VALUES ('rebuild')",
        changes={"n.body": "1"},
    ),
    "a file made smaller": Case(
        PEOPLE + "CREATE TABLE t(a); INSERT INTO t VALUES (zeroblob(90000)); DROP TABLE t;",
        "VACUUM",
    ),
    "rows that point at nothing, as before": Case(
        "CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(a_id INTEGER REFERENCES a(id));"
        " INSERT INTO b VALUES (7);",
        "ALTER TABLE b ADD COLUMN v",
    ),
    "declared deletes": Case(
        PEOPLE, "DELETE FROM people WHERE age < 20", deletes={"people": "age < 20"}
    ),
    "declared deletes that read another table": Case(
        POSTS,
        "DELETE FROM posts WHERE person_id = 2",
        deletes={"posts": "person_id IN (SELECT id FROM people WHERE name = 'Bob')"},
    ),
    "declared deletes from a table without a key": Case(
        LOG,
        rebuilt("log", "line TEXT, size", "SELECT * FROM log WHERE size < 2"),
        deletes={"log": "size IS NULL OR size >= 2"},
    ),
    "a table declared as dropped": Case(PEOPLE, "DROP TABLE people", deletes={"people": "DROP"}),
    "a table declared as emptied": Case(PEOPLE, "DELETE FROM people", deletes={"People": "DROP"}),
    "a column declared as dropped": Case(
        PEOPLE, "ALTER TABLE people DROP COLUMN mail", deletes={"PEOPLE.Mail": "DROP"}
    ),
    "declared changes": Case(
        PEOPLE,
        "UPDATE people SET name = upper(name) WHERE id = 1",
        changes={"people.name": "id = 1"},
    ),
    "declared changes of a NULL": Case(
        PEOPLE,
        "UPDATE people SET mail = '' WHERE mail IS NULL",
        changes={"people.mail": "mail IS NULL"},
    ),
    "declared changes of a storage class": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, code TEXT); INSERT INTO t VALUES (1, '7');",
        rebuilt("t", "id INTEGER PRIMARY KEY, code INTEGER", "SELECT * FROM t"),
        changes={"t.code": "1"},
    ),
    "declared changes of a key": Case(
        "CREATE TABLE t(path TEXT PRIMARY KEY, v); INSERT INTO t VALUES ('./a', 1), ('b', 2);",
        "UPDATE t SET path = substr(path, 3) WHERE path LIKE './%'",
        changes={"t.path": "path LIKE './%'"},
    ),
    "declared changes of a table without a key": Case(
        LOG,
        rebuilt("log", "line TEXT, size", "SELECT upper(line), size FROM log ORDER BY line DESC"),
        changes={"log.line": "line IS NOT NULL"},
    ),
    "declared changes in a renamed column": Case(
        PEOPLE,
        "ALTER TABLE people RENAME COLUMN name TO label;"
        " UPDATE people SET label = upper(label) WHERE id = 1",
        changes={"people.name": "id = 1"},
    ),
    "declared moves into a JSON list of the parent": Case(
        POSTS,
        "ALTER TABLE people ADD COLUMN texts TEXT; UPDATE people SET texts = (SELECT"
        " json_group_array(text) FROM posts WHERE person_id = people.id); DROP TABLE posts;",
        deletes={"posts.id": "DROP"},
        moves={"posts.text": "people.texts"},
    ),
    "declared moves into a longer text": Case(
        PEOPLE,
        "ALTER TABLE people ADD COLUMN card TEXT;"
        " UPDATE people SET card = name || ' <' || mail || '>';"
        " ALTER TABLE people DROP COLUMN mail",
        moves={"people.mail": "people.card"},
    ),
    "declared moves from a column that stays": Case(
        "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);"
        " INSERT INTO t VALUES (1, 'abc'), (2, 'def');",
        "ALTER TABLE t ADD COLUMN b TEXT; UPDATE t SET b = a; UPDATE t SET a = NULL",
        moves={"t.a": "t.b"},
    ),
    "declared moves into another table that names the row": Case(
        POSTS,
        "CREATE TABLE texts(id INTEGER PRIMARY KEY, post INTEGER REFERENCES posts(id), words TEXT);"
        " INSERT INTO texts(post, words) SELECT id, '[' || json_quote(text) || ']' FROM posts;"
        " ALTER TABLE posts DROP COLUMN text;",
        moves={"posts.text": "texts.words"},
    ),
}


@for_every("case", HARMLESS.values(), ids=HARMLESS.keys())
def test_a_harmless_step_gives_no_finding(case: Case) -> None:
    assert report(case).findings == ()


DECLARING = {
    name: case
    for name, case in HARMLESS.items()
    if name.startswith(("declared", "a table declared", "a column declared"))
}


@for_every("case", DECLARING.values(), ids=DECLARING.keys())
def test_a_declaration_that_a_row_needed_counts_as_used(case: Case) -> None:
    assert report(case).used == keys_of(case)
