"""A branch of revisions beside those of the project, merged with it, and how one is written."""

from __future__ import annotations

from tests.tools.tried_project import TriedProject

REVISION = '''"""{id}

Revision ID: {id}
Create Date: {created}
"""

import sqlalchemy as sa
from alembic import op

revision = "{id}"
down_revision = {after}
depends_on = {needs}


def upgrade():
    {does}


def downgrade():
    {back}
'''
BRANCH = (
    ("aa01", "'4be2c19d0f63'", None, "2024-02-20", 'op.execute("CREATE TABLE colors(id)")'),
    ("aa02", "'aa01'", "'d07a5e6613c8'", "2024-03-20", 'op.execute("ALTER TABLE tags ADD color")'),
    ("aa03", "('aa02', 'e6f39042d7b5')", None, "2024-07-01", "pass"),
)
"""Each: its id, what it comes after, what it needs, its date, what it does."""


def write(project: TriedProject, *revision: str | None, back: str = "pass") -> None:
    """Write one revision of those five values; ``back`` is what its downgrade does."""
    name, after, needs, created, does = revision
    text = REVISION.format(id=name, after=after, needs=needs, created=created, does=does, back=back)
    (project.path / f"alembic/versions/{name}.py").write_text(text, "utf-8")
