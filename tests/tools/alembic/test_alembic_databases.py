"""A stored database of a revision that nobody has, and an env.py of several databases."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.tried_project import PRECIOUS, TriedProject

pytest.importorskip("alembic", reason="Alembic is not installed in this environment")

NOTES = Path(__file__).parent / "projects/notes"
NO_ATOMIC = "--migration-checks=schema,data,again,frozen,down"
SEVERAL = '''"""{id}

Revision ID: {id}
Create Date: 2024-01-11
"""

from alembic import op

revision = "{id}"
down_revision = {after}


def upgrade(engine_name):
    op.execute(f"CREATE TABLE {{engine_name}}_{id} (id INTEGER PRIMARY KEY, said TEXT NOT NULL)")


def downgrade(engine_name):
    op.execute(f"DROP TABLE {{engine_name}}_{id}")
'''


def stored_bytes(project: TriedProject) -> dict[str, bytes]:
    folder = project.path / "fixtures/snapshots"
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_stored_database_of_an_unknown_revision_is_named_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    project = TriedProject(NOTES, tmp_path, files=(PRECIOUS, "notes.db")).released()
    odd = project.path / "fixtures/snapshots/0003+odd.db"
    shutil.copy(odd.with_name("0003.db"), odd)
    with closing(sqlite3.connect(odd)) as conn:
        conn.execute("UPDATE alembic_version SET version_num = 'feedc0ffee00'")
        conn.commit()
    before = stored_bytes(project)
    said = (
        "snapshot 0003+odd is at no version of this project: fixtures/snapshots/0003+odd.db: the"
        " database was migrated by feedc0ffee00, which source alembic does not have. Restore that"
        " migration, or store a database that only has migrations of this project.\n"
    )
    checked = project.run("pmd-migrations", "check")
    assert (checked.code, checked.text) == (1, said)
    built = project.run("pmd-migrations", "snapshot")
    nothing = "Error: nothing was built, since this must be mended first:\n"
    assert (built.code, built.text) == (1, nothing + said)
    tried = project.matrix("--migration-checks=schema,data", "-k", "0003")
    assert tried.failed == {("0003+odd..0006", "schema")}, tried.text
    assert "snapshot 0003+odd is at no version of this project" in tried.text
    assert stored_bytes(project) == before


def test_of_several_databases_one_is_migrated_where_an_ini_names_it_and_else_none(
    tmp_path: Path,
) -> None:
    begun = tmp_path / "begun"
    begun.mkdir()
    shutil.copy(NOTES / "pyproject.toml", begun)
    project = TriedProject(begun, tmp_path, files=("one.db", "two.db"))
    made = project.run("alembic", "init", "-t", "multidb", "alembic")
    assert made.code == 0, made.text
    for name, after in (("aa01", None), ("aa02", "aa01")):
        text = SEVERAL.format(id=name, after=repr(after))
        (project.path / f"alembic/versions/{name}.py").write_text(text, "utf-8")
    ini = project.path / "alembic.ini"
    urls = iter(("one.db", "two.db"))
    text = re.sub(
        r"driver://.*", lambda _: f"sqlite:///{next(urls)}", ini.read_text("utf-8"), count=2
    )
    ini.write_text(text, "utf-8")
    refused = project.run("pmd-migrations", "snapshot")
    assert (refused.code, refused.text) == (
        2,
        "Error: migration_source 'alembic.ini': env.py opens more than one database:"
        f" {project.path}/one.db, {project.path}/two.db; expected one. Name an env.py that migrates"
        " one of them (pyproject.toml)\n",
    )
    (project.path / "two.ini").write_text(
        text.replace("databases = engine1, engine2", "databases = engine2"), "utf-8"
    )
    project.edit("pyproject.toml", '"alembic.ini"', '"two.ini"')
    good = project.released().matrix(NO_ATOMIC, "-o", "migration_down=true")
    assert good.code == 0, good.text
    assert "2 snapshots, 2 migrations: 10 ok" in good.text
    with closing(sqlite3.connect(project.path / "fixtures/snapshots/0002.db")) as conn:
        names = {name for (name,) in conn.execute("SELECT name FROM sqlite_schema")}
    assert {"engine2_aa01", "engine2_aa02"} <= names
    assert not any(name.startswith("engine1") for name in names)
