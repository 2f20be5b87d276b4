"""Filling a database to a size: whatever its schema asks of rows, copies of them keep to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import FillingError
from pytest_pmd_migrations.forecast.multiply_rows import FilledTables, multiply_rows
from pytest_pmd_migrations.forecast.row_targets import RowTargets

from tests.every import for_every

_ROWS = 200

Ask = Callable[[str], object]

SCHEMAS: dict[str, tuple[str, dict[str, object]]] = {
    "a foreign key to a parent, and one to its own table": (
        """
        CREATE TABLE folder(id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES folder(id));
        INSERT INTO folder VALUES (1, NULL), (2, 1), (3, 2);
        CREATE TABLE note(id INTEGER PRIMARY KEY AUTOINCREMENT, folder_id REFERENCES folder(id));
        INSERT INTO note VALUES (7, 1), (9, 3);
        """,
        {"SELECT count(*) FROM note WHERE folder_id > 3": 196},
    ),
    "text keys without a rowid, which others point at": (
        """
        CREATE TABLE page(slug TEXT PRIMARY KEY, title TEXT UNIQUE COLLATE NOCASE) WITHOUT ROWID;
        INSERT INTO page VALUES ('welcome-here', 'Welcome'), ('about-us-all', 'About');
        CREATE TABLE link(source REFERENCES page, target REFERENCES page,
            PRIMARY KEY(source, target));
        INSERT INTO link VALUES ('welcome-here', 'about-us-all');
        """,
        {"SELECT count(DISTINCT source || target) FROM link": _ROWS},
    ),
    "composite keys, the second of which is one's own": (
        """
        CREATE TABLE tenant(id INTEGER PRIMARY KEY);
        INSERT INTO tenant VALUES (1), (2), (3);
        CREATE TABLE item(tenant_id REFERENCES tenant(id), n INTEGER, PRIMARY KEY(tenant_id, n));
        INSERT INTO item VALUES (1, 1), (2, 1);
        CREATE TABLE part(id INTEGER PRIMARY KEY, tenant_id, n,
            FOREIGN KEY(tenant_id, n) REFERENCES item(tenant_id, n));
        INSERT INTO part VALUES (1, 1, 1), (2, 2, 1);
        """,
        {"SELECT max(c) FROM (SELECT count(*) AS c FROM part GROUP BY tenant_id, n)": 1},
    ),
    "CHECKs on values that are varied where there are none": (
        """
        CREATE TABLE task(id INTEGER PRIMARY KEY, state TEXT NOT NULL
            CHECK (state IN ('waiting for it', 'done')), due TEXT CHECK (due GLOB '20*'),
            size INTEGER CHECK (size BETWEEN 100 AND 120), free TEXT);
        INSERT INTO task VALUES (1, 'waiting for it', '2026-01-02', 110, 'a text of any kind');
        """,
        {
            "SELECT count(DISTINCT free) FROM task": _ROWS,
            "SELECT count(DISTINCT state) FROM task": 1,
        },
    ),
    "unique indexes on expressions and on some rows": (
        """
        CREATE TABLE person(id INTEGER PRIMARY KEY, mail TEXT, active INTEGER);
        CREATE UNIQUE INDEX by_mail ON person(lower(mail));
        CREATE UNIQUE INDEX active_ones ON person(id) WHERE active;
        INSERT INTO person VALUES (1, 'someone@example.org', 1), (2, NULL, 0);
        """,
        {
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('by_mail', 'active_ones')": 2,
            "SELECT count(DISTINCT mail) FROM person": _ROWS // 2,
        },
    ),
    "triggers do not write what is copied anyway": (
        """
        CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT);
        CREATE TABLE log(id INTEGER PRIMARY KEY, note_id INTEGER);
        CREATE TRIGGER logs AFTER INSERT ON note BEGIN
            INSERT INTO log(note_id) VALUES (new.id); END;
        INSERT INTO note VALUES (1, 'one');
        """,
        {
            "SELECT count(*) FROM log": _ROWS,
            "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'": 1,
        },
    ),
    "computed columns, unique ones too": (
        """
        CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT,
            upper_name TEXT AS (upper(name)) STORED UNIQUE);
        INSERT INTO thing(name) VALUES ('a first name'), ('a second name');
        """,
        {"SELECT count(DISTINCT upper_name) FROM thing": _ROWS},
    ),
    "full-text tables, with their own text and with that of another": (
        """
        CREATE TABLE doc(id INTEGER PRIMARY KEY, body TEXT NOT NULL);
        INSERT INTO doc VALUES (1, 'so red is the apple'), (2, 'some more green pears');
        CREATE VIRTUAL TABLE own USING fts5(body);
        CREATE TRIGGER doc_own AFTER INSERT ON doc BEGIN
            INSERT INTO own(rowid, body) VALUES (new.id, new.body); END;
        INSERT INTO own(rowid, body) SELECT id, body FROM doc;
        CREATE VIRTUAL TABLE outer_text USING fts5(body, content=doc, content_rowid=id);
        INSERT INTO outer_text(outer_text) VALUES ('rebuild');
        """,
        {
            "SELECT count(*) FROM own": _ROWS,
            "SELECT count(*) FROM own WHERE rowid NOT IN (SELECT id FROM doc)": 0,
            "SELECT count(*) FROM outer_text WHERE outer_text MATCH 'apple OR pears'": _ROWS,
        },
    ),
    "values of every type keep their size": (
        """
        CREATE TABLE v(id TEXT PRIMARY KEY, b BLOB UNIQUE, r REAL UNIQUE, u TEXT, n INTEGER UNIQUE);
        INSERT INTO v VALUES
            ('150fdb7eac44d371', x'000102030405060708090a', 1.5, 'https://example.org/a', 5),
            ('5ad8f77ff3eb83a1', NULL, -2.5, 'https://example.org/b', 9223372036854775807);
        """,
        {
            "SELECT count(DISTINCT length(id)) FROM v": 1,
            "SELECT max(length(b)) - min(length(b)) FROM v": 0,
            "SELECT count(DISTINCT r) FROM v": _ROWS,
            "SELECT count(DISTINCT typeof(n)) FROM v": 1,
            "SELECT count(*) FROM v WHERE u GLOB 'https://exam*'": _ROWS,
        },
    ),
}


def fill(path: Path, script: str, targets: RowTargets, **more: object) -> FilledTables:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.executescript(script)
        return multiply_rows(conn, targets, targets.rows, **more)  # type: ignore[arg-type]


@for_every("script, expected", SCHEMAS.values(), ids=SCHEMAS)
def test_copies_of_rows_keep_to_what_the_schema_asks(
    tmp_path: Path, script: str, expected: dict[str, object]
) -> None:
    path = tmp_path / "filled.db"
    filled = fill(path, script, RowTargets(_ROWS))
    assert filled.most >= _ROWS
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        answers = {sql: conn.execute(sql).fetchone()[0] for sql in expected}
    assert answers == expected


def test_a_table_whose_rows_need_a_parent_each_gets_as_many_as_there_are(tmp_path: Path) -> None:
    script = """
        CREATE TABLE user(id INTEGER PRIMARY KEY);
        CREATE TABLE profile(user_id INTEGER PRIMARY KEY REFERENCES user(id), text TEXT);
        CREATE TABLE empty(id INTEGER PRIMARY KEY);
        INSERT INTO user VALUES (1), (2), (3), (4); INSERT INTO profile VALUES (2, 'of two');
        CREATE TABLE permission(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
        CREATE TABLE may(user_id REFERENCES user(id), what REFERENCES permission(id),
            UNIQUE(user_id, what));
        INSERT INTO permission VALUES (1, 'read'), (2, 'write'); INSERT INTO may VALUES (2, 2);
    """
    path = tmp_path / "filled.db"
    # The rows of a framework's own table are those that it has, and others go on pointing at them.
    filled = fill(path, script, RowTargets(100), ignore=["permission"])
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        assert conn.execute("SELECT count(*), max(what) FROM may").fetchone() == (25, 2)
    assert filled.counts == {"user": 100, "profile": 25, "empty": 0, "may": 25}
    assert filled.notes == (
        "profile gets fewer rows than asked for: its unique columns are foreign keys, and the"
        " tables that they point at have no more",
        "may gets fewer rows than asked for: its unique columns are foreign keys, and the"
        " tables that they point at have no more",
        "empty stays empty: it has no stored row to copy",
    )


def test_a_constraint_that_no_copy_satisfies_is_named_and_other_tables_are_filled(
    tmp_path: Path,
) -> None:
    script = """
        CREATE TABLE kind(code TEXT PRIMARY KEY CHECK (code IN ('a', 'b')));
        INSERT INTO kind VALUES ('a');
    """
    with pytest.raises(FillingError) as refused:
        fill(tmp_path / "filled.db", script, RowTargets(100))
    assert str(refused.value) == (
        "kind cannot be filled with copies of its 1 stored row: CHECK constraint failed: code IN"
        " ('a', 'b'). A copied row must satisfy it with other values. Store a database with as many"
        " rows of your own"
    )
    script = """
        CREATE TABLE thing(id INTEGER PRIMARY KEY, kind REFERENCES kind(code), text TEXT UNIQUE);
        CREATE INDEX by_kind ON thing(kind);
        CREATE TABLE kind(code TEXT PRIMARY KEY CHECK (code IN ('a', 'b')));
        CREATE TABLE settings(name TEXT); CREATE UNIQUE INDEX only_one ON settings((1));
        INSERT INTO kind VALUES ('a'), ('b'); INSERT INTO settings VALUES ('a name');
        INSERT INTO thing VALUES (1, 'a', 'of the first kind'), (2, 'b', 'of the second');
    """
    path = tmp_path / "others-filled.db"
    filled = fill(path, script, RowTargets(100))
    assert filled.counts == {"kind": 2, "settings": 1, "thing": 100}
    assert filled.notes == (
        "kind keeps its 2 stored rows, copies are refused: CHECK constraint failed: code IN"
        " ('a', 'b')",
        "settings keeps its 1 stored row, copies are refused: UNIQUE constraint failed: index"
        " 'only_one'",
    )
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        indexes = conn.execute("SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%INDEX%'")
        assert indexes.fetchone() == (2,)


def test_texts_that_the_step_mentions_stay_and_lengths_are_those_of_the_given_file(
    tmp_path: Path,
) -> None:
    script = """
        CREATE TABLE job(id INTEGER PRIMARY KEY, state TEXT, log TEXT);
        INSERT INTO job VALUES (1, 'scheduled', 'some words'), (2, 'finished ones', 'more of them');
    """
    targets = RowTargets(100, {"job": 50}, lengths={("job", "log"): 500})
    path = tmp_path / "filled.db"
    filled = fill(path, script, targets, kept=("finished ones",))
    assert filled.counts == {"job": 50}
    with closing(sqlite3.connect(path)) as conn:
        (states,) = conn.execute("SELECT count(DISTINCT state) FROM job").fetchone()
        (longest,) = conn.execute("SELECT max(length(log)) FROM job").fetchone()
    assert (states, longest) == (2, 500)
