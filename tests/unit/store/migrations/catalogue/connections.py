"""Connections that somebody else opened, and is in the middle of using."""

from __future__ import annotations

import sqlite3
from functools import partial

from tests.unit.store.migrations.catalogue.decision import ON_FILE, fails, works
from tests.unit.store.migrations.catalogue.transactions import AFTER, OR_ROLLBACK

given = partial(works, body="")
refused = partial(fails, body="", error="UnusableConnectionError", modes=ON_FILE)
BY_ITSELF = ", under which the driver ends transactions by itself. Connect without the argument."


def with_options(**options):
    return lambda path: sqlite3.connect(path, **{"isolation_level": None, "timeout": 0, **options})


def then(*actions, **options):
    def connect(path):
        conn = with_options(**options)(path)
        for action in actions:
            action(conn)
        return conn

    return connect


def sql(text):
    return lambda conn: conn.execute(text).fetchall()


class Committing(sqlite3.Connection):
    """A class whose `execute` commits after each statement."""

    def execute(self, *arguments):
        cursor = super().execute(*arguments)
        self.commit()
        return cursor


class OddCursors(sqlite3.Connection):
    """A class whose cursors return nothing."""

    def cursor(self, *_):
        return super().cursor(factory=_Odd)


class _Odd(sqlite3.Cursor):
    def fetchone(self):
        return None


def odd_rows(conn):
    conn.row_factory = lambda *_: 1 / 0


def byte_texts(conn):
    conn.text_factory = bytes


def half_read(conn):
    conn.execute("CREATE TEMP TABLE numbers AS SELECT 1 UNION SELECT 2")
    HALF_READ.append(conn.execute("SELECT * FROM temp.numbers"))
    HALF_READ[-1].fetchone()


def defensive(conn):
    conn.setconfig(sqlite3.SQLITE_DBCONFIG_DEFENSIVE, True)


def restricted(conn):
    conn.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)


def deserialized(path):
    conn = with_options()(path)
    conn.execute("CREATE TABLE something (x)")
    conn.deserialize(conn.serialize())
    return conn


HALF_READ = []
LEVELS = {"none": None, "empty": "", "deferred": "DEFERRED", "immediate": "IMMEDIATE",
          "exclusive": "EXCLUSIVE"}  # fmt: skip

DECISIONS = [
    *(
        given(
            f"opened-{name}",
            f"`isolation_level={level!r}`",
            connect=with_options(isolation_level=level),
        )
        for name, level in LEVELS.items()
    ),
    given(
        "opened-detect-types",
        "`detect_types`",
        connect=with_options(detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES),
    ),
    given(
        "opened-any-thread",
        "`check_same_thread=False`",
        connect=with_options(check_same_thread=False),
    ),
    given("opened-uncached", "`cached_statements=0`", connect=with_options(cached_statements=0)),
    given(
        "opened-uri",
        "a `file:` URI",
        connect=lambda path: with_options(uri=True)(f"file:{path}?mode=rwc"),
        modes=ON_FILE,
    ),
    given(
        "opened-shared-cache",
        "a shared cache",
        connect=lambda path: with_options(uri=True)(f"file:{path}?cache=shared"),
        modes=ON_FILE,
    ),
    given("opened-row-factory", "a `row_factory` that raises", connect=then(odd_rows)),
    given("opened-text-factory", "`text_factory = bytes`", connect=then(byte_texts)),
    fails(
        "opened-committing",
        "a subclass whose `execute` commits",
        "",
        "COMMIT is not allowed in a step; the runner begins and ends the transaction: leave the"
        ' statement, commit() or "with conn:" out, and use db.atomic() or SAVEPOINT for a part that'
        " may fail.",
        "use a plain connection",
        error="TransactionControlError",
        connect=with_options(factory=Committing),
        modes=ON_FILE,
    ),
    given(
        "opened-odd-cursors",
        "a subclass with cursors of its own",
        connect=with_options(factory=OddCursors),
    ),
    fails(
        "opened-half-read",
        "a cursor half-read, where the step drops a table",
        "db['parent'].transform(not_null={'name'})",
        "OperationalError: database table is locked",
        "read it to the end, or close it, first; it keeps `pmd_runner`, empty, attached",
        connect=then(half_read),
        modes=("wal",),
    ),
    given(
        "opened-deserialized",
        "a database made by `deserialize()`",
        connect=deserialized,
        modes=("memory",),
    ),
    given(
        "opened-attached",
        "another database attached",
        instead="it stays attached",
        connect=then(sql("ATTACH ':memory:' AS other")),
    ),
    given(
        "opened-temporary",
        "temporary tables",
        instead="they stay",
        connect=then(sql("CREATE TEMP TABLE theirs AS SELECT 1")),
    ),
    given(
        "opened-foreign-keys",
        "foreign keys on",
        instead="off for a step, then on again",
        connect=then(sql("PRAGMA foreign_keys = ON")),
    ),
    fails(
        "opened-defensive-lost",
        "defensive mode, where a step loses its transaction and goes on",
        f"db.execute('INSERT INTO t VALUES (NULL)'){OR_ROLLBACK}\n"
        "db.execute('INSERT INTO t VALUES (NULL)')",
        AFTER,
        "as without it",
        error="TransactionControlError",
        connect=then(defensive),
        modes=ON_FILE,
        python=(3, 12),
    ),
    given("opened-defensive", "defensive mode", connect=then(defensive), python=(3, 12)),
    given("opened-restricted", "limits set low", connect=then(restricted)),
    given(
        "opened-journal-memory",
        "`PRAGMA journal_mode = MEMORY`",
        instead="a kill may then damage a file; the connection asked for it",
        connect=then(sql("PRAGMA journal_mode = MEMORY")),
        modes=("delete",),
    ),
    refused(
        "opened-journal-off",
        "`PRAGMA journal_mode = OFF`",
        says="the connection has PRAGMA journal_mode = OFF, under which nothing can be rolled back."
        " Set another mode first.",
        instead="set another mode",
        connect=then(sql("PRAGMA journal_mode = OFF")),
        modes=("delete",),
    ),
    refused(
        "opened-autocommit-true",
        "`autocommit=True`",
        says=f"the connection was opened with autocommit=True{BY_ITSELF}",
        instead="connect without it",
        connect=lambda path: sqlite3.connect(path, autocommit=True),
        python=(3, 12),
    ),
    refused(
        "opened-autocommit-false",
        "`autocommit=False`",
        says=f"the connection was opened with autocommit=False{BY_ITSELF}",
        instead="connect without it",
        connect=lambda path: sqlite3.connect(path, autocommit=False),
        python=(3, 12),
    ),
    refused(
        "opened-in-transaction",
        "an open transaction",
        says="the connection has an open transaction, which a migration would have to end. Commit"
        " it or roll it back first.",
        instead="commit or roll back first",
        connect=then(sql("BEGIN")),
    ),
    refused(
        "opened-closed",
        "it is closed",
        says="the connection cannot be used: Cannot operate on a closed database. Give an open one,"
        " in its own thread.",
        instead="give an open one",
        connect=then(sqlite3.Connection.close),
    ),
    fails(
        "opened-read-only",
        "`mode=ro`",
        "",
        "the database PATH has migrations to run and cannot be written. Nothing was changed; make"
        " the file and its folder writable, and open it for writing.",
        "open it for writing",
        error="ReadOnlyDatabaseError",
        modes=ON_FILE,
        connect=lambda path: with_options(uri=True)(f"file:{path}?mode=ro"),
    ),
    fails(
        "opened-query-only",
        "`PRAGMA query_only = ON`",
        "",
        "the database PATH has migrations to run and cannot be written. Nothing was changed; make"
        " the file and its folder writable, and open it for writing.",
        "switch it off",
        error="ReadOnlyDatabaseError",
        modes=ON_FILE,
        connect=then(sql("PRAGMA query_only = ON")),
    ),
]
