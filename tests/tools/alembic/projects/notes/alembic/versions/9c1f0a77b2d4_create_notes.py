"""create notes

Revision ID: 9c1f0a77b2d4
Revises:
Create Date: 2024-01-11 09:30:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "9c1f0a77b2d4"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("body", sa.Text),
    )


def downgrade() -> None:
    op.drop_table("notes")
