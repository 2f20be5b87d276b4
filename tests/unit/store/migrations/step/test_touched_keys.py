"""In a large database only the keys that a step may have broken are checked, with one verdict."""

from __future__ import annotations

import ast
import sqlite3
from contextlib import closing

import pytest

from pmd.store.migrations import (
    ForeignKeyViolationError,
    MigrationFailedError,
    MigrationRunner,
    TransactionControlError,
    load_migrations,
)
from tests.unit.store.migrations.application import Application, state

FIRST = """
CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT UNIQUE, name TEXT UNIQUE, note);
INSERT INTO parent VALUES (1, 'a', 'one', ''), (2, 'b', 'two', ''), (3, 'c', 'three', '');
CREATE TABLE child (id INTEGER PRIMARY KEY, p REFERENCES Parent, note, UNIQUE (note));
INSERT INTO child VALUES (1, 1, 'x'), (2, 2, 'y');
CREATE TABLE coded (code REFERENCES parent(CODE), note) ;
INSERT INTO coded VALUES ('a', ''), ('b', '');
CREATE TABLE own (id INTEGER PRIMARY KEY REFERENCES parent(id), note);
INSERT INTO own VALUES (1, ''), (2, '');
CREATE TABLE keyed (a, b, p REFERENCES parent(id), PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO keyed VALUES (1, 1, 1);
CREATE TABLE tree (id INTEGER PRIMARY KEY, up REFERENCES tree(id), note);
INSERT INTO tree VALUES (1, NULL, ''), (2, 1, '');
CREATE TABLE made (x, p GENERATED ALWAYS AS (x + 1) REFERENCES parent(id));
INSERT INTO made (x) VALUES (0), (1);
CREATE TABLE pair (a, b, FOREIGN KEY (a, b) REFERENCES two(a, b));
CREATE TABLE two (a, b, note, PRIMARY KEY (a, b));
INSERT INTO two VALUES (1, 1, ''); INSERT INTO pair VALUES (1, 1);
CREATE TABLE log (x);
CREATE TRIGGER logged AFTER INSERT ON log BEGIN DELETE FROM parent WHERE id = new.x; END;
CREATE VIEW shown AS SELECT * FROM child;
CREATE TRIGGER shown_update INSTEAD OF UPDATE ON shown
BEGIN UPDATE child SET p = new.p WHERE id = old.id; END;
"""
BROKEN = """
INSERT INTO child VALUES (7, 77, 'w'); INSERT INTO keyed VALUES (7, 7, 77);
INSERT INTO tree VALUES (7, 77, '');
"""
FILLER = """
CREATE TABLE filler (b);
INSERT INTO filler VALUES (zeroblob(1100000)); DELETE FROM filler;
"""
"""A megabyte of free pages, which a dump need not print."""
STEPS = [
    "db.execute('UPDATE child SET note = note || 1')",
    "db.execute('UPDATE child SET note = note || 1, p = 9 WHERE id = 1')",
    "db.execute('UPDATE child SET P = 9 WHERE id = 1')",
    "db.execute('UPDATE child SET p = 3')",
    "db.execute('INSERT INTO child VALUES (5, 9, 5)')",
    "db.execute('INSERT INTO child VALUES (5, 3, 5)')",
    "db.execute('INSERT INTO child VALUES (1, 1, 1) ON CONFLICT DO UPDATE SET p = 9')",
    "db.execute('DELETE FROM child')",
    "db.execute('DELETE FROM child WHERE id = 7')",
    "db.execute(\"UPDATE OR REPLACE child SET note = 'x' WHERE id = 2\")",
    "db.execute('DELETE FROM parent WHERE id = 3')",
    "db.execute('DELETE FROM PARENT WHERE id = 1')",
    "db.execute(\"UPDATE parent SET code = 'z' WHERE id = 1\")",
    "db.execute('UPDATE parent SET rowid = 9 WHERE id = 1')",
    "db.execute(\"INSERT OR REPLACE INTO parent VALUES (9, 'a', 'nine', '')\")",
    "db.execute(\"UPDATE OR REPLACE parent SET name = 'one' WHERE id = 2\")",
    "db.execute('UPDATE parent SET note = 1')",
    "db.execute(\"UPDATE coded SET code = 'z' WHERE code = 'a'\")",
    "db.execute('UPDATE coded SET rowid = rowid + 10')",
    "db.execute('UPDATE own SET _rowid_ = 9 WHERE id = 1')",
    "db.execute('UPDATE own SET id = 9 WHERE id = 1')",
    "db.execute('UPDATE own SET note = 1')",
    "db.execute('UPDATE keyed SET p = 9')",
    "db.execute('UPDATE keyed SET b = b + 1')",
    "db.execute('UPDATE tree SET id = 9 WHERE id = 1')",
    "db.execute('DELETE FROM tree WHERE id = 1')",
    "db.execute('UPDATE tree SET note = 1')",
    "db.execute('UPDATE made SET x = 50 WHERE x = 1')",
    "db.execute('UPDATE pair SET b = 2')",
    "db.execute('UPDATE two SET b = 2')",
    "db.execute('UPDATE two SET note = 2')",
    "db.execute('INSERT INTO log VALUES (1)')",
    "db.execute('INSERT INTO log VALUES (3)')",
    "db.execute('UPDATE shown SET p = 9 WHERE id = 1')",
    "db.execute('CREATE TABLE late (p REFERENCES nowhere)')",
    "db.execute('ALTER TABLE log ADD COLUMN p REFERENCES parent(id)')",
    "db.execute('DROP TABLE parent')",
    "db.execute('DROP TABLE two')",
    "db['child'].transform(rename={'note': 'text'})",
    "db.execute('CREATE TEMP TABLE child (p)')\ndb.execute('INSERT INTO child VALUES (9)')",
    "with db.conn.blobopen('coded', 'code', 1) as blob:\n    blob.write(b'z')",
    "db.execute('SAVEPOINT s')\ndb.execute('DELETE FROM parent')\ndb.execute('ROLLBACK TO s')",
    "pass",
]


@pytest.fixture(scope="module")
def images():
    """The database without and with broken keys, small and large."""
    made = {}
    for broken in (False, True):
        for large in (False, True):
            with closing(sqlite3.connect(":memory:")) as conn:
                conn.executescript(FIRST + BROKEN * broken + FILLER * large)
                conn.execute("PRAGMA user_version = 1")
                made[broken, large] = conn.serialize()
                assert (len(made[broken, large]) >= 1_000_000) is large
    return made


def application(folder, *steps):
    """An application whose second step is the first of these; text of SQL stands for a script."""
    folder.mkdir()
    app = Application(folder)
    app.add("pass")
    for step in steps:
        (app.add if step == "pass" or step.startswith(("db", "with")) else app.add_script)(step)
    return app


def as_script(body):
    """The SQL of a step that executes one statement; None of any other."""
    call = ast.parse(body).body
    if len(call) == 1 and body.startswith("db.execute("):
        return call[0].value.args[0].value
    return None


def outcome(app, image, prepare=lambda _: None):
    """What a run says of each step, and what it leaves, but for what makes the file large."""
    checked = []
    path = app.folder.parent / f"{app.folder.name}.db"
    path.write_bytes(image)
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA synchronous = OFF")
        prepare(conn)
        conn.set_trace_callback(lambda sql: "check" in sql and checked.append(sql))
        try:
            said = MigrationRunner(conn, load_migrations(app.folder)).run_migrations()
        except MigrationFailedError as error:
            said = str(error)
        conn.set_trace_callback(None)
        return said, [line for line in state(conn) if "filler" not in str(line)], checked


@pytest.mark.parametrize("broken", [False, True])
def test_a_large_database_and_a_small_one_have_the_same_verdict(tmp_path, images, broken):
    """For each step alone, and for each with a second one that breaks a key of its own.

    What executes one statement says of it as a script what it says of it as a module.
    """
    refused = scripts = 0
    for number, body in enumerate(STEPS):
        for second in ((), ("db.execute('UPDATE child SET p = 8 WHERE id = 2')",)):
            app = application(tmp_path / f"{number}{bool(second)}", body, *second)
            small = outcome(app, images[broken, False])
            large = outcome(app, images[broken, True])
            assert large[:2] == small[:2], (body, second)
            refused += isinstance(small[0], str)
            if (sql := as_script(body)) is not None:
                scripts += 1
                app = application(tmp_path / f"{number}{bool(second)}sql", sql, *second)
                assert outcome(app, images[broken, True])[:2] == small[:2], (sql, second)
    assert 40 < refused < 2 * len(STEPS)
    assert scripts > len(STEPS)


def test_keys_that_a_step_cannot_break_are_not_checked(tmp_path, images):
    checks = {}
    for body in STEPS[:1] + STEPS[3:4] + STEPS[16:17]:
        app = application(tmp_path / str(len(checks)), body)
        said, _, checked = outcome(app, images[False, True])
        assert said == 1
        # The first is of the whole database, before the step.
        checks[body] = [sql.partition('"')[2].rstrip('")') for sql in checked[1:]]
    assert checks == {
        "db.execute('UPDATE child SET note = note || 1')": [],
        "db.execute('UPDATE child SET p = 3')": ["child"],
        "db.execute('UPDATE parent SET note = 1')": ["child", "coded", "own", "keyed", "made"],
    }


def test_no_key_is_checked_around_a_script_that_can_break_none(tmp_path, images):
    """After it, a module is not known to break none, and every key is checked before it."""
    harmless = "-- notes\nUPDATE child SET note = note || 1; /* more */ SELECT 1;"
    app = application(tmp_path / "alone", harmless, "DELETE FROM log")
    assert outcome(app, images[True, True])[::2] == (2, [])
    app = application(tmp_path / "before", harmless, "db.execute('UPDATE child SET note = 1')")
    said, _, checked = outcome(app, images[True, True])
    assert "UNIQUE constraint failed" in said
    assert checked[:1] == ["PRAGMA main.foreign_key_check"]
    for number, other in enumerate(("CREATE TABLE late (x)", "PRAGMA user_version", "SELECT nope")):
        app = application(tmp_path / f"other{number}", f"{harmless} {other};")
        assert outcome(app, images[True, True])[2][:1] == ["PRAGMA main.foreign_key_check"], other
    app = application(tmp_path / "many", "SELECT 1;" * 101)
    assert outcome(app, images[True, True])[2][:1] == ["PRAGMA main.foreign_key_check"]


def test_what_a_function_writes_in_a_script_is_checked_though_nobody_foresaw_it(tmp_path, images):
    def prepare(conn):
        conn.create_function("sneak", 0, lambda: conn.execute("DELETE FROM parent").rowcount)

    app = application(tmp_path / "sneaking", "SELECT sneak()")
    said, left, _ = outcome(app, images[False, True], prepare)
    assert "rows whose foreign key points at nothing" in said
    assert left[-1] == 1


def test_the_size_of_a_file_is_that_on_the_disk(tmp_path, images):
    """And a step that takes the guard away from a large one is not stamped."""
    app = Application(tmp_path)
    app.add("pass")
    app.add("db.execute('UPDATE child SET p = 9 WHERE id = 1')")
    app.path.write_bytes(images[False, True])
    with app.connect() as conn:
        checked = []
        conn.set_trace_callback(checked.append)
        with pytest.raises(ForeignKeyViolationError, match="child row 1 -> Parent"):
            app.runner(conn).run_migrations()
        conn.set_trace_callback(None)
        assert 'PRAGMA main.foreign_key_check("child")' in checked
        app.replace("db.conn.set_authorizer(None)")
        with pytest.raises(TransactionControlError, match="replaced the connection's authorizer"):
            app.runner(conn).run_migrations()
        assert app.runner(conn).get_current_version() == 1
