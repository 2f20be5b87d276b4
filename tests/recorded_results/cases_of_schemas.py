"""Small projects whose schemas, names, settings or packages are odd in one way each."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.recorded_results.cases_of_steps import NOTES, STORED
from tests.recorded_results.project import (
    ALL_CHECKS,
    RELEASE,
    SETTINGS,
    SNAPSHOT,
    SNAPSHOTS,
    Command,
    Files,
    Project,
    Variant,
    steps,
)

OWN_RUNNER = (
    "class MigrationRunner:\n    def __init__(self, conn):\n        raise RuntimeError('mine')\n\n"
    "    def run_migrations(self, target=None): ...\n"
)
BROKEN_VIEW = (
    "CREATE TABLE k(a);\nCREATE TABLE l(a);\nCREATE VIEW v AS SELECT k.a FROM k JOIN l;\n"
    'CREATE TRIGGER r INSTEAD OF UPDATE ON v BEGIN UPDATE k SET "a" = 1; END;\n'
    "PRAGMA legacy_alter_table = ON;\nDROP TABLE l;"
)
OWN_FUNCTIONS = (
    "CREATE TABLE t(name TEXT COLLATE FOLDED PRIMARY KEY CHECK (fold(name) <> ''));\n"
    "CREATE INDEX i ON t(fold(name));"
)
PREPARE = (
    "def fold(text):\n    return text.casefold() if text else text\n\n\n"
    "def compare(one, other):\n"
    "    return (fold(one) > fold(other)) - (fold(one) < fold(other))\n\n\n"
    "def prepare(conn):\n    conn.create_function('fold', 1, fold, deterministic=True)\n"
    "    conn.create_collation('FOLDED', compare)\n"
)
CONNECTION = f'{SETTINGS}migration_connection = "app:prepare"\n'
KEY_PAIRS = "CREATE TABLE p(a, b, PRIMARY KEY (a, b));\nCREATE TABLE c(x, y, FOREIGN KEY {});"
ODD_NAMES = ('"\x1b[31mRED"', '"\n::error::x"', '"a\u202eb"')
UNREAD = (
    "CREATE TABLE t(a);\nCREATE VIRTUAL TABLE f USING fts5(a, columnsize=0, content='');\n"
    "CREATE VIRTUAL TABLE v USING fts5vocab(gone, row);\n"
    "CREATE VIRTUAL TABLE x USING fts3tokenize;\nINSERT INTO f(rowid, a) VALUES (7, 'word');"
)
STRINGS = "CREATE TABLE a(x);\nCREATE TABLE b(x);\nCREATE VIEW v AS SELECT 1 FROM a WHERE x IN {};"


def _below(folder: Path) -> None:
    """Write a project into the folder `par`, and nothing around it."""
    project = folder / "par"
    (project / "migrations").mkdir(parents=True)
    (project / "pyproject.toml").write_text(SETTINGS)
    (project / "migrations/0001_step.sql").write_text(NOTES)
    (project / "migrations/0002_step.sql").write_text("DELETE FROM notes;")
    (project / SNAPSHOTS).mkdir(parents=True)
    with closing(sqlite3.connect(project / SNAPSHOTS / "0001.db")) as conn:
        conn.executescript(f"{NOTES} INSERT INTO notes VALUES (1, 'a'); PRAGMA user_version = 1;")


SCHEMAS = (
    Project(
        "case-a-own-runner",
        (
            steps("CREATE TABLE t(a);"),
            SNAPSHOT,
            Files({"migrations/__init__.py": OWN_RUNNER}),
            SNAPSHOT,
        ),
    ),
    Project(
        "case-i-main",
        (
            steps(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT);\n"
                "CREATE VIEW v AS SELECT * FROM main.t;"
            ),
            *STORED,
            Files(
                {
                    "migrations/0002_step.py": "VERSION = 2\nDESCRIPTION = 'step'\n"
                    "CHANGES = {'t.a': ('a <> upper(a)', 'a shouts')}\n\n\n"
                    "def up(db):\n    db.execute('UPDATE t SET a = upper(a)')\n"
                }
            ),
        ),
    ),
    Project("case-j-broken-view", (steps(BROKEN_VIEW), *STORED)),
    Project(
        "case-k-values",
        (
            steps("CREATE TABLE t(a);\nCREATE TRIGGER r AFTER UPDATE ON t BEGIN VALUES(0); END;"),
            *STORED,
            steps("ALTER TABLE t ADD COLUMN b;", first=2),
        ),
    ),
    Project(
        "case-l-functions",
        (
            Files({"app.py": PREPARE}),
            steps(OWN_FUNCTIONS),
            *STORED,
            steps("ALTER TABLE t ADD COLUMN b;", first=2),
        ),
        settings=CONNECTION,
    ),
    Project(
        "case-l-functions-not-named",
        (
            Files({"app.py": PREPARE}),
            steps(OWN_FUNCTIONS),
            *STORED,
            Files({"pyproject.toml": SETTINGS}),
            steps("ALTER TABLE t ADD COLUMN b;", first=2),
        ),
        settings=CONNECTION,
    ),
    Project(
        "case-q-names",
        (
            steps("".join(f"CREATE TABLE {n}(a);INSERT INTO {n} VALUES ('v');" for n in ODD_NAMES)),
            *STORED,
            steps("".join(f"DELETE FROM {name};" for name in ODD_NAMES), first=2),
        ),
    ),
    Project(
        "case-r-no-utf8",
        (
            steps("CREATE TABLE t(a);"),
            *STORED,
            Variant(
                "0001+old", "CREATE TABLE fzz(a); INSERT INTO fzz VALUES (1);", b"fzz", b"f\xffz"
            ),
            SNAPSHOT,
            steps("CREATE TABLE u(a);", first=2),
        ),
    ),
    Project(
        "case-s-exit-at-import",
        (Files({"app/__init__.py": "import sys\n\nsys.exit('no config')\n"}),),
        settings=SETTINGS.replace("migrations", "app.migrations"),
    ),
    Project(
        "case-u-pasted-id",
        write=_below,
        settings="",
        runs=(("par/migrations::0001..0002[schema]",), ("--migration-matrix", *ALL_CHECKS)),
    ),
    Project(
        "case-w-ignored",
        (
            steps("CREATE TABLE a(x);\nCREATE TABLE log(y);"),
            SNAPSHOT,
            Command(("check",)),
            RELEASE,
            steps("ALTER TABLE a ADD COLUMN z;", first=2),
        ),
        settings=f'{SETTINGS}migration_ignore = ["log"]\n',
    ),
    Project(
        "case-x-key-pairs",
        (
            steps(KEY_PAIRS.format("(x, y) REFERENCES p (a, b)")),
            *STORED,
            Files(
                {"migrations/0001_step.sql": KEY_PAIRS.format("(y, x) REFERENCES p (b, a)") + "\n"}
            ),
            steps("CREATE TABLE more(a);", first=2),
        ),
    ),
    Project("case-z-unread", (steps(UNREAD), *STORED, steps("CREATE TABLE u(a);", first=2))),
    Project(
        "case-z-rtree",
        (
            steps("CREATE VIRTUAL TABLE r USING rtree(id, x0, x1);"),
            *STORED,
            steps("CREATE TABLE u(a);", first=2),
        ),
    ),
    Project(
        "case-z-quoted-in-list",
        (
            steps(STRINGS.format('("a", "b")')),
            *STORED,
            Files({"migrations/0001_step.sql": STRINGS.format("('b', 'a')") + "\n"}),
            steps("CREATE TABLE u(a);", first=2),
        ),
    ),
)
"""Cases a, i to l, q to s, u, w, x and z: what a project is like."""
