"""rebuild notes with a longer title

Revision ID: 73d5cc0b8a1e
Revises: 1a88f2b94e07
Create Date: 2024-05-11 09:30:00.000000

"""

import sqlalchemy as sa
from alembic import op

revision = "73d5cc0b8a1e"
down_revision = "1a88f2b94e07"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("notes") as batch:
        batch.alter_column("title", type_=sa.String(200), existing_nullable=False)
        batch.create_check_constraint("ck_title_short", "length(title) <= 200")


def downgrade() -> None:
    with op.batch_alter_table("notes") as batch:
        batch.drop_constraint("ck_title_short", type_="check")
        batch.alter_column("title", type_=sa.String(80), existing_nullable=False)
