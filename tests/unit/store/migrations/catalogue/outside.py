"""Steps that end their process, and those that rewrite the file outside a transaction."""

from __future__ import annotations

from functools import partial

from tests.unit.store.migrations.catalogue.decision import ON_FILE, fails, works

ends = partial(fails, in_child=True, modes=ON_FILE, instead="the next opening rolls it back")
rewrites = partial(works, atomic=False)
NOT_HERE = (
    " is not allowed in a step; a step with ATOMIC = False only rewrites the file, since what it"
    " changed could not be undone: move the statement to a step without ATOMIC."
)

DECISIONS = [
    ends(
        "killed",
        "is killed",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        error="SIGKILL",
        says="-9",
    ),
    ends("exits-at-once", "calls `os._exit`", "import os\nos._exit(3)", error="exit", says="3"),
    works(
        "forks",
        "forks, and the child comes back from `up`",
        "import os\nchild = os.fork()\nif child:\n    assert os.waitpid(child, 0)[1] >> 8 == 70",
        "the child ends at once with code 70",
        in_child=True,
        modes=ON_FILE,
    ),
    works(
        "forks-and-exits",
        "forks, and the child calls `sys.exit`",
        "import os, sys\nchild = os.fork()\nif not child: sys.exit(0)\n"
        "assert os.waitpid(child, 0)[1] >> 8 == 70",
        "likewise",
        in_child=True,
        modes=ON_FILE,
    ),
    rewrites(
        "rewrites-vacuum",
        "has `ATOMIC = False` and runs VACUUM",
        "db.execute('VACUUM')",
        "a backup is taken first; run again if killed before its stamp",
    ),
    rewrites(
        "rewrites-page-size",
        "changes the page size so",
        "db.execute('PRAGMA page_size = 8192')\ndb.vacuum()",
        "likewise",
        modes=("delete",),
        finds=("PRAGMA page_size", [(8192,)]),
    ),
    rewrites(
        "rewrites-journal",
        "changes the journal mode so",
        "db.enable_wal()",
        "likewise",
        modes=("delete",),
        finds=("PRAGMA journal_mode", [("wal",)]),
    ),
    rewrites(
        "rewrites-temporary",
        "asks questions in it",
        "assert db['t'].count == 2\nassert list(db.query('PRAGMA table_info(t)'))",
    ),
    fails(
        "rewrites-rows",
        "changes a row in it",
        "db.execute('DELETE FROM t')",
        f"a statement that changes t{NOT_HERE}",
        "use a step without ATOMIC",
        error="TransactionControlError",
        atomic=False,
    ),
    fails(
        "rewrites-tables",
        "creates a table in it",
        "db.execute('CREATE TABLE u (y)')",
        f"a statement that changes sqlite_master{NOT_HERE}",
        "likewise",
        error="TransactionControlError",
        atomic=False,
    ),
    fails(
        "rewrites-begin",
        "begins a transaction in it",
        "db.execute('BEGIN IMMEDIATE')",
        f"a statement that changes BEGIN{NOT_HERE}",
        "likewise",
        error="TransactionControlError",
        atomic=False,
    ),
    fails(
        "rewrites-stamp",
        "stamps a version in it",
        "db.execute('PRAGMA user_version = 2')",
        "PRAGMA user_version = 2 is not allowed in a step; the runner stamps the version together"
        " with the step: leave the line out.",
        "leave it out: the runner does it",
        error="TransactionControlError",
        atomic=False,
    ),
    fails(
        "rewrites-journal-off",
        "switches the journal off in it",
        "db.execute('PRAGMA journal_mode = OFF')",
        "PRAGMA journal_mode = OFF is not allowed in a step; with it later steps could not be"
        " undone: use another mode.",
        "use another mode",
        error="TransactionControlError",
        atomic=False,
        modes=("delete",),
    ),
    fails(
        "rewrites-into",
        "runs VACUUM INTO in it",
        "db.execute(\"VACUUM INTO '/dev/null/x'\")",
        f"a statement that changes /dev/null/x{NOT_HERE}",
        "do it outside the migrations",
        error="TransactionControlError",
        atomic=False,
    ),
    fails(
        "rewrites-and-raises",
        "raises in it",
        "db.vacuum()\nraise ValueError('mine')",
        "ValueError: mine",
        "its content is as it was",
        atomic=False,
    ),
]
