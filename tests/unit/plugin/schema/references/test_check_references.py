"""Every reference of a schema is asked about; what means nothing is told with object and name."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
from pytest_pmd_migrations.errors import SchemaReadError
from pytest_pmd_migrations.schema.references.find import check_references
from pytest_pmd_migrations.schema.references.values import Broken, References

from tests.every import holds_for_every

RENAMED_FIRST = """
ALTER TABLE line RENAME TO line_old; CREATE TABLE line(id INTEGER PRIMARY KEY, unit);
INSERT INTO line SELECT * FROM line_old; DROP TABLE line_old;
"""
LINE = "CREATE TABLE line(id INTEGER PRIMARY KEY, unit);"


def asked(sql: str) -> References:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript(sql)
        return check_references(conn)


def broken(sql: str) -> list[str]:
    """What is told of a schema, in which only something of the application's may be unsure."""
    return [str(found) for found in asked(sql).broken]


# Each object of the first text names something that the second one takes away.
TAKEN_AWAY = {
    "a view, by a table renamed first": (
        f"{LINE} CREATE VIEW units AS SELECT unit FROM line;",
        RENAMED_FIRST,
        ["view units names the table line_old, which does not exist"],
    ),
    "a trigger elsewhere": (
        f"{LINE} CREATE TABLE item(id); CREATE TRIGGER follow AFTER UPDATE ON item"
        " BEGIN UPDATE line SET unit = new.id; END;",
        RENAMED_FIRST,
        ["trigger follow names the table line_old, which does not exist"],
    ),
    "a child's key": (
        f"{LINE} CREATE TABLE kid(l REFERENCES line(id));",
        RENAMED_FIRST,
        ["table kid has the foreign key (l) to the table line_old, which does not exist"],
    ),
    "a view of a dropped view, and the view of that": (
        "CREATE TABLE t(a); CREATE VIEW one AS SELECT a FROM t;"
        "CREATE VIEW two AS SELECT a FROM one; CREATE VIEW three AS SELECT * FROM two;",
        "DROP VIEW one",
        [
            "view three reads two, which cannot be prepared",
            "view two names the table one, which does not exist",
        ],
    ),
    "all that a trigger on a view does": (
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE VIEW v AS SELECT a FROM t;"
        "CREATE TRIGGER i INSTEAD OF INSERT ON v BEGIN INSERT INTO u VALUES (new.a); END;"
        "CREATE TRIGGER u INSTEAD OF UPDATE OF a ON v BEGIN UPDATE u SET a = 1; END;"
        "CREATE TRIGGER d INSTEAD OF DELETE ON v BEGIN DELETE FROM u; END;",
        "DROP TABLE u",
        [
            "trigger d names the table u, which does not exist",
            "trigger i names the table u, which does not exist",
            "trigger u names the table u, which does not exist",
        ],
    ),
    "the condition of a trigger": (
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE TRIGGER r BEFORE DELETE ON t"
        " WHEN EXISTS (SELECT 1 FROM u) BEGIN SELECT RAISE(ABORT, 'no'); END;",
        "DROP TABLE u",
        ["trigger r names the table u, which does not exist"],
    ),
    "the column of UPDATE OF": (
        "CREATE TABLE t(a, b); CREATE TRIGGER r AFTER UPDATE OF b ON t BEGIN SELECT 1; END;",
        "ALTER TABLE t DROP COLUMN b",
        ["trigger r fires on UPDATE OF b, a column that t does not have"],
    ),
    "a column in a trigger's body": (
        "CREATE TABLE t(a); CREATE TABLE u(a, b);"
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO u(a, b) VALUES (1, new.a); END;",
        "CREATE TABLE u2(a); DROP TABLE u; PRAGMA legacy_alter_table = ON;"
        "ALTER TABLE u2 RENAME TO u",
        ["trigger r cannot be prepared: table u has no column named b"],
    ),
    "the number of a view's columns": (
        "CREATE TABLE t(a, b); CREATE VIEW v(x, y) AS SELECT * FROM t;",
        "ALTER TABLE t ADD COLUMN c",
        ["view v cannot be prepared: expected 2 columns for 'v' but got 3"],
    ),
    "both sides of a UNION": (
        "CREATE TABLE t(a); CREATE TABLE u(a); CREATE VIEW v AS"
        " SELECT * FROM t UNION SELECT * FROM u;",
        "ALTER TABLE t ADD COLUMN c",
        [
            "view v cannot be prepared: SELECTs to the left and right of UNION do not have the same"
            " number of result columns"
        ],
    ),
    "an index that a view is told to use": (
        "CREATE TABLE t(a); CREATE INDEX t_a ON t(a);"
        "CREATE VIEW v AS SELECT a FROM t INDEXED BY t_a WHERE a = 1;",
        "DROP INDEX t_a",
        ["view v names the index t_a, which does not exist"],
    ),
    "views in a circle": (
        "CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v;",
        "DROP VIEW v; CREATE VIEW v AS SELECT a FROM w",
        [
            "view v cannot be prepared: view v is circularly defined",
            "view w cannot be prepared: view w is circularly defined",
        ],
    ),
    "a parent's unique index": (
        "CREATE TABLE p(a, b); CREATE UNIQUE INDEX p_ab ON p(a, b);"
        "CREATE TABLE c(x, y, FOREIGN KEY (y, x) REFERENCES p(b, a));",
        "DROP INDEX p_ab",
        [
            "table c has the foreign key (y, x) to p(b, a), which no primary key, UNIQUE or unique"
            " index makes unique"
        ],
    ),
    "a parent's column": (
        "CREATE TABLE p(a PRIMARY KEY, b UNIQUE); CREATE TABLE c(x REFERENCES p(b));",
        "CREATE TABLE p2(a PRIMARY KEY); DROP TABLE p; ALTER TABLE p2 RENAME TO p",
        ["table c has the foreign key (x) to the column p.b, which does not exist"],
    ),
    "an implied parent's key": (
        "CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(x REFERENCES p);",
        "CREATE TABLE p2(a, b, PRIMARY KEY (a, b)); DROP TABLE p; ALTER TABLE p2 RENAME TO p",
        ["table c has the foreign key (x) to p, which has no primary key of one column"],
    ),
    "an implied parent's key of two columns": (
        "CREATE TABLE p(a, b, PRIMARY KEY (a, b));"
        "CREATE TABLE c(x, y, FOREIGN KEY (x, y) REFERENCES p);",
        "CREATE TABLE p2(a, b UNIQUE); DROP TABLE p; ALTER TABLE p2 RENAME TO p",
        ["table c has the foreign key (x, y) to p, which has no primary key of 2 columns"],
    ),
    "a parent that is a view": (
        "CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(x REFERENCES p(a));",
        "DROP TABLE p; CREATE VIEW p AS SELECT 1 AS a",
        ["table c has the foreign key (x) to p, a view: only a table can be a parent"],
    ),
    "the content of a full-text table": (
        "CREATE TABLE d(id INTEGER PRIMARY KEY, t);"
        "CREATE VIRTUAL TABLE f USING fts5(t, content = 'd', content_rowid = 'id');",
        "ALTER TABLE d RENAME TO e",
        ["virtual table f has its content in the table d, which does not exist"],
    ),
    "a column of such content, and its key": (
        "CREATE TABLE d(id INTEGER PRIMARY KEY, t, u);"
        "CREATE VIRTUAL TABLE f USING fts5(t, u UNINDEXED, content = d, content_rowid = id);",
        "ALTER TABLE d RENAME COLUMN id TO key; ALTER TABLE d DROP COLUMN u",
        [
            "virtual table f has its content in the column d.id, which does not exist",
            "virtual table f has its content in the column d.u, which does not exist",
        ],
    ),
    "the content of FTS4": (
        'CREATE TABLE d(t); CREATE VIRTUAL TABLE f USING fts4(content="d", t);',
        "DROP TABLE d",
        ["virtual table f has its content in the table d, which does not exist"],
    ),
    "the text of a schema that was written by hand": (
        "CREATE TABLE t(a, b); CREATE VIEW v AS SELECT b FROM t;",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a, c)'"
        " WHERE name = 't'; PRAGMA writable_schema = RESET",
        ["view v names the column b, which does not exist"],
    ),
}


def test_what_names_something_that_is_gone_is_told() -> None:
    def judge(case: tuple[str, str, list[str]]) -> None:
        before, step, told = case
        assert broken(before) == []
        assert broken(f"{before}; {step}") == told

    holds_for_every(TAKEN_AWAY, judge)


def test_each_trigger_of_a_table_is_asked_by_itself() -> None:
    assert broken(
        "CREATE TABLE t(a); CREATE TABLE u(a);"
        "CREATE TRIGGER sound AFTER INSERT ON t BEGIN INSERT INTO u VALUES (1); END;"
        "CREATE TRIGGER one AFTER INSERT ON t BEGIN INSERT INTO gone VALUES (1); END;"
        "CREATE TRIGGER two AFTER INSERT ON t BEGIN DELETE FROM lost; END;"
        "CREATE TRIGGER of_u AFTER INSERT ON u BEGIN SELECT 1 FROM never; END;"
    ) == [
        "trigger of_u names the table never, which does not exist",
        "trigger one names the table gone, which does not exist",
        "trigger two names the table lost, which does not exist",
    ]


def test_a_trigger_on_a_view_that_is_broken_is_not_told_beside_it() -> None:
    assert broken(
        "CREATE TABLE k(a); CREATE TABLE l(a); CREATE VIEW v AS SELECT k.a FROM k JOIN l;"
        'CREATE TRIGGER r INSTEAD OF UPDATE ON v BEGIN UPDATE k SET "a" = 1; END; DROP TABLE l;'
    ) == ["view v names the table l, which does not exist"]


SOUND = """
CREATE TABLE "a b"(
    id INTEGER PRIMARY KEY, "x y" TEXT UNIQUE, g AS (upper("x y")), s AS (id) STORED);
CREATE TABLE child(
    k REFERENCES "A B"("X Y"), p REFERENCES "a b", self REFERENCES child(u), u UNIQUE);
CREATE TABLE later(a REFERENCES latest(id)); CREATE TABLE latest(id PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE generated(a, g AS (1));
CREATE INDEX i ON "a b"(lower("x y")) WHERE g IS NOT NULL; CREATE INDEX "no""case" ON child(u);
CREATE INDEX nocase ON child(u DESC);
CREATE VIEW v(n) AS WITH RECURSIVE q(n) AS (SELECT 1 UNION SELECT n + 1 FROM q) SELECT n FROM q;
CREATE VIEW w AS SELECT value, v.n FROM json_each('[1]'), v WHERE n IN (SELECT id FROM "a b");
CREATE TRIGGER rowid AFTER UPDATE OF rowid ON "a b" BEGIN SELECT old.rowid, new._rowid_; END;
CREATE TRIGGER g AFTER UPDATE OF g ON "a b" BEGIN SELECT 1; END;
CREATE TRIGGER o AFTER UPDATE ON generated BEGIN SELECT old.g; END;
CREATE TRIGGER r INSTEAD OF INSERT ON v BEGIN VALUES (new.n); END;
CREATE TRIGGER s AFTER DELETE ON later BEGIN DELETE FROM latest WHERE id = old.a; END;
CREATE TRIGGER t AFTER DELETE ON latest BEGIN DELETE FROM later WHERE a = old.id; END;
CREATE VIRTUAL TABLE f USING fts5(t, content = ''); CREATE VIRTUAL TABLE h USING fts4(a, b);
CREATE VIRTUAL TABLE c USING fts5("x y", content = 'A B', content_rowid = 'ID');
CREATE VIRTUAL TABLE e USING fts5(n, content = v); CREATE VIRTUAL TABLE w1 USING fts5vocab(f, col);
CREATE VIRTUAL TABLE w2 USING fts4aux(h); CREATE VIRTUAL TABLE w3 USING fts5vocab(gone, row);
CREATE VIRTUAL TABLE z USING rtree(id, x0, x1);
CREATE TRIGGER of_f AFTER INSERT ON child BEGIN INSERT INTO f(t) VALUES (new.u); END;
CREATE TRIGGER search AFTER INSERT ON child BEGIN
    SELECT rank, bm25(c) FROM c WHERE c MATCH new.u ORDER BY rank; END;
"""


def test_where_sqlite_prepares_everything_nothing_is_told() -> None:
    found = asked(SOUND)
    assert (found.broken, found.unsure) == ((), ())
    assert not frozenset().union(*found.strings.values())


def test_what_only_the_application_has_is_no_broken_reference() -> None:
    with closing(sqlite3.connect(":memory:")) as conn, closing(sqlite3.connect(":memory:")) as copy:
        conn.create_collation("FOLDED", lambda *_: 0)
        for function in ("fits", "fold", "shape"):
            conn.create_function(function, 1, str, deterministic=True)
        conn.executescript(
            "CREATE TABLE t(a COLLATE FOLDED CHECK (fits(a)), b AS (fold(a)));"
            "CREATE INDEX i ON t(shape(a)); CREATE VIEW v AS SELECT * FROM series(1, 3);"
            "CREATE VIEW u AS SELECT word(a) FROM t ORDER BY a COLLATE local;"
            "CREATE VIEW n AS SELECT word(gone) FROM t;"
            "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT told(new.a), new.nix; END;"
            "CREATE TABLE m(a); CREATE VIEW of_m AS SELECT a FROM m; PRAGMA writable_schema = ON;"
            "UPDATE sqlite_schema SET sql = 'CREATE VIRTUAL TABLE m USING vec0(a)', rootpage = 0"
            " WHERE name = 'm'"
        )
        copy.deserialize(conn.serialize())
        found = check_references(copy)
    assert [str(one) for one in found.broken] == [
        "trigger r names the column new.nix, which does not exist",
        "view n names the column gone, which does not exist",
    ]
    assert [str(one) for one in found.unsure] == [
        "table t needs the function fits, which is not there",
        "table t needs the function fold, which is not there",
        "table t needs the function shape, which is not there",
        "trigger r needs the function told, which is not there",
        "view of_m cannot be prepared here: no such module: vec0",
        "view u needs the collation local, which is not there",
        "view u needs the function word, which is not there",
        "view v cannot be prepared here: no such table: main.series",
        "virtual table m cannot be prepared here: no such module: vec0",
    ]


def test_what_the_connection_has_is_not_missing() -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.create_function("fold", 1, str, deterministic=True)
        conn.create_collation("FOLDED", lambda *_: 0)
        conn.executescript("CREATE TABLE t(a COLLATE FOLDED CHECK (fold(a) <> ''))")
        conn.execute("CREATE VIEW v AS SELECT fold(a, 1) FROM t")
        [found] = check_references(conn).broken
    assert str(found) == ("view v cannot be prepared: wrong number of arguments to function fold()")


def test_names_that_are_not_utf8_hinder_nothing_else() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.executescript(
            "CREATE TABLE f1(a); CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM gone;"
            "CREATE TRIGGER r AFTER INSERT ON f1 BEGIN SELECT 1; END;"
            "PRAGMA writable_schema = ON;"
            "UPDATE sqlite_schema SET name = CAST(replace(name, 'f1', x'66ff') AS TEXT),"
            " tbl_name = CAST(replace(tbl_name, 'f1', x'66ff') AS TEXT),"
            " sql = CAST(replace(sql, 'f1', x'2266ff22') AS TEXT);"
            "PRAGMA writable_schema = RESET;"
        )
        found = check_references(conn)
    assert found.broken == (
        Broken("view", "v", "gone", "names the table gone, which does not exist"),
    )
    assert [(one.kind, one.name, one.problem) for one in found.unsure] == [
        ("table", "f\udcff", "has a text that is not UTF-8"),
    ]


def test_a_mend_is_sql_where_a_statement_does_it() -> None:
    key = "FOREIGN KEY (x, y) REFERENCES p(a, 'b c')"
    text = f'CREATE TABLE p(a, "b c"); CREATE TABLE c(x, y, {key});'
    [found] = asked(text).broken
    assert found.mend == 'CREATE UNIQUE INDEX "p_a_b c" ON p(a, "b c");'
    assert broken(f"{text} {found.mend}") == []


def test_a_schema_that_cannot_be_read_is_an_error_that_names_the_object() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
        conn.executescript(
            "CREATE TABLE t(a); CREATE INDEX i ON t(a); PRAGMA writable_schema = ON;"
            "UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(b)' WHERE name = 'i'"
        )
        copy = sqlite3.connect(":memory:")
        copy.deserialize(conn.serialize())
    with closing(copy), pytest.raises(SchemaReadError, match=r"malformed database schema \(i\)"):
        check_references(copy)
