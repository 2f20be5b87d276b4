"""Steps that leave something on the connection, or do without it."""

from __future__ import annotations

from functools import partial

from tests.unit.store.migrations.catalogue.decision import ON_FILE, fails, works

denied = partial(fails, error="TransactionControlError")

ON_CONNECTION = "set it on the connection, outside the migrations"
PUT_BACK = "put back after it"
SETCONFIG = (
    "it changed the connection by setconfig(), past what keeps its transaction together. Set that"
    " on the connection, outside the migrations."
)
KEEP = "import sys\nkept = sys.modules[__name__].__dict__.setdefault('KEPT', [])\n"

DECISIONS = [
    works(
        "row-factory",
        "leaves a `row_factory` that raises",
        "db.conn.row_factory = lambda cursor, row: 1 / 0",
        PUT_BACK,
    ),
    works("text-factory", "leaves a `text_factory`", "db.conn.text_factory = bytes", PUT_BACK),
    works(
        "limits",
        "leaves limits set by `setlimit`",
        "import sqlite3\ndb.conn.setlimit(sqlite3.SQLITE_LIMIT_SQL_LENGTH, 3)",
        PUT_BACK,
    ),
    denied(
        "setconfig-foreign-keys",
        "switches foreign keys on by `setconfig`",
        "import sqlite3\ndb.conn.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_FKEY, True)",
        SETCONFIG,
        ON_CONNECTION,
        python=(3, 12),
    ),
    denied(
        "setconfig-writable-schema",
        "unlocks the schema by `setconfig`",
        "import sqlite3\ndb.conn.setconfig(sqlite3.SQLITE_DBCONFIG_WRITABLE_SCHEMA, True)",
        SETCONFIG,
        ON_CONNECTION,
        python=(3, 12),
    ),
    fails(
        "edit-schema",
        "edits `sqlite_schema` itself",
        "db.execute(\"UPDATE sqlite_schema SET sql = '' WHERE name = 't'\")",
        "OperationalError: table sqlite_master may not be modified",
        "use `ALTER TABLE`",
    ),
    works(
        "temp-table",
        "leaves temporary tables, views, triggers",
        'db.executescript(\'\'\'CREATE TEMP TABLE "a ""b" (x); CREATE TEMP VIEW seen AS SELECT 1;'
        " CREATE TEMP TRIGGER tr AFTER INSERT ON main.t BEGIN DELETE FROM t; END''')",
        "dropped after it",
    ),
    works(
        "temp-shadow",
        "hides a table behind a temporary one",
        "db.execute('CREATE TEMP TABLE t (x)')\ndb.execute('INSERT INTO t VALUES (5)')",
        "dropped after it",
        finds=("SELECT count(*) FROM main.t", [(3,)]),
    ),
    works(
        "cursor-half-read",
        "keeps a half-read cursor",
        f"{KEEP}kept.append(db.execute('SELECT x FROM t')); kept[-1].fetchone()",
        "ended after it, so that no lock stays",
    ),
    works(
        "rows-half-consumed",
        "keeps a generator of rows, half consumed",
        f"{KEEP}kept.append(db.query('SELECT x FROM t')); next(kept[-1])",
        "likewise",
    ),
    works(
        "iterdump-open",
        "keeps `iterdump()`, half consumed",
        f"{KEEP}kept.append(db.conn.iterdump()); [next(kept[-1]) for _ in range(4)]",
        "likewise",
    ),
    works(
        "returning-half-read",
        "keeps `INSERT ... RETURNING`, half read",
        f"{KEEP}kept.append(db.execute('INSERT INTO t VALUES (7), (8) RETURNING x'))\n"
        "kept[-1].fetchone()",
        "likewise; all rows are in",
        finds=("SELECT count(*) FROM t", [(5,)]),
    ),
    works(
        "blob-left-open",
        "keeps a blob open",
        f'{KEEP}db.execute("INSERT INTO blobs VALUES (1, zeroblob(5))")\n'
        "kept.append(db.conn.blobopen('blobs', 'b', 1)); kept[-1].write(b'hello')",
        "closed after it",
        finds=("SELECT CAST(b AS TEXT) FROM blobs", [("hello",)]),
    ),
    fails(
        "half-read-and-raise",
        "raises with a cursor half-read",
        "rows = db.execute('SELECT x FROM t'); rows.fetchone()\nraise ValueError('mine')",
        "ValueError: mine",
    ),
    fails(
        "half-read-and-interrupted",
        "is interrupted with a cursor half-read",
        "rows = db.execute('SELECT x FROM t'); rows.fetchone()\ndb.conn.interrupt()\n"
        "db.execute('INSERT INTO t VALUES (3)')",
        "OperationalError: interrupted",
    ),
    fails(
        "progress-handler-interrupting",
        "leaves a progress handler that always interrupts",
        "db.conn.set_progress_handler(lambda: 1, 1)",
        "it could not be committed: interrupted",
        "leave it out; the handler is removed",
    ),
    fails(
        "progress-handler-and-raise",
        "leaves one and raises",
        "db.conn.set_progress_handler(lambda: 1, 1)\nraise ValueError('mine')",
        "ValueError: mine",
        "likewise",
    ),
    works(
        "progress-handler",
        "leaves one that does not",
        "db.conn.set_progress_handler(lambda: 0, 1)",
        "it stays: it cannot be read back",
    ),
    works(
        "trace-callback",
        "leaves a trace callback that raises",
        "db.conn.set_trace_callback(lambda sql: 1 / 0)",
        "it stays: it cannot be read back",
    ),
    works(
        "function-overriding",
        "puts its own function in the place of `max`",
        "db.conn.create_function('max', 1, lambda x: 1 / 0)",
        "it stays: it cannot be read back",
    ),
    works(
        "functions-removed",
        "removes functions of SQLite's",
        "for name in ('typeof', 'count'):\n    db.conn.create_function(name, 1, None)",
        "likewise",
    ),
    works(
        "collation-of-its-own",
        "creates an index with its own collation",
        "db.conn.create_collation('mine', lambda a, b: (a > b) - (a < b))\n"
        "db.execute('CREATE INDEX i ON parent (name COLLATE mine)')",
        "every connection must define it",
        modes=("memory",),
    ),
    fails(
        "collation-missing",
        "uses one that nobody defined",
        "db.execute('CREATE INDEX i ON parent (name COLLATE nowhere)')",
        "OperationalError: no such collation sequence: nowhere",
    ),
    denied(
        "closes-connection",
        "closes the connection",
        "db.conn.close()",
        "it closed the connection, which the runner and the application go on using. Leave that"
        " out.",
        "leave it out",
        modes=ON_FILE,
    ),
    denied(
        "closes-db",
        "calls `db.close()`",
        "db.close()",
        "it closed the connection, which the runner and the application go on using. Leave that"
        " out.",
        "leave it out",
        modes=ON_FILE,
    ),
    denied(
        "replaces-conn",
        "puts another connection in `db.conn`",
        "import sqlite3, contextlib\n"
        "with contextlib.closing(sqlite3.connect(':memory:')) as other:\n"
        "    db.conn = other\n    db.execute('CREATE TABLE elsewhere (x)')",
        "it put another connection in the place of db.conn, so that its work went elsewhere. Use"
        " the one it is given.",
        "use `db.conn`",
    ),
    denied(
        "removes-file",
        "renames the database's file away",
        "import os\npath = db.execute('PRAGMA database_list').fetchone()[2]\n"
        "os.rename(path, path + '.away')",
        "the database's file was removed or replaced while it ran, so that nothing could be kept."
        " Leave the file alone.",
        "leave the file alone",
        modes=ON_FILE,
    ),
    fails(
        "second-connection-writes",
        "writes through a second connection",
        "import sqlite3, contextlib\npath = db.execute('PRAGMA database_list').fetchone()[2]\n"
        "with contextlib.closing(sqlite3.connect(path, timeout=0)) as other:\n"
        "    other.execute('INSERT INTO t VALUES (5)')",
        "OperationalError: database is locked",
        "write through `db`",
        modes=ON_FILE,
    ),
    works(
        "second-connection-reads",
        "reads through one",
        "import sqlite3, contextlib\npath = db.execute('PRAGMA database_list').fetchone()[2]\n"
        "with contextlib.closing(sqlite3.connect(path, timeout=0)) as other:\n"
        "    assert other.execute('SELECT count(*) FROM t').fetchall() == [(2,)]",
        "it sees the old version",
        modes=ON_FILE,
    ),
    fails(
        "load-extension",
        "loads an extension",
        "db.execute(\"SELECT load_extension('nothing')\")",
        "OperationalError: not authorized",
        "load it on the connection, before",
    ),
]
