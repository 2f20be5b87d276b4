"""The database of the notes, and its migrations."""


def create_tags(conn):
    conn.execute(
        "CREATE TABLE IF NOT EXISTS tags("
        "id INTEGER PRIMARY KEY, note INTEGER NOT NULL REFERENCES notes(id), tag TEXT NOT NULL)"
    )


def trim_titles(conn):
    conn.execute("UPDATE notes SET title = trim(title) WHERE title <> trim(title)")


MIGRATIONS = [
    ("create notes", "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT NOT NULL)"),
    ("add done", "ALTER TABLE notes ADD COLUMN done INTEGER NOT NULL DEFAULT 0"),
    create_tags,
    trim_titles,
    (
        "check done",
        """
        CREATE TABLE new_notes(
            id INTEGER PRIMARY KEY,
            title TEXT NOT NULL,
            done INTEGER NOT NULL DEFAULT 0 CHECK (done IN (0, 1))
        );
        INSERT INTO new_notes SELECT id, title, done FROM notes;
        DROP TABLE notes;
        ALTER TABLE new_notes RENAME TO notes;
        """,
    ),
    ("create settings", "CREATE TABLE settings(key TEXT PRIMARY KEY, value TEXT)"),
]
