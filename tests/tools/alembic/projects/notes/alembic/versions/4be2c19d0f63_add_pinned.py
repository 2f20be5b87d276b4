"""add pinned

Revision ID: 4be2c19d0f63
Revises: 9c1f0a77b2d4
Create Date: 2024-02-11 09:30:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "4be2c19d0f63"
down_revision = "9c1f0a77b2d4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notes", sa.Column("pinned", sa.Boolean, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("notes", "pinned")
