"""create tags

Revision ID: d07a5e6613c8
Revises: 4be2c19d0f63
Create Date: 2024-03-11 09:30:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "d07a5e6613c8"
down_revision = "4be2c19d0f63"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tags",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("note_id", sa.Integer, sa.ForeignKey("notes.id"), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
    )
    op.create_index("ix_tags_name", "tags", ["name"])


def downgrade() -> None:
    op.drop_index("ix_tags_name", "tags")
    op.drop_table("tags")
