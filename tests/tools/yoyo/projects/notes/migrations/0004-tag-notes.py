"""Tag every note that has no tag."""

from yoyo import step

__depends__ = {"0003-create-tags"}


def tag_notes(conn):
    conn.cursor().execute(
        "INSERT INTO tags SELECT id, 'untagged' FROM notes WHERE id NOT IN (SELECT note FROM tags)"
    )


steps = [step(tag_notes)]
