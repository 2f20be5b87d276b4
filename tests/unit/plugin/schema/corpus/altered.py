"""What ALTER TABLE leaves in the stored text (lang_altertable, "Making Other Kinds Of Changes")."""

from __future__ import annotations

from tests.unit.plugin.schema.corpus.pair import different, equal, order

PAIRS = (
    equal(
        "ADD COLUMN",
        "CREATE TABLE t(a); ALTER TABLE t ADD COLUMN b INT NOT NULL DEFAULT 0",
        "CREATE TABLE t(a, b INT NOT NULL DEFAULT 0)",
    ),
    equal(
        "ADD COLUMN before table constraints",
        "CREATE TABLE t(a, UNIQUE(a), CHECK(a > 0)); ALTER TABLE t ADD b",
        "CREATE TABLE t(a, b, UNIQUE(a), CHECK(a > 0))",
    ),
    equal(
        "ADD COLUMN with a comment before it",
        "CREATE TABLE t(a INT -- the first\n); ALTER TABLE t ADD b TEXT",
        "CREATE TABLE t(a INT, b TEXT)",
    ),
    equal(
        "ADD COLUMN with everything",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a);"
        " ALTER TABLE t ADD b INT DEFAULT NULL CHECK(b <> 1) REFERENCES p(id) ON DELETE CASCADE",
        "CREATE TABLE p(id INTEGER PRIMARY KEY);"
        " CREATE TABLE t(a, b INT REFERENCES p(id) ON DELETE CASCADE CHECK(b <> 1))",
        ruling="no default is NULL",
    ),
    equal(
        "ADD COLUMN generated",
        "CREATE TABLE t(a); ALTER TABLE t ADD b AS (a + 1)",
        "CREATE TABLE t(a, b AS (a + 1))",
    ),
    equal(
        "ADD COLUMN to an option",
        "CREATE TABLE t(a TEXT PRIMARY KEY) WITHOUT ROWID; ALTER TABLE t ADD b",
        "CREATE TABLE t(a TEXT PRIMARY KEY, b) WITHOUT ROWID",
    ),
    equal(
        "RENAME",
        "CREATE TABLE o(a, CHECK(a > 0)); ALTER TABLE o RENAME TO t",
        "CREATE TABLE t(a, CHECK(a > 0))",
    ),
    equal(
        "RENAME reaches indexes, triggers and views",
        "CREATE TABLE o(a); CREATE INDEX i ON o(a); CREATE VIEW v AS SELECT o.a FROM o;"
        " CREATE TRIGGER r AFTER INSERT ON o BEGIN DELETE FROM o; END; ALTER TABLE o RENAME TO t",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a); CREATE VIEW v AS SELECT t.a FROM t;"
        " CREATE TRIGGER r AFTER INSERT ON t BEGIN DELETE FROM t; END",
    ),
    equal(
        "RENAME reaches children",
        "CREATE TABLE o(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES o(id));"
        " ALTER TABLE o RENAME TO p",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
    ),
    equal(
        "RENAME to a name that needs quotes",
        "CREATE TABLE o(a); ALTER TABLE o RENAME TO [my t]",
        'CREATE TABLE "my t"(a)',
    ),
    equal(
        "RENAME COLUMN",
        "CREATE TABLE t(o INT, CHECK(o > 0)); CREATE INDEX i ON t(o) WHERE o > 1;"
        " ALTER TABLE t RENAME COLUMN o TO a",
        "CREATE TABLE t(a INT, CHECK(a > 0)); CREATE INDEX i ON t(a) WHERE a > 1",
    ),
    equal(
        "RENAME COLUMN in keys",
        "CREATE TABLE t(o, b, PRIMARY KEY(o, b), UNIQUE(o)); ALTER TABLE t RENAME o TO a",
        "CREATE TABLE t(a, b, PRIMARY KEY(a, b), UNIQUE(a))",
    ),
    equal(
        "RENAME COLUMN in triggers",
        "CREATE TABLE t(o, b); CREATE TRIGGER r AFTER UPDATE OF o ON t WHEN new.o > 1"
        " BEGIN UPDATE t SET o = old.o; END; ALTER TABLE t RENAME o TO a",
        "CREATE TABLE t(a, b);"
        " CREATE TRIGGER r AFTER UPDATE OF a ON t WHEN new.a > 1 BEGIN UPDATE t SET a = old.a; END",
    ),
    equal(
        "RENAME COLUMN in generated columns",
        "CREATE TABLE t(o, b AS (o + 1)); ALTER TABLE t RENAME o TO [a]",
        "CREATE TABLE t(a, b AS (a + 1))",
    ),
    equal(
        "DROP COLUMN",
        "CREATE TABLE t(a, b INT DEFAULT (1), c); ALTER TABLE t DROP COLUMN b",
        "CREATE TABLE t(a, c)",
    ),
    equal(
        "DROP the last COLUMN",
        "CREATE TABLE t(a, b -- gone\n); ALTER TABLE t DROP COLUMN b",
        "CREATE TABLE t(a)",
    ),
    equal(
        "DROP COLUMN before constraints",
        "CREATE TABLE t(a, b, UNIQUE(a)); ALTER TABLE t DROP COLUMN b",
        "CREATE TABLE t(a, UNIQUE(a))",
    ),
    equal(
        "a rebuild",
        "CREATE TABLE t(a INT); CREATE TABLE new_t(a TEXT);"
        " INSERT INTO new_t SELECT a FROM t; DROP TABLE t;"
        " ALTER TABLE new_t RENAME TO t",
        "CREATE TABLE t(a TEXT)",
    ),
    equal(
        "DROP COLUMN quotes strings anew",
        'CREATE TABLE t(a, b, CHECK(a <> "x")); ALTER TABLE t DROP COLUMN b',
        "CREATE TABLE t(a, CHECK(a <> 'x'))",
    ),
    equal(
        "RENAME COLUMN quotes strings anew",
        'CREATE TABLE t(a, o, CHECK(a <> "x")); ALTER TABLE t RENAME o TO b',
        "CREATE TABLE t(a, b, CHECK(a <> 'x'))",
    ),
    equal(
        "CREATE TABLE AS",
        "CREATE TABLE s(a INT, [b c] TEXT); CREATE TABLE t AS SELECT * FROM s; DROP TABLE s",
        'CREATE TABLE t(a INT, "b c" TEXT)',
    ),
    order(
        "ADD COLUMN stands last for ever",
        "CREATE TABLE t(a, c); ALTER TABLE t ADD b",
        "CREATE TABLE t(a, b, c)",
        "table t",
    ),
    order(
        "DROP and ADD COLUMN",
        "CREATE TABLE t(a INT, b); ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD a INT",
        "CREATE TABLE t(a INT, b)",
        "table t",
    ),
    different(
        "CREATE TABLE AS forgets the key",
        "CREATE TABLE s(a INTEGER PRIMARY KEY); CREATE TABLE t AS SELECT * FROM s; DROP TABLE s",
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
        "table t",
        "primary key",
    ),
    different(
        "CREATE TABLE AS keeps an affinity only",
        "CREATE TABLE s(a VARCHAR(9)); CREATE TABLE t AS SELECT * FROM s; DROP TABLE s",
        "CREATE TABLE t(a VARCHAR(9))",
        "column t.a",
        "type",
    ),
    different(
        "a rebuild that forgets an index",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a); CREATE TABLE n(a); DROP TABLE t;"
        " ALTER TABLE n RENAME TO t",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
        "index i",
    ),
    different(
        "a rebuild that forgets a trigger",
        "CREATE TABLE t(a); CREATE TRIGGER r INSERT ON t BEGIN SELECT 1; END;"
        " CREATE TABLE n(a); DROP TABLE t; ALTER TABLE n RENAME TO t",
        "CREATE TABLE t(a); CREATE TRIGGER r INSERT ON t BEGIN SELECT 1; END",
        "trigger r",
    ),
    different(
        "a rename in legacy mode leaves children behind",
        "PRAGMA legacy_alter_table=ON; PRAGMA foreign_keys=OFF;"
        " CREATE TABLE o(id INTEGER PRIMARY KEY);"
        " CREATE TABLE t(a REFERENCES o(id)); ALTER TABLE o RENAME TO p;"
        " PRAGMA legacy_alter_table=OFF",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
        "foreign key t(a) -> p(id)",
    ),
    different(
        "ADD COLUMN in another letter case",
        "CREATE TABLE t(a); ALTER TABLE t ADD B",
        "CREATE TABLE t(a, b)",
        "column t.B",
        "name",
    ),
    different(
        "RENAME COLUMN takes a string along that is its name",
        'CREATE TABLE t(a, o, CHECK(a <> "o")); ALTER TABLE t RENAME o TO b',
        "CREATE TABLE t(a, b, CHECK(a <> 'o'))",
        "check t: a <> b",
    ),
    different(
        "ADD COLUMN with another default",
        "CREATE TABLE t(a); ALTER TABLE t ADD b DEFAULT ''",
        "CREATE TABLE t(a, b DEFAULT NULL)",
        "column t.b",
        "default",
    ),
    different(
        "ADD COLUMN without its key",
        "CREATE TABLE t(id INTEGER PRIMARY KEY); ALTER TABLE t ADD b INT",
        "CREATE TABLE t(id INTEGER PRIMARY KEY, b INT REFERENCES t(id))",
        "foreign key t(b) -> t(id)",
    ),
)
