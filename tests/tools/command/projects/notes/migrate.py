"""Bring a database to a version, as a command in any language does: --to 3 --db app.db"""

import argparse
import sqlite3
import sys

STEPS = {
    1: "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL);",
    2: "ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;",
    3: "CREATE TABLE tags (note INTEGER NOT NULL REFERENCES notes(id), name TEXT NOT NULL);",
    4: """INSERT INTO tags SELECT id, 'pinned' FROM notes
          WHERE pinned AND id NOT IN (SELECT note FROM tags);""",
    5: """CREATE TABLE new_tags (
              note INTEGER NOT NULL REFERENCES notes(id) ON DELETE CASCADE, name TEXT NOT NULL);
          INSERT INTO new_tags SELECT note, name FROM tags;
          DROP TABLE tags;
          ALTER TABLE new_tags RENAME TO tags;""",
    6: "CREATE TABLE attachments (id INTEGER PRIMARY KEY, path TEXT NOT NULL);",
}
parser = argparse.ArgumentParser()
parser.add_argument("--to", type=int)
parser.add_argument("--db", required=True)
given = parser.parse_args()
to = max(STEPS) if given.to is None else given.to
if to not in STEPS:
    sys.exit(f"there is no version {to}")
conn = sqlite3.connect(given.db, isolation_level=None)
(at,) = conn.execute("PRAGMA user_version").fetchone()
for number in range(at + 1, to + 1):
    conn.executescript(f"BEGIN IMMEDIATE; {STEPS[number]} PRAGMA user_version = {number}; COMMIT;")
