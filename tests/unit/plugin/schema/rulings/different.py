"""Pairs of schemas that are different: (upgraded, fresh) by the name of the ruling."""

from __future__ import annotations

__all__ = ["DIFFERENT"]

DIFFERENT = {
    "the text of a type": ("CREATE TABLE t(a INT)", "CREATE TABLE t(a INTEGER)"),
    "the length of a type": ("CREATE TABLE t(a CHAR(2))", "CREATE TABLE t(a CHAR(3))"),
    "the letter case of a table's name": ("CREATE TABLE T(a)", "CREATE TABLE t(a)"),
    "the letter case of a column's name": ("CREATE TABLE t(A)", "CREATE TABLE t(a)"),
    "the letter case of an index's name": (
        "CREATE TABLE t(a); CREATE INDEX I ON t(a)",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
    ),
    "the letter case of a view's column": (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a AS X FROM t",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a AS x FROM t",
    ),
    "names that only Unicode folds together": (
        "CREATE TABLE t(a); CREATE VIEW v(x) AS SELECT 1 AS É FROM t",
        "CREATE TABLE t(a); CREATE VIEW v(x) AS SELECT 1 AS é FROM t",
    ),
    "the name of a check": (
        "CREATE TABLE t(a, CONSTRAINT one CHECK(a))",
        "CREATE TABLE t(a, CHECK(a))",
    ),
    "the name that a check takes from the constraint before it": (
        "CREATE TABLE t(a CONSTRAINT one NOT NULL CHECK(a))",
        "CREATE TABLE t(a NOT NULL CHECK(a))",
    ),
    "the name that two checks share": (
        "CREATE TABLE t(a, b CONSTRAINT one CHECK(a) CHECK(a > 1))",
        "CREATE TABLE t(a CHECK(a > 1), b CONSTRAINT one CHECK(a))",
    ),
    "a check": ("CREATE TABLE t(a, CHECK(a > 0))", "CREATE TABLE t(a)"),
    "a check's parentheses that matter": (
        "CREATE TABLE t(a, b, CHECK((a OR b) AND a))",
        "CREATE TABLE t(a, b, CHECK(a OR b AND a))",
    ),
    "parentheses after a minus": (
        "CREATE TABLE t(a, b, CHECK(a - (b - 1)))",
        "CREATE TABLE t(a, b, CHECK(a - b - 1))",
    ),
    "parentheses after a comparison behind SET": (
        "CREATE TABLE t(a, b); CREATE TRIGGER r AFTER INSERT ON t"
        " BEGIN UPDATE t SET a = b = (a OR b); END",
        "CREATE TABLE t(a, b); CREATE TRIGGER r AFTER INSERT ON t"
        " BEGIN UPDATE t SET a = b = a OR b; END",
    ),
    "parentheses after NOT": (
        "CREATE TABLE t(a, b, CHECK(NOT (a AND b)))",
        "CREATE TABLE t(a, b, CHECK(NOT a AND b))",
    ),
    "parentheses after BETWEEN": (
        "CREATE TABLE t(a, b, CHECK(a BETWEEN 1 AND (b AND 2)))",
        "CREATE TABLE t(a, b, CHECK(a BETWEEN 1 AND b AND 2))",
    ),
    "a unary minus round a collation": (
        "CREATE TABLE t(a, CHECK((-a) COLLATE NOCASE = 'x'))",
        "CREATE TABLE t(a, CHECK(-(a COLLATE NOCASE = 'x')))",
    ),
    "one subquery or a set": (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a IN ((SELECT a FROM t))",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a IN (SELECT a FROM t)",
    ),
    "a UNIQUE constraint and a unique index": (
        "CREATE TABLE t(a UNIQUE)",
        "CREATE TABLE t(a); CREATE UNIQUE INDEX i ON t(a)",
    ),
    "a UNIQUE with a collation of its own": (
        "CREATE TABLE t(a TEXT PRIMARY KEY, UNIQUE(a COLLATE NOCASE))",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
    ),
    "SELECT * and the columns": (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT * FROM t",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t",
    ),
    "another text of a default": ("CREATE TABLE t(a DEFAULT 1)", "CREATE TABLE t(a DEFAULT +1)"),
    "the letter case of a default that is a bare word": (
        "CREATE TABLE t(a DEFAULT Kept)",
        "CREATE TABLE t(a DEFAULT kept)",
    ),
    "a number and a string as default": (
        "CREATE TABLE t(a DEFAULT 1)",
        "CREATE TABLE t(a DEFAULT '1')",
    ),
    "a default and none": ("CREATE TABLE t(a DEFAULT 1)", "CREATE TABLE t(a)"),
    "the empty string and none": ("CREATE TABLE t(a DEFAULT '')", "CREATE TABLE t(a)"),
    "the word null as a default": ("CREATE TABLE t(a DEFAULT 'null')", "CREATE TABLE t(a)"),
    "a reordered view column": (
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT a, b FROM t",
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT b, a FROM t",
    ),
    "the letter case of a NOCASE literal": (
        "CREATE TABLE t(a COLLATE NOCASE, CHECK(a <> 'X'))",
        "CREATE TABLE t(a COLLATE NOCASE, CHECK(a <> 'x'))",
    ),
    "NOT NULL on a rowid alias": (
        "CREATE TABLE t(a INTEGER NOT NULL PRIMARY KEY)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
    ),
    "NOT NULL": ("CREATE TABLE t(a NOT NULL)", "CREATE TABLE t(a)"),
    "NOT NULL of an ordinary key": (
        "CREATE TABLE t(a TEXT NOT NULL PRIMARY KEY)",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
    ),
    "a rowid alias and a descending key": (
        "CREATE TABLE t(a INTEGER PRIMARY KEY DESC)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
    ),
    "a descending key at the column and after it": (
        "CREATE TABLE t(a INTEGER PRIMARY KEY DESC)",
        "CREATE TABLE t(a INTEGER, PRIMARY KEY(a DESC))",
    ),
    "AUTOINCREMENT": (
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
    ),
    "STRICT": ("CREATE TABLE t(a INT) STRICT", "CREATE TABLE t(a INT)"),
    "WITHOUT ROWID": (
        "CREATE TABLE t(a INT PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE t(a INT PRIMARY KEY)",
    ),
    "ON CONFLICT of a UNIQUE": (
        "CREATE TABLE t(a UNIQUE ON CONFLICT REPLACE)",
        "CREATE TABLE t(a UNIQUE)",
    ),
    "ON CONFLICT of a NOT NULL": (
        "CREATE TABLE t(a NOT NULL ON CONFLICT IGNORE)",
        "CREATE TABLE t(a NOT NULL)",
    ),
    "ON CONFLICT of a primary key": (
        "CREATE TABLE t(a TEXT PRIMARY KEY ON CONFLICT REPLACE)",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
    ),
    "ON CONFLICT that a repeated key brings": (
        "CREATE TABLE t(a TEXT PRIMARY KEY, UNIQUE(a) ON CONFLICT IGNORE)",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
    ),
    "ON CONFLICT that a repeated rowid brings": (
        "CREATE TABLE t(a INTEGER PRIMARY KEY UNIQUE ON CONFLICT IGNORE)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
    ),
    "a collation": ("CREATE TABLE t(a COLLATE NOCASE)", "CREATE TABLE t(a)"),
    "a generated column's expression": (
        "CREATE TABLE t(a, b AS (a + 1))",
        "CREATE TABLE t(a, b AS (a + 2))",
    ),
    "a generated column's storage": (
        "CREATE TABLE t(a, b AS (a + 1) STORED)",
        "CREATE TABLE t(a, b AS (a + 1))",
    ),
    "a foreign key": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a)",
    ),
    "a foreign key's action": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p ON DELETE CASCADE)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p)",
    ),
    "a foreign key that waits": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY);"
        " CREATE TABLE t(a REFERENCES p DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p)",
    ),
    "a foreign key that is told to wait further on": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY);"
        " CREATE TABLE t(a REFERENCES p NOT NULL DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p NOT NULL)",
    ),
    "a foreign key beside another": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a, b,"
        " FOREIGN KEY(a) REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED,"
        " FOREIGN KEY(b) REFERENCES p(id))",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a, b,"
        " FOREIGN KEY(a) REFERENCES p(id),"
        " FOREIGN KEY(b) REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)",
    ),
    "an index's direction": (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a DESC)",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
    ),
    "an index's collation": (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a COLLATE NOCASE)",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
    ),
    "an index's expression": (
        "CREATE TABLE t(a); CREATE INDEX i ON t(lower(a))",
        "CREATE TABLE t(a); CREATE INDEX i ON t(upper(a))",
    ),
    "an index's condition": (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE a > 1",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a) WHERE a > 2",
    ),
    "an index's uniqueness": (
        "CREATE TABLE t(a); CREATE UNIQUE INDEX i ON t(a)",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
    ),
    "an index's order": (
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(a, b)",
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(b, a)",
    ),
    "an index's table": (
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX i ON u(a)",
    ),
    "a trigger's timing": (
        "CREATE TABLE t(a); CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TRIGGER x INSERT ON t BEGIN SELECT 1; END",
    ),
    "a trigger's timing beside a column of that name": (
        "CREATE TABLE t(after); CREATE TRIGGER x AFTER INSERT ON t WHEN new.after"
        " BEGIN SELECT 1; END",
        "CREATE TABLE t(after); CREATE TRIGGER x INSERT ON t WHEN new.after BEGIN SELECT 1; END",
    ),
    "a trigger's condition beside a column named begin": (
        "CREATE TABLE t(begin); CREATE TRIGGER x INSERT ON t"
        " WHEN new.begin > 1 BEGIN SELECT 1; END",
        "CREATE TABLE t(begin); CREATE TRIGGER x INSERT ON t"
        " WHEN new.begin > 2 BEGIN SELECT 1; END",
    ),
    "a trigger's columns": (
        "CREATE TABLE t(a, b); CREATE TRIGGER x UPDATE OF a ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a, b); CREATE TRIGGER x UPDATE ON t BEGIN SELECT 1; END",
    ),
    "a trigger's condition": (
        "CREATE TABLE t(a); CREATE TRIGGER x INSERT ON t WHEN new.a > 1 BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TRIGGER x INSERT ON t BEGIN SELECT 1; END",
    ),
    "a trigger's body": (
        "CREATE TABLE t(a); CREATE TRIGGER x INSERT ON t BEGIN SELECT 'a'; END",
        "CREATE TABLE t(a); CREATE TRIGGER x INSERT ON t BEGIN SELECT 'A'; END",
    ),
    "an alias and a kind of join": (
        'CREATE TABLE t(a); CREATE VIEW v(x) AS SELECT 1 FROM t "left" JOIN t AS u',
        "CREATE TABLE t(a); CREATE VIEW v(x) AS SELECT 1 FROM t left JOIN t AS u",
    ),
    "an FTS5 option": (
        "CREATE VIRTUAL TABLE f USING fts5(a, tokenize='porter')",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
    ),
    "an FTS5 column that is not indexed": (
        "CREATE VIRTUAL TABLE f USING fts5(a, b UNINDEXED)",
        "CREATE VIRTUAL TABLE f USING fts5(a, b)",
    ),
    "an FTS5 option whose value is the word none": (
        "CREATE VIRTUAL TABLE f USING fts5(a, detail=none)",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
    ),
    "an FTS3 option whose name stands in quotes, which makes it a column": (
        "CREATE VIRTUAL TABLE f USING fts3(a, 'tokenize'=simple)",
        "CREATE VIRTUAL TABLE f USING fts3(a, tokenize=simple)",
    ),
    "an FTS4 option with two equals signs": (
        "CREATE TABLE d(x); CREATE VIRTUAL TABLE f USING fts4(x, content==d)",
        "CREATE TABLE d(x); CREATE VIRTUAL TABLE f USING fts4(x, content=d)",
    ),
    "an empty type in quotes, which has an affinity": (
        "CREATE TABLE t(a '')",
        "CREATE TABLE t(a)",
    ),
    "an FTS5 setting": (
        "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f(f, rank) VALUES('rank', 'bm25(9.0)')",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
    ),
    "the value of an FTS5 setting": (
        "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f(f, rank) VALUES('rank', 'bm25(9.0)')",
        "CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f(f, rank) VALUES('rank', 'bm25(8.0)')",
    ),
    "a module": (
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "CREATE VIRTUAL TABLE f USING fts4(a)",
    ),
    "the order of a module's arguments": (
        "CREATE VIRTUAL TABLE f USING rtree(id, x0, x1, y0, y1)",
        "CREATE VIRTUAL TABLE f USING rtree(id, y0, y1, x0, x1)",
    ),
    "a table that merely looks like a shadow table": (
        "CREATE VIRTUAL TABLE f USING fts5(a); CREATE TABLE f_notes(a)",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
    ),
    "a table named almost as SQLite names its own": (
        "CREATE TABLE t(a); CREATE TABLE sqliteXstat(a)",
        "CREATE TABLE t(a)",
    ),
    "a literal that RENAME COLUMN rewrote": (
        'CREATE TABLE t(a, b, CHECK(a <> "b")); ALTER TABLE t RENAME COLUMN b TO c',
        "CREATE TABLE t(a, c, CHECK(a <> 'b'))",
    ),
    "the order of columns and something else": (
        "CREATE TABLE t(b, a NOT NULL)",
        "CREATE TABLE t(a, b)",
    ),
    "an identifier and a string": (
        "CREATE TABLE t(a, b, CHECK(a <> [b]))",
        "CREATE TABLE t(a, b, CHECK(a <> 'b'))",
    ),
}
