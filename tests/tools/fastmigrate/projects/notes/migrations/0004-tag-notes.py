"""Tag every note that has no tag; fastmigrate runs it as: python 0004-tag-notes.py app.db"""

import sqlite3
import sys

conn = sqlite3.connect(sys.argv[1])
with conn:
    conn.execute(
        "INSERT INTO tags SELECT id, 'untagged' FROM notes WHERE id NOT IN (SELECT note FROM tags)"
    )
conn.close()
