"""Steps that reach for their transaction."""

from __future__ import annotations

from functools import partial

from tests.unit.store.migrations.catalogue.decision import fails, works

denied = partial(fails, error="TransactionControlError")

ENDS = (
    " is not allowed in a step; the runner begins and ends the transaction: leave the statement,"
    ' commit() or "with conn:" out, and use db.atomic() or SAVEPOINT for a part that may fail.'
)
COMMIT = f"COMMIT{ENDS}"
BEGIN = f"BEGIN{ENDS}"
ROLLBACK = f"ROLLBACK{ENDS}"
LEAVE_OUT = "leave it out: the runner does it"
LOST = (
    "its transaction was lost: a conflict rolled it back, and the error was swallowed. Let that"
    " error leave up(db)."
)
AFTER = (
    "a statement after the transaction was rolled back is not allowed in a step; let the error of"
    " the statement that rolled back (OR ROLLBACK, RAISE(ROLLBACK)) leave up(db)."
)
REPLACED = (
    "it replaced the connection's authorizer, which keeps its transaction together; what it"
    " committed after that stays. Leave set_authorizer() out."
)
OR_ROLLBACK = """
try:
    db.execute("INSERT OR ROLLBACK INTO t VALUES (1)")
except db.conn.IntegrityError:
    pass
"""
LET_IT_OUT = "let the error leave `up(db)`"

DECISIONS = [
    denied("commit", "runs `COMMIT`", "db.execute('COMMIT')", COMMIT, LEAVE_OUT),
    denied("end", "runs `END`", "db.execute('END TRANSACTION')", COMMIT, LEAVE_OUT),
    denied(
        "commit-behind-comment",
        "hides it behind a comment",
        "db.execute('/* x; */ -- y\\n COMMIT')",
        COMMIT,
        LEAVE_OUT,
    ),
    denied("commit-method", "calls `conn.commit()` last", "db.conn.commit()", COMMIT, LEAVE_OUT),
    denied("commit-of-db", "calls `db.commit()`", "db.commit()", COMMIT, LEAVE_OUT),
    denied(
        "commit-swallowed",
        "does it and swallows the error",
        "try: db.conn.commit()\nexcept Exception: pass",
        COMMIT,
        LEAVE_OUT,
    ),
    denied(
        "commit-in-script",
        "has it in a script",
        "db.executescript('INSERT INTO t VALUES (3); COMMIT; INSERT INTO t VALUES (4)')",
        COMMIT,
        LEAVE_OUT,
    ),
    denied(
        "commit-twice",
        "runs it twice, the same text",
        "for _ in range(2):\n    try: db.execute('COMMIT')\n    except Exception: pass",
        COMMIT,
        LEAVE_OUT,
    ),
    denied("rollback", "runs `ROLLBACK`", "db.execute('ROLLBACK')", ROLLBACK, "raise an error"),
    denied(
        "rollback-method", "calls `rollback()`", "db.conn.rollback()", ROLLBACK, "raise an error"
    ),
    denied("begin", "runs `BEGIN`", "db.execute('BEGIN')", BEGIN, LEAVE_OUT),
    denied(
        "begin-immediate",
        "runs `BEGIN IMMEDIATE`",
        "db.execute('BEGIN IMMEDIATE')",
        BEGIN,
        LEAVE_OUT,
    ),
    denied("begin-of-db", "calls `db.begin()`", "db.begin()", BEGIN, LEAVE_OUT),
    denied(
        "begin-left-open",
        "has `BEGIN` in a script and never ends it",
        "db.executescript('BEGIN; INSERT INTO t VALUES (3);')",
        BEGIN,
        LEAVE_OUT,
    ),
    denied(
        "with-conn",
        "wraps its work in `with db.conn:`",
        "with db.conn:\n    db.execute('INSERT INTO t VALUES (3)')",
        COMMIT,
        "use `with db.atomic():`",
    ),
    denied(
        "with-conn-raising",
        "raises inside `with db.conn:`",
        "with db.conn:\n    raise ValueError('mine')",
        ROLLBACK,
        "use `with db.atomic():`",
    ),
    denied(
        "conn-executescript",
        "calls `db.conn.executescript`, which commits first",
        "db.conn.executescript('INSERT INTO t VALUES (3)')",
        COMMIT,
        "use `db.executescript`",
    ),
    denied(
        "executescript-and-raise",
        "calls it and raises",
        "db.conn.executescript('INSERT INTO t VALUES (3)')\nraise ValueError('mine')",
        COMMIT,
        "use `db.executescript`",
    ),
    fails(
        "script-and-raise",
        "runs a script through `db` and raises",
        "db.executescript('INSERT INTO t VALUES (3); CREATE TABLE u (y);')\n"
        "raise ValueError('mine')",
        "ValueError: mine",
    ),
    denied(
        "cursor-executescript",
        "calls `executescript` of a cursor",
        "db.conn.cursor().executescript('INSERT INTO t VALUES (3)')",
        COMMIT,
        "use `db.executescript`",
    ),
    denied(
        "isolation-level-none",
        "sets `isolation_level = None`, which commits",
        "db.conn.isolation_level = None",
        COMMIT,
        LEAVE_OUT,
    ),
    works(
        "isolation-level-other",
        "sets another `isolation_level`",
        "db.conn.isolation_level = 'EXCLUSIVE'\ndb.execute('INSERT INTO t VALUES (3)')",
        "put back after it",
        finds=("SELECT count(*) FROM t WHERE x = 3", [(1,)]),
    ),
    denied(
        "autocommit-true",
        "sets `autocommit = True`, which commits",
        "db.conn.autocommit = True",
        COMMIT,
        LEAVE_OUT,
        python=(3, 12),
    ),
    denied(
        "autocommit-false",
        "sets `autocommit = False`, which begins",
        "db.conn.autocommit = False\ndb.conn.commit()",
        COMMIT,
        LEAVE_OUT,
        python=(3, 12),
    ),
    denied(
        "or-rollback-swallowed",
        "swallows the error of `INSERT OR ROLLBACK`",
        OR_ROLLBACK,
        LOST,
        LET_IT_OUT,
    ),
    fails(
        "or-rollback",
        "lets that error out",
        "db.execute('INSERT OR ROLLBACK INTO t VALUES (1)')",
        "IntegrityError: UNIQUE constraint failed: t.x",
    ),
    denied(
        "or-rollback-and-on",
        "swallows it and goes on",
        f"{OR_ROLLBACK}\ndb.execute('INSERT INTO t VALUES (4)')",
        AFTER,
        LET_IT_OUT,
    ),
    denied(
        "or-rollback-and-again",
        "swallows it and runs a statement that was run before",
        f"db.execute('INSERT INTO t VALUES (NULL)'){OR_ROLLBACK}\n"
        "db.execute('INSERT INTO t VALUES (NULL)')",
        AFTER,
        LET_IT_OUT,
    ),
    denied(
        "or-rollback-and-savepoint",
        "swallows it and opens a savepoint it had opened before",
        f"db.execute('SAVEPOINT a'); db.execute('RELEASE a'){OR_ROLLBACK}\n"
        "db.execute('SAVEPOINT a')\ndb.execute('INSERT INTO t VALUES (4)')\n"
        "db.execute('RELEASE a')",
        AFTER,
        LET_IT_OUT,
    ),
    denied(
        "or-rollback-and-with",
        "swallows it and runs a `WITH ... INSERT` again",
        "sql = 'WITH n AS (SELECT NULL) INSERT INTO t SELECT * FROM n'\n"
        f"db.execute(sql){OR_ROLLBACK}\ndb.execute(sql)",
        AFTER,
        LET_IT_OUT,
    ),
    denied(
        "constraint-on-conflict-rollback",
        "swallows a conflict that the table rolls back",
        "try: db.execute('INSERT INTO rolls VALUES (1)')\nexcept Exception: pass",
        LOST,
        LET_IT_OUT,
    ),
    denied(
        "raise-rollback-swallowed",
        "swallows a trigger's `RAISE(ROLLBACK)`",
        "try: db.execute('INSERT INTO refused VALUES (1)')\nexcept Exception: pass",
        LOST,
        LET_IT_OUT,
    ),
    denied(
        "raise-rollback-in-atomic",
        "does so around `db.atomic()`",
        "try:\n    with db.atomic():\n        db.execute('INSERT INTO refused VALUES (1)')\n"
        "except Exception: pass",
        LOST,
        LET_IT_OUT,
    ),
    works(
        "integrity-error-swallowed",
        "swallows an IntegrityError",
        "try: db.execute('INSERT INTO t VALUES (3), (1)')\nexcept db.conn.IntegrityError: pass",
        "the statement alone is undone",
        finds=("SELECT count(*) FROM t WHERE x = 3", [(0,)]),
    ),
    works(
        "or-ignore",
        "uses `INSERT OR IGNORE`",
        "db.execute('INSERT OR IGNORE INTO t VALUES (1), (3)')",
        finds=("SELECT count(*) FROM t", [(4,)]),
    ),
    works(
        "atomic",
        "uses `with db.atomic():`",
        "with db.atomic():\n    db.execute('INSERT INTO t VALUES (3)')",
        finds=("SELECT count(*) FROM t", [(4,)]),
    ),
    works(
        "atomic-undone",
        "undoes a part by `db.atomic()`",
        "try:\n    with db.atomic():\n        db.execute('INSERT INTO t VALUES (3)')\n"
        "        db.execute('INSERT INTO t VALUES (1)')\n"
        "except db.conn.IntegrityError:\n    db.execute('INSERT INTO t VALUES (4)')",
        finds=("SELECT x FROM t ORDER BY x", [(1,), (2,), (4,), (99,)]),
    ),
    works(
        "savepoint-left-open",
        "leaves savepoints open",
        "db.execute('SAVEPOINT a')\ndb.execute('INSERT INTO t VALUES (3)')\n"
        "db.execute('SAVEPOINT b')",
        "committed with the step",
        finds=("SELECT count(*) FROM t", [(4,)]),
    ),
    works(
        "rollback-to",
        "rolls back to its own savepoint",
        "db.execute('SAVEPOINT a')\ndb.execute('INSERT INTO t VALUES (3)')\n"
        "db.execute('ROLLBACK TO a')",
        finds=("SELECT count(*) FROM t", [(3,)]),
    ),
    fails(
        "release-of-another",
        "releases a savepoint it did not open",
        "db.execute('RELEASE nobodys')",
        "OperationalError: no such savepoint: nobodys",
    ),
    fails(
        "rollback-to-another",
        "rolls back to one",
        "db.execute('ROLLBACK TO nobodys')",
        "OperationalError: no such savepoint: nobodys",
    ),
    denied(
        "authorizer-removed",
        "removes the authorizer",
        "db.conn.set_authorizer(None)",
        REPLACED,
        "leave it out; hand your own to the runner (`authorizer=`)",
    ),
    denied(
        "authorizer-replaced",
        "sets its own",
        "db.conn.set_authorizer(lambda *asked: 0)",
        REPLACED,
        "likewise",
    ),
    denied(
        "authorizer-denying",
        "sets one that denies everything",
        "db.conn.set_authorizer(lambda *asked: 1)",
        REPLACED,
        "likewise",
    ),
]
