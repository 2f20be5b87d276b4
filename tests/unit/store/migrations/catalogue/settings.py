"""Steps that change a setting, or the database that a connection has open."""

from __future__ import annotations

from functools import partial

from tests.unit.store.migrations.catalogue.decision import fails, works

denied = partial(fails, error="TransactionControlError")

OUTSIDE = " is not allowed in a step; set it on the connection, outside the migrations."
OWN_STEP = (
    " is not allowed in a step; it is no part of a transaction: give it a step of its own with"
    " ATOMIC = False."
)
KEYS = (
    " is not allowed in a step; the runner has switched foreign keys off before the step and checks"
    " them after it: leave the line out."
)
ATTACH = "do it before or after the migrations"
ON_CONNECTION = "set it on the connection, outside the migrations"
REWRITE = "give it a step of its own with `ATOMIC = False`"
PUT_BACK = "put back after it"


def setting(id, name, value):  # noqa: A002 - every decision has an id, under that name
    return denied(
        id, f"`PRAGMA {name} = {value}`", f"db.execute('PRAGMA {name} = {value}')",
        f"PRAGMA {name} = {value}{OUTSIDE}", ON_CONNECTION,
    )  # fmt: skip


def rewriting(id, name, value):  # noqa: A002 - every decision has an id, under that name
    return denied(
        id, f"`PRAGMA {name} = {value}`", f"db.execute('PRAGMA {name} = {value}')",
        f"PRAGMA {name} = {value}{OWN_STEP}", REWRITE,
    )  # fmt: skip


DECISIONS = [
    denied(
        "user-version",
        "`PRAGMA user_version = 9`",
        "db.execute('PRAGMA user_version = 9')",
        "PRAGMA user_version = 9 is not allowed in a step; the runner stamps the version together"
        " with the step: leave the line out.",
        "leave it out: the runner does it",
    ),
    denied(
        "foreign-keys-on",
        "`PRAGMA foreign_keys = ON`",
        "db.execute('PRAGMA foreign_keys = ON')",
        f"PRAGMA foreign_keys = ON{KEYS}",
        "leave it out: they are checked before the commit",
    ),
    denied(
        "foreign-keys-off",
        "`PRAGMA foreign_keys = OFF`",
        "db.executescript('PRAGMA foreign_keys=OFF; DELETE FROM parent')",
        f"PRAGMA foreign_keys = OFF{KEYS}",
        "leave it out: they are off",
    ),
    rewriting("journal-mode-off", "journal_mode", "OFF"),
    rewriting("journal-mode-wal", "journal_mode", "WAL"),
    rewriting("auto-vacuum", "auto_vacuum", "1"),
    rewriting("page-size", "page_size", "8192"),
    setting("writable-schema", "writable_schema", "ON"),
    setting("query-only", "query_only", "ON"),
    setting("synchronous", "synchronous", "OFF"),
    setting("locking-mode", "locking_mode", "EXCLUSIVE"),
    setting("ignore-checks", "ignore_check_constraints", "ON"),
    setting("case-sensitive-like", "case_sensitive_like", "ON"),
    setting("application-id", "application_id", "7"),
    setting("schema-version", "schema_version", "99"),
    setting("busy-timeout", "busy_timeout", "0"),
    setting("temp-store", "temp_store", "2"),
    setting("heap-limit", "hard_heap_limit", "1000"),
    denied(
        "vacuum",
        "`VACUUM`",
        "db.execute('VACUUM')",
        "VACUUM is not allowed in a step; SQLite runs it outside transactions only: give it a step"
        " of its own with ATOMIC = False.",
        REWRITE,
    ),
    denied(
        "attach",
        "`ATTACH`",
        "db.execute(\"ATTACH ':memory:' AS other\")",
        "ATTACH is not allowed in a step; a step changes one database: do it before or after the"
        " migrations.",
        ATTACH,
    ),
    denied(
        "detach",
        "`DETACH`",
        "db.execute('DETACH beside')",
        "DETACH is not allowed in a step; a step changes one database: do it before or after the"
        " migrations.",
        ATTACH,
    ),
    denied(
        "deserialize",
        "replaces the database by `deserialize()`",
        "db.conn.deserialize(db.conn.serialize())",
        "ATTACH is not allowed in a step; a step changes one database: do it before or after the"
        " migrations.",
        "copy the rows",
        modes=("memory",),
    ),
    fails(
        "backup-into",
        "writes a backup of another database into it",
        "import sqlite3\nother = sqlite3.connect(':memory:')\ntry: other.backup(db.conn)\n"
        "finally: other.close()",
        "OperationalError: destination database is in use",
        "copy the rows",
    ),
    works(
        "legacy-alter-table",
        "`PRAGMA legacy_alter_table`",
        "db.execute('PRAGMA legacy_alter_table = ON')",
        PUT_BACK,
    ),
    works(
        "recursive-triggers",
        "`PRAGMA recursive_triggers`",
        "db.execute('PRAGMA recursive_triggers = OFF')",
        PUT_BACK,
    ),
    works(
        "defer-foreign-keys",
        "`PRAGMA defer_foreign_keys`",
        "db.execute('PRAGMA defer_foreign_keys = ON')",
        PUT_BACK,
    ),
    works(
        "asks",
        "asks `table_info`, `integrity_check` and the like",
        "assert list(db.execute('PRAGMA table_info(t)'))\n"
        "assert list(db.execute('PRAGMA integrity_check')) == [('ok',)]",
    ),
]
