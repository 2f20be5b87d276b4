"""create attachments

Revision ID: e6f39042d7b5
Revises: 73d5cc0b8a1e
Create Date: 2024-06-11 09:30:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "e6f39042d7b5"
down_revision = "73d5cc0b8a1e"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("note_id", sa.Integer, sa.ForeignKey("notes.id"), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("attachments")
