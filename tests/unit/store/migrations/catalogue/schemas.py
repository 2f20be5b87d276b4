"""Steps that change tables, and the scripts they run."""

from __future__ import annotations

from tests.unit.store.migrations.catalogue.decision import fails, works

REBUILD = """
CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT '');
INSERT INTO new SELECT id, name FROM parent;
DROP TABLE parent;
ALTER TABLE new RENAME TO parent;
"""
TWELVE = f"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;{REBUILD}PRAGMA foreign_key_check;\nCOMMIT;"
CHILDREN = ("SELECT id FROM child UNION ALL SELECT id FROM plain_child", [(1,), (2,), (1,), (2,)])
MARKS = ("SELECT seq FROM sqlite_sequence WHERE name = 'counted'", [(9,)])

DECISIONS = [
    works(
        "transform-parent",
        "rebuilds a table that others reference, by `transform()`",
        "db['parent'].transform(not_null={'name'})",
        "no child is lost, with ON DELETE CASCADE or without",
        finds=CHILDREN,
    ),
    works(
        "rebuild-parent",
        "rebuilds it by SQLite's twelve steps, in a script",
        f"db.executescript('''{REBUILD}''')",
        "likewise",
        finds=CHILDREN,
    ),
    works(
        "twelve-steps",
        "checks the keys itself in such a script",
        f"db.executescript('''{REBUILD} PRAGMA foreign_key_check;''')",
        "allowed; the runner does it anyway",
        finds=CHILDREN,
    ),
    fails(
        "twelve-steps-with-pragma",
        "keeps the script's line `PRAGMA foreign_keys=OFF`",
        f"db.executescript('''{TWELVE}''')",
        "PRAGMA foreign_keys = OFF is not allowed in a step; the runner has switched foreign keys"
        " off before the step and checks them after it: leave the line out.",
        "leave that line out, and BEGIN and COMMIT: the runner has done them",
        error="TransactionControlError",
    ),
    fails(
        "twelve-steps-with-begin",
        "keeps its lines BEGIN and COMMIT",
        f"db.executescript('''BEGIN;{REBUILD}COMMIT;''')",
        "BEGIN is not allowed in a step; the runner begins and ends the transaction: leave the"
        ' statement, commit() or "with conn:" out, and use db.atomic() or SAVEPOINT for a part that'
        " may fail.",
        "leave them out",
        error="TransactionControlError",
    ),
    fails(
        "rename-first",
        "renames the old table first, so that children point at it",
        "db.executescript('''ALTER TABLE parent RENAME TO old;"
        " CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);"
        " INSERT INTO parent SELECT * FROM old; DROP TABLE old;''')",
        "it leaves a foreign key to a table that does not exist: child -> old; plain_child -> old."
        " A RENAME takes the foreign keys of other tables along: build the new table under another"
        " name, drop the old one, then rename the new one.",
        "build the new table under another name first",
        error="ForeignKeyViolationError",
    ),
    fails(
        "orphans",
        "leaves rows whose foreign key points at nothing",
        "db.execute('DELETE FROM parent WHERE id = 2')",
        "it leaves rows whose foreign key points at nothing: child row 2 -> parent; plain_child row"
        " 2 -> parent. Delete or mend them in the step.",
        "delete or mend them too",
        error="ForeignKeyViolationError",
    ),
    fails(
        "uncheckable-key",
        "leaves a key to columns that are not unique",
        "db.executescript('CREATE TABLE c (x REFERENCES parent(name)); INSERT INTO c VALUES (1)')",
        'it leaves a foreign key that cannot be checked: foreign key mismatch - "c" referencing'
        ' "parent". The columns it refers to must be the parent\'s PRIMARY KEY or have a UNIQUE'
        " index of their own, without WHERE.",
        "make them unique",
        error="ForeignKeyViolationError",
    ),
    works(
        "orphans-mended",
        "breaks keys and mends them",
        "db.executescript('''DELETE FROM parent WHERE id = 2; DELETE FROM child WHERE id = 2;"
        " DELETE FROM plain_child WHERE id = 2;''')",
        finds=("SELECT id FROM child", [(1,)]),
    ),
    works(
        "marks-transform",
        "rebuilds an AUTOINCREMENT table by `transform()`",
        "db['counted'].transform(rename={'x': 'y'})",
        "its high-water mark never goes back",
        finds=MARKS,
    ),
    works(
        "marks-by-hand",
        "rebuilds it by hand",
        "db.executescript('''CREATE TABLE new (id INTEGER PRIMARY KEY AUTOINCREMENT, x, y);"
        " INSERT INTO new (id, x) SELECT id, x FROM counted; DROP TABLE counted;"
        " ALTER TABLE new RENAME TO counted;''')",
        "likewise",
        finds=MARKS,
    ),
    works(
        "marks-set-back",
        "sets the high-water mark back",
        "db.execute(\"UPDATE sqlite_sequence SET seq = 1 WHERE name = 'counted'\")",
        "likewise",
        finds=MARKS,
    ),
    works(
        "triggers",
        "creates triggers with semicolons, CASE and END inside",
        "db.executescript('''CREATE TRIGGER tr AFTER INSERT ON t WHEN new.x > 1 BEGIN\n"
        "  SELECT CASE WHEN new.x THEN ';' ELSE 'END;' END;\n  UPDATE t SET x = x; -- END;\nEND;\n"
        "INSERT INTO t VALUES (5);''')",
        finds=("SELECT count(*) FROM t", [(4,)]),
    ),
    works(
        "bom-crlf",
        "is a script with a byte order mark and CRLF",
        "",
        script="\ufeff-- More\r\nINSERT INTO t VALUES (99);\r\nCREATE TABLE u (y);\r\n"
        "CREATE TRIGGER tr AFTER INSERT ON u BEGIN\r\n DELETE FROM t WHERE x = 1;\r\nEND;\r\n"
        "INSERT INTO u VALUES ('a;b');\r\n",
        finds=("SELECT x FROM t ORDER BY x", [(2,), (99,)]),
    ),
    fails(
        "nul",
        "has a NUL in its script",
        "db.executescript('CREATE TABLE u (y);' + chr(0) + 'CREATE TABLE v (y);')",
        "ProgrammingError: the query contains a null character",
        "take it out",
    ),
    works(
        "megabyte",
        "runs one statement of a megabyte",
        "text = 'x;' * 500_000\n"
        "db.executescript(f\"CREATE TABLE u (y); INSERT INTO u VALUES ('{text}');\")",
        finds=("SELECT length(y) FROM u", [(1_000_000,)]),
        modes=("memory",),
    ),
    works(
        "ten-thousand",
        "runs ten thousand statements",
        "db.executescript(';\\n'.join(f'INSERT INTO t VALUES ({n})' for n in range(100, 10_100)))",
        finds=("SELECT count(*) FROM t", [(10_003,)]),
        modes=("memory",),
    ),
    works(
        "huge-blob",
        "writes a blob of twenty megabytes",
        "db.execute('INSERT INTO blobs VALUES (1, zeroblob(20000000))')",
        finds=("SELECT length(b) FROM blobs", [(20_000_000,)]),
        modes=("delete",),
    ),
    works(
        "full-text",
        "makes a full-text index",
        "db['parent'].enable_fts(['name'], create_triggers=True)",
        finds=("SELECT count(*) FROM parent_fts WHERE parent_fts MATCH 'one'", [(1,)]),
    ),
    works("nothing", "does nothing more", ""),
    fails(
        "incomplete-script",
        "has a script that ends within a statement",
        "db.executescript('CREATE TABLE u (y); INSERT INTO u VALUES (1')",
        "OperationalError: incomplete input",
    ),
    works(
        "two-inserts-helper",
        "uses sqlite-utils' `insert_all` and `upsert`",
        "db['parent'].insert_all([{'id': 7, 'name': 'seven'}])\n"
        "db['parent'].upsert({'id': 7, 'name': 'siete'}, pk='id')",
        finds=("SELECT name FROM parent WHERE id = 7", [("siete",)]),
    ),
]
