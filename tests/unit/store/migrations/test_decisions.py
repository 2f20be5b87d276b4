"""Every decision of docs/MIGRATIONS.md, on a database in memory, with a journal and with a WAL."""

from __future__ import annotations

import functools
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from pmd.store.migrations import MigrationError, MigrationRunner, load_migrations
from tests.unit.store.migrations.application import Application, state
from tests.unit.store.migrations.catalogue import DECISIONS, TABLES
from tests.unit.store.migrations.catalogue.connections import HALF_READ

DOCUMENT = Path(__file__).parents[4] / "docs/MIGRATIONS.md"
WRITE = "db.execute('INSERT INTO t VALUES (99)')\n"
FIRST = """
db.executescript('''
    CREATE TABLE t (x UNIQUE);
    INSERT INTO t VALUES (1), (2);
    CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO parent VALUES (1, 'one'), (2, 'two');
    CREATE TABLE child (id REFERENCES parent(id) ON DELETE CASCADE);
    INSERT INTO child VALUES (1), (2);
    CREATE TABLE plain_child (id REFERENCES parent(id));
    INSERT INTO plain_child VALUES (1), (2);
    CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, x);
    INSERT INTO counted VALUES (3, 'a'), (9, 'b');
    DELETE FROM counted WHERE id = 9;
    CREATE TABLE rolls (x UNIQUE ON CONFLICT ROLLBACK);
    INSERT INTO rolls VALUES (1);
    CREATE TABLE refused (x);
    CREATE TRIGGER refuse BEFORE INSERT ON refused BEGIN SELECT RAISE(ROLLBACK, 'refused'); END;
    CREATE TABLE blobs (id INTEGER PRIMARY KEY, b BLOB);
''')
"""
PRAGMAS = (
    "foreign_keys", "defer_foreign_keys", "legacy_alter_table", "recursive_triggers",
    "writable_schema", "query_only", "ignore_check_constraints", "synchronous", "busy_timeout",
    "locking_mode", "cache_size", "temp_store",
)  # fmt: skip
CHILD = """
import sqlite3, sys
from pmd.store.migrations import MigrationRunner, load_migrations
conn = sqlite3.connect(sys.argv[1], isolation_level=None)
MigrationRunner(conn, load_migrations(sys.argv[2])).run_migrations()
"""


def usual(path):
    """A connection whose settings are none of the defaults."""
    conn = sqlite3.connect(path, isolation_level="IMMEDIATE", timeout=0)
    conn.row_factory = sqlite3.Row
    for pragma in ("foreign_keys = ON", "recursive_triggers = ON", "cache_size = 77"):
        conn.execute(f"PRAGMA {pragma}")
    conn.execute("ATTACH ':memory:' AS beside")
    conn.execute("CREATE TEMP TABLE theirs (x)")
    return conn


def settings_of(conn):
    """Everything about the connection that a step could have left changed."""
    kept = (conn.isolation_level, conn.row_factory, conn.text_factory)
    limits = [conn.getlimit(n) for n in range(12)]
    config = [conn.getconfig(n) for n in (1002, 1010, 1011)] if sys.version_info >= (3, 12) else []
    cursor = sqlite3.Cursor(conn)
    cursor.row_factory, conn.text_factory = None, str
    asked = [cursor.execute(f"PRAGMA {name}").fetchall() for name in PRAGMAS]
    asked.append([row[1] for row in cursor.execute("PRAGMA database_list") if row[1] != "temp"])
    asked.append(cursor.execute("SELECT type, name FROM temp.sqlite_schema").fetchall())
    conn.text_factory = kept[2]
    return [*kept, limits, config, *asked]


def content_of(conn):
    """Every table, row and high-water mark of the main database, and its version."""
    kept, conn.row_factory = (conn.row_factory, conn.text_factory), None
    conn.text_factory = str
    try:
        return state(conn)
    finally:
        conn.row_factory, conn.text_factory = kept


def ask(conn, sql):
    cursor = sqlite3.Cursor(conn)
    cursor.row_factory = None
    kept, conn.text_factory = conn.text_factory, str
    try:
        return cursor.execute(sql).fetchall()
    finally:
        conn.text_factory = kept


@functools.cache
def template(mode):
    """The file of a database at version 1."""
    with TemporaryDirectory() as name:
        app = Application(Path(name))
        app.add(FIRST)
        with app.connect() as conn:
            assert app.runner(conn).run_migrations() == 1
            conn.execute(f"PRAGMA journal_mode = {mode}")
        return app.path.read_bytes()


class Case:
    """One application at version 1 and one connection to its database."""

    def __init__(self, folder, decision, mode):
        self.decision, self.mode = decision, mode
        self.app = Application(folder)
        self.backups = []
        self.app.add(FIRST)
        if mode == "memory":
            self.path = ":memory:"
        else:
            self.path = str(self.app.path)
            self.app.path.write_bytes(template(mode))
        self.conn = (decision.connect or usual)(self.path)
        if mode == "memory":
            with closing(sqlite3.connect(":memory:")) as source:
                source.deserialize(template("delete"))
                source.backup(self.conn)

    def run(self, conn):
        migrations = load_migrations(self.app.folder)

        def backup():
            self.backups.append(1)

        return MigrationRunner(conn, migrations, backup=backup).run_migrations()

    def step(self, body):
        if self.decision.script:
            path = self.app.folder / "0002_step.sql"
            path.write_text(self.decision.script, encoding="utf-8", newline="")
            self.app.count += 1
        elif self.decision.atomic:
            self.app.add(WRITE + body)
        else:
            self.app.add(body, constants="ATOMIC = False")

    def read(self, sql):
        """Ask the database anew, where it is on a file."""
        if self.mode == "memory":
            return ask(self.conn, sql)
        with self.app.connect() as conn:
            return ask(conn, sql)

    def assert_free(self):
        """The connection holds no transaction, and no lock that would keep others out."""
        assert not self.conn.in_transaction
        if self.mode != "memory":
            with self.app.connect() as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("PRAGMA user_version = 7")
                other.execute("ROLLBACK")
                if self.mode == "delete":
                    other.execute("BEGIN EXCLUSIVE")
                    other.execute("ROLLBACK")


@pytest.fixture(autouse=True)
def _no_cursor_is_kept():
    yield
    forget_steps()


def forget_steps():
    HALF_READ.clear()
    for name in [name for name in sys.modules if name.startswith("migration_0002_step_")]:
        del sys.modules[name]


def decisions():
    for decision in DECISIONS:
        late = sys.version_info < decision.python
        skipped = pytest.mark.skipif(late, reason=f"Python {decision.python} brought it")
        yield pytest.param(decision, id=decision.id, marks=skipped)


@pytest.mark.parametrize("decision", list(decisions()))
def test_decision(tmp_path, warm_python, decision):
    """Each decision is the same in every journal mode, and for a database in memory."""
    for mode in decision.modes:
        folder = tmp_path / mode
        folder.mkdir()
        decided(Case(folder, decision, mode), warm_python)
        forget_steps()


def decided(case, warm_python):
    decision = case.decision
    with closing(case.conn):
        if decision.in_child:
            ends_in_a_child(case, warm_python)
        elif decision.error is None:
            goes_through(case)
        else:
            leaves_everything(case)


def goes_through(case):
    conn, decision = case.conn, case.decision
    settings = settings_of(conn)
    case.step(decision.body)
    assert case.run(conn) == 1
    case.assert_free()
    assert settings_of(conn) == settings
    sql, rows = decision.finds
    assert case.read(sql) == rows
    assert case.read("PRAGMA user_version") == [(2,)]
    assert case.read("SELECT count(*) FROM t WHERE x = 99") == [(int(decision.atomic),)]
    assert len(case.backups) == (not decision.atomic and case.mode != "memory")
    # Its remains do not reach the next step, nor the application.
    case.app.add("db['parent'].transform(rename={'name': 'title'})\n" + WRITE.replace("99", "-1"))
    assert case.run(conn) == 1
    assert case.run(conn) == 0
    assert case.read("SELECT count(*) FROM t WHERE x = -1") == [(1,)]
    assert case.read("PRAGMA integrity_check") == [("ok",)]


def leaves_everything(case):
    conn, decision = case.conn, case.decision
    is_open = decision.id != "opened-closed"
    before = content_of(conn) if case.mode == "memory" else file_content(case)
    settings = settings_of(conn) if is_open else None
    begun = is_open and conn.in_transaction
    case.step(decision.body)
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - its kind is compared next
        case.run(conn)
    assert type(caught.value).__name__ == decision.error
    if isinstance(caught.value, MigrationError):
        assert said(case, str(caught.value)) == decision.says
    replaced = restore_file(case)
    closed = not is_open or decision.id in ("closes-connection", "closes-db")
    if not closed:
        assert conn.in_transaction == begun
        conn.rollback() if begun else None
        detach_what_is_kept(conn)
        assert settings_of(conn) == settings
    if case.mode != "memory":
        assert file_content(case) == before
        case.assert_free() if not (closed or begun) else None
    else:
        assert content_of(conn) == before
    case.app.replace(WRITE)
    with closing(usual(case.path)) as again:
        fresh = closed or replaced or decision.connect is not None
        mended = again if fresh else conn
        assert case.run(mended) == 1
        assert ask(mended, "PRAGMA user_version") == [(2,)]
        assert ask(mended, "SELECT count(*) FROM t WHERE x = 99") == [(1,)]


def detach_what_is_kept(conn):
    """A statement of the caller's that is half-read keeps the runner's own empty database."""
    if HALF_READ:
        HALF_READ.pop().close()
        conn.execute("DETACH pmd_runner")


def ends_in_a_child(case, warm_python):
    before = file_content(case)
    case.step(case.decision.body)
    done = warm_python.run(sys.executable, "-c", CHILD, case.path, str(case.app.folder))
    if case.decision.error is None:
        assert done.returncode == 0, done.stderr
        assert "forked" in done.stderr
        case.assert_free()
        assert case.read("PRAGMA user_version") == [(2,)]
        assert case.read("SELECT count(*) FROM t WHERE x = 99") == [(1,)]
        return
    assert done.returncode == int(case.decision.says), done.stderr
    assert file_content(case) == before
    case.app.replace(WRITE)
    assert case.run(case.conn) == 1
    assert case.read("SELECT count(*) FROM t WHERE x = 99") == [(1,)]


def file_content(case):
    with case.app.connect() as conn:
        return state(conn)


def restore_file(case):
    """Put a file back that the step has moved away, and return whether it had."""
    away = Path(f"{case.path}.away")
    if away.exists():
        away.replace(case.path)
        return True
    return False


def said(case, text):
    """The error's text without the step's name, the path and the statement."""
    how = "was undone" if case.decision.atomic else "kept the content as it was"
    head = f"migration 0002 (step 2) failed and {how}: "
    text = (
        text.partition("\nin the statement: ")[0]
        .partition(" The object was created in")[0]
        .removeprefix(head)
    )
    return text.replace(str(case.app.path), "PATH").removeprefix(
        f"{case.app.folder / '0002_step.py'}: "
    )


def test_ids_are_unique():
    ids = [decision.id for decision in DECISIONS]
    assert len(ids) == len(set(ids))
    assert not any(character in name for name in ids for character in "[] ")


def test_the_documents_tell_each_decision():
    assert TABLES in DOCUMENT.read_text(encoding="utf-8")
