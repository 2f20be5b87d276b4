"""Pairs of schemas that differ in nothing: (upgraded, fresh) by the name of the ruling."""

from __future__ import annotations

__all__ = ["EQUAL"]

EQUAL = {
    "names of constraints that no message shows": (
        "CREATE TABLE t(a INT CONSTRAINT one NOT NULL, b, CONSTRAINT two UNIQUE(b))",
        "CREATE TABLE t(a INT NOT NULL, b, UNIQUE(b))",
    ),
    "the name of a primary key": (
        "CREATE TABLE t(a INT, CONSTRAINT pk PRIMARY KEY(a))",
        "CREATE TABLE t(a INT PRIMARY KEY)",
    ),
    "the name of a foreign key": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a CONSTRAINT fk REFERENCES p(id))",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
    ),
    "parentheses round operands": (
        "CREATE TABLE t(a, b, CHECK((a > 0) AND (b > 0)))",
        "CREATE TABLE t(a, b, CHECK(a > 0 AND b > 0))",
    ),
    "parentheses that precedence makes": (
        "CREATE TABLE t(a, b, CHECK(((a + (b * 2)) - 1) > (0)))",
        "CREATE TABLE t(a, b, CHECK(a + b * 2 - 1 > 0))",
    ),
    "parentheses round the whole": (
        "CREATE TABLE t(a, CHECK((((a > 0)))))",
        "CREATE TABLE t(a, CHECK(a > 0))",
    ),
    "parentheses in a WHERE": (
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(a) WHERE (a IS NOT NULL) AND ((b) > 1)",
        "CREATE TABLE t(a, b); CREATE INDEX i ON t(a) WHERE a IS NOT NULL AND b > 1",
    ),
    "parentheses in a view": (
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT a FROM t WHERE ((a > 1) OR (b IN (1, 2)))",
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT a FROM t WHERE a > 1 OR b IN (1, 2)",
    ),
    "parentheses in a trigger": (
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t WHEN (new.a > 1)"
        " BEGIN UPDATE t SET a = (new.a + 1) WHERE (a = 1); END",
        "CREATE TABLE t(a); CREATE TRIGGER r AFTER INSERT ON t WHEN new.a > 1"
        " BEGIN UPDATE t SET a = new.a + 1 WHERE a = 1; END",
    ),
    "parentheses after SET": (
        "CREATE TABLE t(a, b); CREATE TRIGGER r AFTER INSERT ON t"
        " BEGIN UPDATE t SET a = (a OR b), b = (a AND 1) WHERE a = (b > 1); END",
        "CREATE TABLE t(a, b); CREATE TRIGGER r AFTER INSERT ON t"
        " BEGIN UPDATE t SET a = a OR b, b = a AND 1 WHERE a = (b > 1); END",
    ),
    "parentheses after IS DISTINCT FROM": (
        "CREATE TABLE t(a, b, CHECK(a IS NOT DISTINCT FROM (b + 1) OR a IS DISTINCT FROM (b)))",
        "CREATE TABLE t(a, b, CHECK(a IS NOT DISTINCT FROM b + 1 OR a IS DISTINCT FROM b))",
    ),
    "parentheses in a CASE over a column named end": (
        "CREATE TABLE t(end); CREATE VIEW v AS SELECT CASE end WHEN (1) THEN (end) END AS x FROM t",
        "CREATE TABLE t(end); CREATE VIEW v AS SELECT CASE end WHEN 1 THEN end END AS x FROM t",
    ),
    "equality written with ==": (
        "CREATE TABLE t(a, CHECK(a == 1))",
        "CREATE TABLE t(a, CHECK(a = 1))",
    ),
    "inequality written with !=": (
        "CREATE TABLE t(a, CHECK(a != 1))",
        "CREATE TABLE t(a, CHECK(a <> 1))",
    ),
    "letter case of keywords": (
        "create table t(a int default true, check(a is not null and a in (TRUE, False)))",
        "CREATE TABLE t(a INT DEFAULT TRUE, CHECK(a IS NOT NULL AND a IN (true, false)))",
    ),
    "DEFAULT NULL and none": ("CREATE TABLE t(a DEFAULT NULL)", "CREATE TABLE t(a)"),
    "DEFAULT in parentheses": ("CREATE TABLE t(a DEFAULT (1))", "CREATE TABLE t(a DEFAULT 1)"),
    "a default in double quotes": (
        'CREATE TABLE t(a DEFAULT "Kept")',
        "CREATE TABLE t(a DEFAULT 'Kept')",
    ),
    "NOT NULL of a WITHOUT ROWID key": (
        "CREATE TABLE t(a TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID",
        "CREATE TABLE t(a TEXT PRIMARY KEY) WITHOUT ROWID",
    ),
    "NOT NULL of a STRICT key": (
        "CREATE TABLE t(a TEXT NOT NULL PRIMARY KEY) STRICT",
        "CREATE TABLE t(a TEXT PRIMARY KEY) STRICT",
    ),
    "order of table options": (
        "CREATE TABLE t(a TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
        "CREATE TABLE t(a TEXT PRIMARY KEY) WITHOUT ROWID, STRICT",
    ),
    "a UNIQUE that repeats a text key": (
        "CREATE TABLE t(a TEXT PRIMARY KEY, UNIQUE(a))",
        "CREATE TABLE t(a TEXT PRIMARY KEY)",
    ),
    "a UNIQUE that repeats the rowid": (
        "CREATE TABLE t(a INTEGER PRIMARY KEY UNIQUE)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
    ),
    "a UNIQUE said twice": (
        "CREATE TABLE t(a UNIQUE, UNIQUE(a))",
        "CREATE TABLE t(a UNIQUE)",
    ),
    "a UNIQUE at the column or after it": (
        "CREATE TABLE t(a, UNIQUE(a))",
        "CREATE TABLE t(a UNIQUE)",
    ),
    "an implied parent key": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
    ),
    "a foreign key at the column or after it": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a,"
        " FOREIGN KEY(a) REFERENCES P(ID))",
    ),
    "NOT DEFERRABLE spelled out": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY);"
        " CREATE TABLE t(a REFERENCES p(id) NOT DEFERRABLE INITIALLY IMMEDIATE)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
    ),
    "NOT DEFERRABLE INITIALLY DEFERRED does not wait": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY);"
        " CREATE TABLE t(a REFERENCES p(id) NOT DEFERRABLE INITIALLY DEFERRED)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
    ),
    "DEFERRABLE INITIALLY IMMEDIATE spelled out": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY);"
        " CREATE TABLE t(a REFERENCES p(id) DEFERRABLE INITIALLY IMMEDIATE)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id) DEFERRABLE)",
    ),
    "MATCH, which SQLite ignores": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id) MATCH FULL)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
    ),
    "ON DELETE NO ACTION spelled out": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY);"
        " CREATE TABLE t(a REFERENCES p(id) ON DELETE NO ACTION)",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a REFERENCES p(id))",
    ),
    "order of foreign keys": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a, b,"
        " FOREIGN KEY(a) REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED,"
        " FOREIGN KEY(b) REFERENCES p(id))",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a, b,"
        " FOREIGN KEY(b) REFERENCES p(id),"
        " FOREIGN KEY(a) REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED)",
    ),
    "order of foreign keys that differ by their action": (
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a,"
        " FOREIGN KEY(a) REFERENCES p(id) ON DELETE CASCADE, FOREIGN KEY(a) REFERENCES p(id))",
        "CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE t(a,"
        " FOREIGN KEY(a) REFERENCES p(id), FOREIGN KEY(a) REFERENCES p(id) ON DELETE CASCADE)",
    ),
    "order of checks that differ by their name": (
        "CREATE TABLE t(a, CONSTRAINT x CHECK(a), CONSTRAINT y CHECK(a))",
        "CREATE TABLE t(a, CONSTRAINT y CHECK(a), CONSTRAINT x CHECK(a))",
    ),
    "order of triggers": (
        "CREATE TABLE t(a); CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END;"
        " CREATE TRIGGER y AFTER INSERT ON t BEGIN SELECT 2; END",
        "CREATE TABLE t(a); CREATE TRIGGER y AFTER INSERT ON t BEGIN SELECT 2; END;"
        " CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END",
    ),
    "order of UPDATE OF columns": (
        "CREATE TABLE t(a, b); CREATE TRIGGER x AFTER UPDATE OF a, b ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a, b); CREATE TRIGGER x AFTER UPDATE OF B, A ON t BEGIN SELECT 1; END",
    ),
    "BEFORE is a trigger's default": (
        "CREATE TABLE t(a); CREATE TRIGGER x BEFORE DELETE ON t BEGIN SELECT 1; END",
        "CREATE TABLE t(a); CREATE TRIGGER x DELETE ON t FOR EACH ROW BEGIN SELECT 1; END",
    ),
    "order of FTS5 options": (
        "CREATE VIRTUAL TABLE f USING fts5(a, tokenize='porter', prefix='2 3')",
        "CREATE VIRTUAL TABLE f USING fts5(a, prefix='2 3', tokenize='porter')",
    ),
    "spelling of FTS5 arguments": (
        "CREATE VIRTUAL TABLE f USING FTS5([a] UNINDEXED, 'b', Tokenize = \"porter ascii\")",
        "CREATE VIRTUAL TABLE f USING fts5(a unindexed, b, tokenize='porter ascii')",
    ),
    "an empty FTS5 argument": (
        "CREATE VIRTUAL TABLE f USING fts5(a, , b, )",
        "CREATE VIRTUAL TABLE f USING fts5(a, b)",
    ),
    "an empty FTS4 argument": (
        "CREATE VIRTUAL TABLE f USING fts4(a, , b)",
        "CREATE VIRTUAL TABLE f USING fts4(a, b)",
    ),
    "order of FTS4 options": (
        "CREATE VIRTUAL TABLE f USING fts4(a, tokenize=porter, order=desc)",
        "CREATE VIRTUAL TABLE f USING fts4(a, order=desc, tokenize=porter)",
    ),
    "quoting of module arguments": (
        "CREATE VIRTUAL TABLE f USING rtree(\"id\", 'x0', [x1])",
        "CREATE VIRTUAL TABLE f USING rtree(id, x0, x1)",
    ),
    "quoting of types": (
        'CREATE TABLE t(a "TEXT", b [varchar(10)], c double   precision)',
        "CREATE TABLE t(a TEXT, b VARCHAR( 10 ), c DOUBLE PRECISION)",
    ),
    "a comment inside a type": (
        "CREATE TABLE t(a double /* sic */ precision)",
        "CREATE TABLE t(a double precision)",
    ),
    "a comment at the end of a type": (
        "CREATE TABLE t(a INT -- a number\n, b)",
        "CREATE TABLE t(a INT, b)",
    ),
    "quoting of names": (
        'CREATE TABLE "t"([a] INT, `b` INT, CHECK("a" > [b])); CREATE INDEX "i" ON [t]("a", `b`)',
        "CREATE TABLE t(a INT, b INT, CHECK(a > b)); CREATE INDEX i ON t(a, b)",
    ),
    "the letter case of a reference": (
        "CREATE TABLE t(a, b, CHECK(A > B), UNIQUE(A)); CREATE INDEX i ON T(B, lower(A));"
        " CREATE VIEW v(x) AS SELECT A FROM T",
        "CREATE TABLE t(a, b, CHECK(a > b), UNIQUE(a)); CREATE INDEX i ON t(b, lower(a));"
        " CREATE VIEW v(x) AS SELECT a FROM t",
    ),
    "user_version, application_id and page size": (
        "PRAGMA page_size=8192; PRAGMA user_version=7; PRAGMA application_id=3; CREATE TABLE t(a)",
        "CREATE TABLE t(a)",
    ),
    "order of objects": (
        "CREATE TABLE t(a); CREATE TABLE u(a)",
        "CREATE TABLE u(a); CREATE TABLE t(a)",
    ),
    "statistics": (
        "CREATE TABLE t(a); CREATE INDEX i ON t(a); INSERT INTO t VALUES(1); ANALYZE",
        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
    ),
    "the counter of AUTOINCREMENT": (
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO t VALUES(5)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT)",
    ),
    "a column that ALTER TABLE added": (
        "CREATE TABLE t(a); ALTER TABLE t ADD COLUMN b INT NOT NULL DEFAULT 0",
        "CREATE TABLE t(a, b INT NOT NULL DEFAULT 0)",
    ),
    "names that RENAME put in quotes": (
        "CREATE TABLE old(a, b, CHECK(a > 0)); CREATE INDEX i ON old(b);"
        " ALTER TABLE old RENAME TO t; ALTER TABLE t RENAME COLUMN b TO c",
        "CREATE TABLE t(a, c, CHECK(a > 0)); CREATE INDEX i ON t(c)",
    ),
    "ABORT is the conflict resolution by default": (
        "CREATE TABLE t(a NOT NULL ON CONFLICT ABORT, UNIQUE(a) ON CONFLICT ABORT)",
        "CREATE TABLE t(a NOT NULL, UNIQUE(a))",
    ),
    "a word that is a keyword elsewhere": (
        'CREATE TABLE t("left" INT, "key" INT); CREATE VIEW v(x, y) AS SELECT "left", "key" FROM t',
        "CREATE TABLE t(left INT, key INT); CREATE VIEW v(x, y) AS SELECT left, key FROM t",
    ),
    "spaces in an expression that a view's column is named after": (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a+1 FROM t",
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a  +  1 FROM t",
    ),
    "an alias in double quotes": (
        'CREATE TABLE t(a); CREATE VIEW v AS SELECT a AS "my x" FROM t ORDER BY "my x"',
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a AS [my x] FROM t ORDER BY [my x]",
    ),
    "a string in double quotes": (
        'CREATE TABLE t(a, CHECK(a <> "Gone"))',
        "CREATE TABLE t(a, CHECK(a <> 'Gone'))",
    ),
    "a string in double quotes that is another table's column": (
        'CREATE TABLE t(a, CHECK(a <> "Gone")); CREATE TABLE u(gone)',
        "CREATE TABLE t(a, CHECK(a <> 'Gone')); CREATE TABLE u(gone)",
    ),
    "a string in double quotes in a view": (
        'CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a = "Gone"',
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t WHERE a = 'Gone'",
    ),
    "a string in double quotes in a trigger": (
        "CREATE TABLE t(a); CREATE TABLE u(gone); CREATE TRIGGER x AFTER UPDATE OF a ON t"
        ' BEGIN DELETE FROM t WHERE a = "Gone"; END',
        "CREATE TABLE t(a); CREATE TABLE u(gone); CREATE TRIGGER x AFTER UPDATE OF a ON t"
        " BEGIN DELETE FROM t WHERE a = 'Gone'; END",
    ),
    "a string in double quotes in a partial index": (
        'CREATE TABLE t(a); CREATE TABLE u(gone); CREATE INDEX i ON t(a) WHERE a = "Gone"',
        "CREATE TABLE t(a); CREATE TABLE u(gone); CREATE INDEX i ON t(a) WHERE a = 'Gone'",
    ),
}
