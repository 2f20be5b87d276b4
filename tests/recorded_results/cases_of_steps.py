"""Small projects whose steps go wrong in one way each: what they break, lose, swallow or raise."""

from __future__ import annotations

from tests.recorded_results.project import (
    RELEASE,
    SETTINGS,
    SNAPSHOT,
    Files,
    Project,
    Variant,
    modules,
    steps,
)

STORED = (SNAPSHOT, RELEASE)
NOTES = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL);"
SEARCH = (
    "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL);\n"
    "CREATE VIRTUAL TABLE f USING fts5(t, content='d', content_rowid='id');"
)
REBUILD = "INSERT INTO f(f) VALUES('rebuild');"
ORDERS = (
    "CREATE TABLE item(id INTEGER PRIMARY KEY, unit INTEGER);\n"
    "CREATE TABLE line(id INTEGER PRIMARY KEY, item INTEGER REFERENCES item(id), unit INTEGER);\n"
)
FOLLOWED = (
    f"{ORDERS}CREATE TRIGGER follow AFTER UPDATE ON item\n"
    "BEGIN UPDATE line SET unit = new.unit WHERE item = new.id; END;\n"
    "CREATE VIEW units AS SELECT unit FROM line;"
)
LINE_ANEW = (
    "ALTER TABLE line RENAME TO line_old;\n"
    "CREATE TABLE line(id INTEGER PRIMARY KEY, item INTEGER REFERENCES item(id), unit INTEGER);\n"
    "INSERT INTO line SELECT * FROM line_old;\nDROP TABLE line_old;"
)
ITEM_ANEW = (
    "ALTER TABLE item RENAME TO item_old;\n"
    "CREATE TABLE item(id INTEGER PRIMARY KEY, unit INTEGER);\n"
    "INSERT INTO item SELECT * FROM item_old;\nDROP TABLE item_old;"
)
EMPTY_CHILD = "DELETE FROM line;"
GUARDED = (
    "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT COLLATE NOCASE UNIQUE,"
    " n INTEGER NOT NULL DEFAULT 0 CHECK (n >= 0));\nCREATE INDEX t_n ON t(n) WHERE n > 0;"
)
UNGUARDED = (
    "CREATE TABLE t2(id INTEGER PRIMARY KEY, code TEXT, n INTEGER);\n"
    "INSERT INTO t2 SELECT * FROM t;\nDROP TABLE t;\nALTER TABLE t2 RENAME TO t;"
)
SWALLOWS = (
    "try:\n    db.execute('ALTER TABLE t ADD COLUMN x TEXT UNIQUE')\nexcept Exception:\n    pass"
)
PREFERENCES = (
    "CREATE TABLE person(id INTEGER PRIMARY KEY, name TEXT);\nCREATE TABLE prefs(person_id"
    " INTEGER UNIQUE REFERENCES person(id), theme TEXT);"
)
ONE_TABLE = (
    "CREATE TABLE person2(id INTEGER PRIMARY KEY, name TEXT, theme TEXT NOT NULL);\n"
    "INSERT INTO person2 SELECT p.id, p.name, (SELECT theme FROM prefs WHERE person_id = p.id)\n"
    "FROM person p;\nDROP TABLE prefs;\nDROP TABLE person;\nALTER TABLE person2 RENAME TO person;"
)
WITHOUT_PARENTS = (
    "CREATE TABLE p(id INTEGER PRIMARY KEY);\n"
    "CREATE TABLE c(id INTEGER PRIMARY KEY, p INTEGER REFERENCES p(id));"
)
IGNORES_KEYS = (
    "db.execute('CREATE TABLE p2(id INTEGER PRIMARY KEY)')\n"
    "db.execute('INSERT INTO p2 SELECT id FROM p WHERE id > 1')\n"
    "db.execute('DROP TABLE p')\n"
    "db.execute('ALTER TABLE p2 RENAME TO p')"
)
HANGS = (
    "import sqlite3, time\ntry:\n    db.execute('ALTER TABLE notes ADD COLUMN x TEXT')\n"
    "except sqlite3.Error:\n    time.sleep(9999)"
)
TICKS = (
    "CREATE TABLE t2(id INTEGER PRIMARY KEY, made TEXT DEFAULT CURRENT_TIMESTAMP);\n"
    "INSERT INTO t2(id) SELECT id FROM t;\nDROP TABLE t;\nALTER TABLE t2 RENAME TO t;"
)

STEPS = (
    Project("case-b-dangling", (steps(FOLLOWED), *STORED, steps(LINE_ANEW, first=2))),
    Project("case-b-parent", (steps(ORDERS), *STORED, steps(ITEM_ANEW, first=2))),
    Project(
        "case-b-parent-of-none",
        (
            steps(ORDERS),
            *STORED,
            Variant("0001+childless", EMPTY_CHILD),
            SNAPSHOT,
            steps(ITEM_ANEW, first=2),
        ),
    ),
    Project("case-c-guards", (steps(GUARDED), *STORED, steps(UNGUARDED, first=2))),
    Project("case-d-swallowed", (steps("CREATE TABLE t(a);"), *STORED, modules(SWALLOWS, first=2))),
    Project(
        "case-e-broken-while-stored",
        (
            steps("CREATE TABLE r(id INTEGER PRIMARY KEY, a TEXT);"),
            SNAPSHOT,
            Variant("0001+rows", "INSERT INTO r(a) VALUES ('x'), ('y');"),
            steps('CREATE INDEX r_b ON r(a, "b");', "ALTER TABLE r ADD COLUMN b INTEGER;", first=2),
            SNAPSHOT,
        ),
    ),
    Project("case-f-rebuild", (steps(SEARCH), *STORED, steps(REBUILD, first=2))),
    Project("case-g-search", (steps(SEARCH), *STORED)),
    Project(
        "case-g-blobs",
        (
            steps("CREATE TABLE k(id INTEGER PRIMARY KEY, b BLOB);"),
            *STORED,
            steps("CREATE UNIQUE INDEX k_b ON k(b);", first=2),
        ),
    ),
    Project("case-g-preferences", (steps(PREFERENCES), *STORED, steps(ONE_TABLE, first=2))),
    Project(
        "case-h-mended-later",
        (
            steps(SEARCH),
            SNAPSHOT,
            Variant("0001+stale", "INSERT INTO d(t) VALUES('x');"),
            steps("CREATE TABLE other(a);", REBUILD, first=2),
            SNAPSHOT,
        ),
    ),
    Project(
        "case-h-never-mended",
        (
            steps(SEARCH),
            SNAPSHOT,
            Variant("0001+stale", "INSERT INTO d(t) VALUES('x');"),
            steps("CREATE TABLE other(a);", first=2),
            SNAPSHOT,
        ),
    ),
    Project(
        "case-m-dice",
        (
            steps("CREATE TABLE t(id INTEGER PRIMARY KEY);"),
            *STORED,
            steps(
                "ALTER TABLE t ADD COLUMN token TEXT;\nUPDATE t SET token = hex(randomblob(8));",
                first=2,
            ),
        ),
    ),
    Project(
        "case-m-dice-of-python",
        (
            steps("CREATE TABLE t(id INTEGER PRIMARY KEY, n);"),
            *STORED,
            modules(
                "import random\ndb.execute('UPDATE t SET n = 0 * ?', [random.random()])", first=2
            ),
        ),
    ),
    Project(
        "case-n-pythons-line",
        (
            steps("CREATE TABLE t(a);"),
            *STORED,
            modules("db.execute('UPDATE t SET a = 1')\nrows = 3\nrows['x']", first=2),
        ),
    ),
    Project(
        "case-o-renumbered",
        (
            steps("CREATE TABLE t(a);", "CREATE TABLE proxy(a);"),
            *STORED,
            Files(
                {
                    "migrations/0002_step.sql": "CREATE TABLE other(a);\n",
                    "migrations/0003_step.sql": "CREATE TABLE proxy(a);\n",
                }
            ),
        ),
    ),
    Project(
        "case-p-rows-lost",
        (
            steps(
                "CREATE TABLE t(a);\nCREATE TABLE u(a);\n"
                "INSERT INTO t VALUES (1), (2), (3), (4), (5);\nINSERT INTO u SELECT a FROM t;"
            ),
            *STORED,
            steps("DELETE FROM t;\nDROP TABLE u;", first=2),
        ),
    ),
    Project(
        "case-t-hangs",
        (steps(NOTES), *STORED, modules(HANGS, first=2)),
        settings=f"{SETTINGS}migration_step_timeout = 2\n",
        commands=("check",),
    ),
    Project("case-v-orphans", (steps(WITHOUT_PARENTS), *STORED, modules(IGNORES_KEYS, first=2))),
    Project(
        "case-y-ticks",
        (
            steps("CREATE TABLE t(id INTEGER PRIMARY KEY, made TEXT DEFAULT CURRENT_TIMESTAMP);"),
            *STORED,
            steps(TICKS, first=2),
        ),
    ),
)
"""Cases b to h, m to p, t, v and y: what a step does."""
