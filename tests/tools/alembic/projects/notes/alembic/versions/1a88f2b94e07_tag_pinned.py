"""tag pinned notes

Revision ID: 1a88f2b94e07
Revises: d07a5e6613c8
Create Date: 2024-04-11 09:30:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "1a88f2b94e07"
down_revision = "d07a5e6613c8"
branch_labels = None
depends_on = None


def upgrade() -> None:
    notes = sa.table("notes", sa.column("id"), sa.column("pinned"))
    tags = sa.table("tags", sa.column("note_id"), sa.column("name"))
    tagged = sa.select(tags.c.note_id).where(tags.c.name == "pinned")
    wanted = notes.c.pinned & notes.c.id.not_in(tagged)
    pinned = sa.select(notes.c.id, sa.literal("pinned")).where(wanted)
    op.execute(sa.insert(tags).from_select(["note_id", "name"], pinned))


def downgrade() -> None:
    op.execute("DELETE FROM tags WHERE name = 'pinned'")
