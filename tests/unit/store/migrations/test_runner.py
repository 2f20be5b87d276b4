"""What the runner guarantees for anybody's migrations."""

from __future__ import annotations

import logging
import sqlite3
import threading
from contextlib import closing

import pytest

from pmd.store.migrations import (
    DatabaseLockedError,
    ForeignKeyViolationError,
    InvalidMigrationError,
    MigrationError,
    MigrationFailedError,
    MigrationRunner,
    NotADatabaseError,
    ReadOnlyDatabaseError,
    TransactionControlError,
    UnusableConnectionError,
    load_migrations,
)

MESSAGES = {
    "db.execute('COMMIT')": (
        "migration 0002 (step 2) failed and was undone: COMMIT is not allowed in a step; the"
        ' runner begins and ends the transaction: leave the statement, commit() or "with conn:"'
        " out, and use db.atomic() or SAVEPOINT for a part that may fail.\n"
        "in the statement: COMMIT"
    ),
    "db.execute(\"ATTACH ':memory:' AS o\")": (
        "migration 0002 (step 2) failed and was undone: ATTACH is not allowed in a step; a step"
        " changes one database: do it before or after the migrations.\n"
        "in the statement: ATTACH ':memory:' AS o"
    ),
    "db.execute('PRAGMA user_version = 9')": (
        "migration 0002 (step 2) failed and was undone: PRAGMA user_version = 9 is not allowed in"
        " a step; the runner stamps the version together with the step: leave the line out.\n"
        "in the statement: PRAGMA user_version = 9"
    ),
    "try: db.execute('INSERT OR ROLLBACK INTO t VALUES (1)')\nexcept Exception: pass": (
        "migration 0002 (step 2) failed and was undone: its transaction was lost: a conflict"
        " rolled it back, and the error was swallowed. Let that error leave up(db).\n"
        "in the statement: INSERT OR ROLLBACK INTO t VALUES (1)"
    ),
    "db.execute('SELECT 1 FROM nowhere')": (
        "migration 0002 (step 2) failed and was undone: OperationalError: no such table:"
        " nowhere\nin the statement: SELECT 1 FROM nowhere"
    ),
    "db.query('SELECT 1 FROM nowhere')": (
        "migration 0002 (step 2) failed and was undone: OperationalError: no such table:"
        " nowhere\nin the statement: SELECT 1 FROM nowhere"
    ),
    "db['t'].insert({'y': 1})": (
        "migration 0002 (step 2) failed and was undone: OperationalError: table t has no column"
        ' named y\nin the statement: INSERT INTO "t" ("y") VALUES (?)'
    ),
    "try: db.execute('SELECT 1 FROM nowhere')\n"
    "except Exception as error: raise ValueError('mine') from error": (
        "migration 0002 (step 2) failed and was undone: ValueError: mine\n"
        "in the statement: SELECT 1 FROM nowhere"
    ),
    "db.execute('SELECT 1')\nraise ValueError('mine')": (
        "migration 0002 (step 2) failed and was undone: ValueError: mine"
    ),
    "try: db.execute('SELECT 1 FROM nowhere')\nexcept Exception: pass\nraise ValueError('mine')": (
        "migration 0002 (step 2) failed and was undone: ValueError: mine"
    ),
    "db.execute('SELECT 1')\ndb.conn.execute('SELECT 1 FROM nowhere')": (
        "migration 0002 (step 2) failed and was undone: OperationalError: no such table: nowhere"
    ),
    "db.execute('INSERT INTO t VALUES (7)')\ndb.conn.commit()": (
        "migration 0002 (step 2) failed and was undone: COMMIT is not allowed in a step; the"
        ' runner begins and ends the transaction: leave the statement, commit() or "with conn:"'
        " out, and use db.atomic() or SAVEPOINT for a part that may fail."
    ),
    "db.execute('INSERT INTO t VALUES (7)')\ndb.conn.close()": (
        "migration 0002 (step 2) failed and was undone: it closed the connection, which the runner"
        " and the application go on using. Leave that out."
    ),
    "raise ValueError('mine')": ("migration 0002 (step 2) failed and was undone: ValueError: mine"),
}


@pytest.mark.parametrize(("body", "message"), MESSAGES.items(), ids=range(len(MESSAGES)))
def test_a_failure_names_the_step_the_statement_and_the_way_out(app, at_one, body, message):
    app.add(body)
    with pytest.raises(MigrationFailedError) as caught:
        app.runner(at_one).run_migrations()
    assert str(caught.value) == message


def test_steps_before_the_failing_one_are_kept(app):
    app.add("db.execute('CREATE TABLE u (y)')")
    app.add("db.execute('CREATE TABLE u (y)')")
    with app.connect() as conn:
        with pytest.raises(MigrationFailedError):
            app.runner(conn).run_migrations()
        assert app.runner(conn).get_current_version() == 2


def test_every_pending_module_is_checked_before_the_first_step(app):
    path = app.add("pass")
    path.write_text("VERSION = 3\ndef up(db): pass\n")
    with app.connect() as conn:
        with pytest.raises(InvalidMigrationError, match="VERSION is 3"):
            app.runner(conn).run_migrations()
        assert conn.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)


def test_connection_settings_are_put_back(app, at_one):
    app.add(
        """
        db.conn.row_factory = lambda cursor, row: None
        db.conn.text_factory = bytes
        db.conn.isolation_level = 'EXCLUSIVE'
        db.execute('PRAGMA legacy_alter_table = ON')
        db.execute('PRAGMA recursive_triggers = ON')
        db.execute('CREATE TEMP TABLE mine (x)')
        db.execute('CREATE TEMP VIEW seen AS SELECT 1')
        """
    )
    at_one.execute("PRAGMA foreign_keys = ON")
    at_one.execute("CREATE TEMP TABLE ours (x)")
    at_one.row_factory = sqlite3.Row
    at_one.text_factory = bytes
    at_one.isolation_level = "IMMEDIATE"
    app.runner(at_one).run_migrations()
    assert (at_one.row_factory, at_one.text_factory) == (sqlite3.Row, bytes)
    assert at_one.isolation_level == "IMMEDIATE"
    at_one.row_factory = None
    for pragma, value in [
        ("foreign_keys", 1),
        ("legacy_alter_table", 0),
        ("recursive_triggers", 0),
    ]:
        assert at_one.execute(f"PRAGMA {pragma}").fetchone() == (value,)
    assert at_one.execute("SELECT name FROM temp.sqlite_schema").fetchall() == [(b"ours",)]


def test_a_closed_connection_is_refused(app):
    with app.connect() as conn:
        conn.close()
        with pytest.raises(UnusableConnectionError) as caught:
            app.runner(conn).run_migrations()
    assert str(caught.value) == (
        "the connection cannot be used: Cannot operate on a closed database."
        " Give an open one, in its own thread."
    )
    with app.connect() as conn:
        runner = app.runner(conn)
        conn.close()
        with pytest.raises(MigrationError) as caught:
            runner.set_version(1)
    assert str(caught.value).startswith(
        "the database cannot be migrated: Cannot operate on a closed database."
    )


def test_a_locked_database_is_said(app):
    with app.connect() as holder, app.connect() as conn:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseLockedError) as caught:
            app.runner(conn).run_migrations()
        assert not conn.in_transaction
        holder.execute("ROLLBACK")
        assert app.runner(conn).run_migrations() == 1
    assert str(caught.value) == (
        f"the database {app.path} is locked: another connection kept its lock for longer than"
        " this one's timeout. Nothing was changed; try again, or connect with a longer timeout."
    )


def test_a_read_only_database_is_said_before_the_step_begins(app, at_one):
    app.add("raise AssertionError('begun')")
    uri = f"file:{app.path}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as conn:
        with pytest.raises(ReadOnlyDatabaseError) as caught:
            app.runner(conn).run_migrations()
        assert not conn.in_transaction
    assert str(caught.value) == (
        f"the database {app.path} has migrations to run and cannot be written. Nothing was"
        " changed; make the file and its folder writable, and open it for writing."
    )


def test_what_is_no_database_is_said(app):
    app.path.write_bytes(b"no database at all, whatever its name may say" * 50)
    with app.connect() as conn, pytest.raises(NotADatabaseError) as caught:
        app.runner(conn).run_migrations()
    assert str(caught.value) == (
        f"the database {app.path} is no SQLite database, or is encrypted. Nothing was changed;"
        " check the path."
    )


def test_a_broken_database_is_said_in_sqlites_words(app, at_one):
    app.add("db.execute('INSERT INTO t VALUES (7)')")
    at_one.close()
    content = app.path.read_bytes()
    app.path.write_bytes(content[:100] + b"\xff" * 8 + content[108:])
    with app.connect() as conn, pytest.raises(MigrationError) as caught:
        app.runner(conn).run_migrations()
    assert "database disk image is malformed" in str(caught.value)


def test_rebuilding_a_parent_keeps_the_children(app):
    app.add(
        """
        db.executescript('''
            CREATE TABLE parent (id INTEGER PRIMARY KEY);
            CREATE TABLE child (id REFERENCES parent(id) ON DELETE CASCADE);
            INSERT INTO parent VALUES (1), (2);
            INSERT INTO child VALUES (1), (2);
        ''')
        """
    )
    app.add("db['parent'].transform(rename={'id': 'key'})")
    app.replace("db['parent'].transform(types={'id': int}, not_null={'id'})")
    with app.connect() as conn:
        conn.execute("PRAGMA foreign_keys = ON")
        app.runner(conn).run_migrations()
        assert conn.execute("SELECT * FROM child").fetchall() == [(1,), (2,)]
        assert conn.execute("PRAGMA foreign_keys").fetchone() == (1,)


FOREIGN = """
    db.executescript('''
        CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (id REFERENCES parent(id));
        INSERT INTO parent VALUES (1), (2);
        INSERT INTO child VALUES (1), (2);
    ''')
    """


def test_rows_that_point_at_nothing_fail_the_step(app):
    app.add(FOREIGN)
    app.add("db.execute('DELETE FROM parent WHERE id = 2')")
    with app.connect() as conn:
        with pytest.raises(ForeignKeyViolationError) as caught:
            app.runner(conn).run_migrations()
        assert app.runner(conn).get_current_version() == 2
        assert conn.execute("SELECT * FROM parent").fetchall() == [(1,), (2,)]
    assert str(caught.value) == (
        "migration 0003 (step 3) failed and was undone: it leaves rows whose foreign key points"
        " at nothing: child row 2 -> parent. Delete or mend them in the step."
    )


def test_a_parent_in_other_letters_is_not_told_as_no_table(app, at_one):
    app.add(
        """
        db.executescript('''
            CREATE TABLE "GRÖSSE" (id INTEGER PRIMARY KEY);
            CREATE TABLE child (id REFERENCES "grÖsse"(id));
            INSERT INTO child VALUES (1);
        ''')
        """
    )
    with pytest.raises(ForeignKeyViolationError) as caught:
        app.runner(at_one).run_migrations()
    assert "child row 1 -> grÖsse" in str(caught.value)


def test_rows_that_pointed_at_nothing_before_do_not_fail_a_step(app):
    app.add(FOREIGN)
    app.add("db['child'].transform(rename={'id': 'parent_id'})")
    app.add("db.execute('ALTER TABLE child RENAME TO children')")
    app.add("db.execute('DELETE FROM parent')")
    with app.connect() as conn:
        app.runner(conn).run_migrations(2)
        conn.execute("INSERT INTO child VALUES (7)")
        app.runner(conn).run_migrations(4)
        with pytest.raises(ForeignKeyViolationError) as caught:
            app.runner(conn).run_migrations()
    assert str(caught.value) == (
        "migration 0005 (step 5) failed and was undone: it leaves rows whose foreign key points"
        " at nothing: children row 1 -> parent; children row 2 -> parent (1 were there before the"
        " step). Delete or mend them in the step."
    )


def test_autoincrement_marks_never_go_back(app):
    app.add(
        """
        db.executescript('''
            CREATE TABLE kept (id INTEGER PRIMARY KEY AUTOINCREMENT, x);
            CREATE TABLE emptied (id INTEGER PRIMARY KEY AUTOINCREMENT, x);
            CREATE TABLE plain (id INTEGER PRIMARY KEY AUTOINCREMENT, x);
            INSERT INTO kept VALUES (1, 'a'), (50, 'b');
            INSERT INTO emptied VALUES (60, 'c');
            INSERT INTO plain VALUES (70, 'd');
            DELETE FROM kept WHERE id = 50;
            DELETE FROM emptied;
            CREATE TABLE forgotten (id INTEGER PRIMARY KEY AUTOINCREMENT);
            INSERT INTO forgotten VALUES (80);
            INSERT INTO sqlite_sequence VALUES ('odd', NULL);
        ''')
        """
    )
    app.add(
        """
        for name in ("kept", "emptied"):
            db.executescript(f'''
                CREATE TABLE new (id INTEGER PRIMARY KEY AUTOINCREMENT, x, y);
                INSERT INTO new (id, x) SELECT id, x FROM {name};
                DROP TABLE {name};
                ALTER TABLE new RENAME TO {name};
            ''')
        db.executescript('''
            CREATE TABLE new (id INTEGER PRIMARY KEY, x);
            INSERT INTO new SELECT * FROM plain;
            DROP TABLE plain;
            ALTER TABLE new RENAME TO plain;
            DELETE FROM sqlite_sequence WHERE name = 'forgotten';
        ''')
        """
    )
    with app.connect() as conn:
        app.runner(conn).run_migrations()
        marks = dict(conn.execute("SELECT name, seq FROM sqlite_sequence"))
        assert marks == {"kept": 50, "emptied": 60, "forgotten": 80, "odd": None}


def test_two_runners_on_one_file_take_each_step_once(app):
    app.add("db.execute('CREATE TABLE u (y)')")
    app.add("db.execute('INSERT INTO u VALUES (1)')")
    barrier = threading.Barrier(4)
    applied, errors = [], []

    def run():
        with app.connect(timeout=60) as conn:
            barrier.wait()
            try:
                applied.append(app.runner(conn).run_migrations())
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sum(applied) == 3
    with app.connect() as conn:
        assert conn.execute("SELECT * FROM u").fetchall() == [(1,)]


def test_a_step_taken_meanwhile_is_left_to_the_other(app, at_one, caplog):
    app.add("db.execute('CREATE TABLE u (y)')")
    app.add("db.execute('CREATE TABLE v (y)')")
    caplog.set_level(logging.INFO, logger="pmd.store.migrations")
    with app.connect() as other:

        def overtake(migration, done, todo):
            if migration.version == 2:
                app.runner(other).run_migrations()

        assert app.runner(at_one).run_migrations(progress=overtake) == 1
    assert [record.getMessage() for record in caplog.records][-1] == (
        "0003 step 3: taken by another connection"
    )


def test_a_version_set_back_meanwhile_is_said(app, at_one):
    app.add("db.execute('CREATE TABLE u (y)')")
    app.add("db.execute('CREATE TABLE v (y)')")

    def set_back(migration, done, todo):
        at_one.execute("PRAGMA user_version = 1")

    with pytest.raises(MigrationError) as caught:
        app.runner(at_one).run_migrations(progress=set_back)
    assert str(caught.value) == (
        "the database went back to version 1 while it was being brought to 3: another program"
        " sets PRAGMA user_version. Stop it, and try again."
    )


def test_an_authorizer_of_the_callers_is_chained_and_put_back(app):
    app.add("db.execute('INSERT INTO t VALUES (3)')")
    seen = []

    def authorizer(action, one, two, database, trigger):
        seen.append((action, one))
        return sqlite3.SQLITE_OK

    with app.connect() as conn:
        runner = MigrationRunner(conn, load_migrations(app.folder), authorizer=authorizer)
        runner.run_migrations()
        assert (sqlite3.SQLITE_INSERT, "t") in seen
        seen.clear()
        conn.execute("SELECT x FROM t")
        assert seen


def test_scripts_and_modules_lie_side_by_side_and_may_be_given_in_any_order(app):
    (app.folder / "0002_more.sql").write_text(
        "\ufeff-- More of it\r\nCREATE TABLE u (y);\r\nINSERT INTO u VALUES ('a;b');\r\n",
        encoding="utf-8",
        newline="",
    )
    found = load_migrations(app.folder)
    with app.connect() as conn:
        assert MigrationRunner(conn, found[::-1]).run_migrations() == 2
        assert conn.execute("SELECT y FROM u").fetchall() == [("a;b",)]
        (app.folder / "0003_end.sql").write_text("DROP TABLE t; COMMIT; DROP TABLE u")
        with pytest.raises(TransactionControlError, match=r"in the statement: COMMIT;\Z"):
            app.runner(conn).run_migrations()
        assert conn.execute("SELECT count(*) FROM t").fetchone() == (2,)
    assert found[1].load().description == "More of it"


def test_a_deferred_key_that_breaks_at_commit_fails_the_step(app, at_one):
    at_one.execute("PRAGMA foreign_keys = ON")
    app.add(FOREIGN)
    app.runner(at_one).run_migrations()
    assert at_one.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_with_no_migrations_there_is_nothing_to_do(tmp_path):
    with closing(sqlite3.connect(":memory:")) as conn:
        runner = MigrationRunner(conn, [])
        assert (runner.get_latest_version(), runner.run_migrations()) == (0, 0)
