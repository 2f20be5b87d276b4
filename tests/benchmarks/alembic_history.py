"""The history with rows as revisions of Alembic, for `pytest --test-alembic` beside our matrix."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.row_history import insert

_INI = (
    "[alembic]\nscript_location = migrations\nprepend_sys_path = .\npath_separator = os\n"
    "sqlalchemy.url = sqlite://\n"
)
_ENV = """\
from alembic import context
from models import metadata
from sqlalchemy import create_engine

connectable = context.config.attributes.get("connection") or create_engine("sqlite://")
with connectable.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
_MODELS = """\
from sqlalchemy import Column, Float, Index, Integer, MetaData, Table, Text

metadata = MetaData()
for number in range({tables}):
    steps = min(4, {versions} - number * 4)
    table = Table(
        f"t{{number}}",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("name", Text, nullable=False),
        Column("val", Float),
        *[Column("extra", Text)] * (steps > 1),
    )
    if steps > 2:
        Index(f"ix_t{{number}}", table.c.name, table.c.extra)
"""
_REVISION = '''\
"""Step {number}."""

import sqlalchemy as sa
from alembic import op

revision = "{number:04}"
down_revision = {before!r}


def upgrade():
    {up}


def downgrade():
    {down}
'''


def write(folder: Path, versions: int) -> None:
    """Write a project of that many revisions to a folder."""
    revisions = folder / "migrations/versions"
    revisions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(_INI)
    # pytest-alembic adds its tests where this file is.
    (folder / "tests").mkdir()
    (folder / "tests/conftest.py").touch()
    (folder / "migrations/env.py").write_text(_ENV)
    tables = (versions + 3) // 4
    (folder / "models.py").write_text(_MODELS.format(tables=tables, versions=versions))
    for number in range(1, versions + 1):
        before = f"{number - 1:04}" if number > 1 else None
        up, down = _operations(number)
        text = _REVISION.format(number=number, before=before, up=up, down=down)
        (revisions / f"{number:04}_step.py").write_text(text)


def _operations(number: int) -> tuple[str, str]:
    group, kind = divmod(number - 1, 4)
    table = f"t{group}"
    if kind == 0:
        columns = (
            'sa.Column("id", sa.Integer, primary_key=True),'
            ' sa.Column("name", sa.Text, nullable=False), sa.Column("val", sa.Float)'
        )
        return f'op.create_table("{table}", {columns})', f'op.drop_table("{table}")'
    if kind == 1:
        added = f'op.add_column("{table}", sa.Column("extra", sa.Text))'
        return added, f'op.drop_column("{table}", "extra")'
    if kind == 2:
        made = f'op.create_index("ix_{table}", "{table}", ["name", "extra"])'
        return made, f'op.drop_index("ix_{table}")'
    return f"op.execute({insert(table)!r})", f'op.execute("DELETE FROM {table}")'
