"""What counts as a difference between two schemas, ruling by ruling."""

from __future__ import annotations

from pytest_pmd_migrations.schema import compare

from tests.unit.plugin.schema.every import holds_for_every, read_again, schema

SAME = {
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
    "== and =": ("CREATE TABLE t(a, CHECK(a == 1))", "CREATE TABLE t(a, CHECK(a = 1))"),
    "!= and <>": ("CREATE TABLE t(a, CHECK(a != 1))", "CREATE TABLE t(a, CHECK(a <> 1))"),
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

ORDER = {
    "columns of a table": ("CREATE TABLE t(a, b, c)", "CREATE TABLE t(a, c, b)"),
    "columns that ALTER TABLE added last": (
        "CREATE TABLE t(a, c); ALTER TABLE t ADD COLUMN b",
        "CREATE TABLE t(a, b, c)",
    ),
    "columns of a table with everything that belongs to it": (
        "CREATE TABLE t(b INT NOT NULL, a TEXT PRIMARY KEY, CHECK(a > b)); CREATE INDEX i ON t(b)",
        "CREATE TABLE t(a TEXT PRIMARY KEY, b INT NOT NULL, CHECK(a > b)); CREATE INDEX i ON t(b)",
    ),
    "columns of an FTS table": (
        "CREATE VIRTUAL TABLE f USING fts5(a, b)",
        "CREATE VIRTUAL TABLE f USING fts5(b, a)",
    ),
    "columns of a table that a view takes with a star": (
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT * FROM t",
        "CREATE TABLE t(b, a); CREATE VIEW v AS SELECT * FROM t",
    ),
    "columns with a comma in their names": (
        'CREATE TABLE t("a, b", c)',
        'CREATE TABLE t(c, "a, b")',
    ),
}


VERDICTS = {"equal": SAME, "different": DIFFERENT, "order": ORDER}
PAIRS = {
    f"{verdict}: {name}": (*pair, verdict)
    for verdict, pairs in VERDICTS.items()
    for name, pair in pairs.items()
}


def is_ruled(case: tuple[str, str, str]) -> None:
    upgraded, fresh, verdict = case
    diff = compare(schema(upgraded), schema(fresh))
    assert diff.verdict == verdict, diff.differences
    assert bool(diff) == (verdict != "equal")


def is_ruled_the_other_way_round(case: tuple[str, str, str]) -> None:
    upgraded, fresh, verdict = case
    assert compare(schema(fresh), schema(upgraded)).verdict == verdict


def has_its_fingerprint(case: tuple[str, str, str]) -> None:
    upgraded, fresh, verdict = case
    same = schema(upgraded).fingerprint == schema(fresh).fingerprint
    assert same == (verdict == "equal")


def equals_itself(case: tuple[str, str, str]) -> None:
    for script in case[:2]:
        assert compare(schema(script), read_again(script)).verdict == "equal"


def test_each_ruling() -> None:
    holds_for_every(PAIRS, is_ruled)


def test_the_other_way_round_says_the_same() -> None:
    holds_for_every(PAIRS, is_ruled_the_other_way_round)


def test_a_fingerprint_is_equal_exactly_when_the_schemas_are() -> None:
    holds_for_every(PAIRS, has_its_fingerprint)


def test_a_schema_equals_itself() -> None:
    holds_for_every(PAIRS, equals_itself)
