"""Six steps in each tool's dialect: stored, released, green; an edited one is blamed alone."""

from __future__ import annotations

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.sql_folder.projects import DIALECTS, edited, write_project, write_scripts
from tests.tools.tried_project import TriedProject

FOLDER = "db/migrations"
SAYS = {
    "flyway": "flyway refuses every database that has it (checksum mismatch) until flyway",
    "sqlx": "sqlx refuses every database that has it: previously applied but has been",
    "refinery": "refinery refuses every database that has it: applied migration is different",
    "prisma": "prisma migrate deploy warns of it on every database that has it, and prisma",
}


def tried(dialect: str, tmp_path: Path) -> TriedProject:
    original = tmp_path / "original"
    original.mkdir()
    write_project(dialect, original)
    return TriedProject(original, tmp_path)


def second_script(project: TriedProject) -> str:
    (found,) = (
        path
        for path in (project.path / FOLDER).rglob("*.sql")
        if "add_body" in str(path) and "down" not in path.name and path.name[0] != "U"
    )
    return str(found.relative_to(project.path))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_six_steps_are_green_and_an_edited_one_is_blamed_alone(
    dialect: str, tmp_path: Path
) -> None:
    project = tried(dialect, tmp_path).released()
    good = project.matrix("-n2")
    assert good.code == 0, good.text
    assert "6 snapshots, 6 migrations: 24 ok, 6 none" in good.text
    assert f"by the rules of {dialect}: " in good.text
    script = second_script(project)
    project.edit(script, "ADD COLUMN", "/* why */ ADD COLUMN")
    noted = project.matrix("--migration-checks=frozen")
    assert noted.code == 0, noted.text
    assert noted.text.count("its text changed since release") == 1
    assert SAYS.get(dialect, "its text changed") in noted.text.replace("\n  ", " "), noted.text
    write_scripts(dialect, project.path / FOLDER, edited())
    red = project.matrix("--migration-checks=frozen", "-rf")
    shown = script.removeprefix(f"{FOLDER}/")
    name = shown if dialect in ("diesel", "prisma") else Path(shown).name
    # Of a long name a headline has the beginning.
    named = {*re.findall(r"(\S+) was edited after release", red.text)}
    assert [name.startswith(one.removesuffix("...")) for one in named] == [True], red.text
    assert SAYS.get(dialect, "Undo the edit") in red.text.replace("\n", " "), red.text


def test_a_stored_database_with_another_checksum_fails_frozen(tmp_path: Path) -> None:
    project = tried("sqlx", tmp_path).released()
    snapshots = project.path / "fixtures/snapshots"
    stored = snapshots / "0003+real.db"
    shutil.copy(snapshots / "0003.db", stored)
    with closing(sqlite3.connect(stored)) as conn:
        conn.execute("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 20240102120000")
        conn.commit()
    told = project.run("pmd-migrations", "snapshot")
    assert told.code == 0, told.text
    printed = project.matrix("--migration-checks=frozen")
    assert ("0002", "frozen") in printed.failed, printed.text
    assert "20240102120000_add_body.sql is another than stored" in printed.text
    assert "sqlx: migration 20240102120000 was previously applied" in printed.text
