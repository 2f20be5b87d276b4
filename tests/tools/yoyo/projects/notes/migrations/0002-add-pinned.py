"""Notes can be pinned."""

from yoyo import step

__depends__ = {"0001-create-notes"}

steps = [
    step(
        "ALTER TABLE notes ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE notes DROP COLUMN pinned",
    )
]
