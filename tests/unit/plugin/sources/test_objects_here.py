"""What `init` proposes of the lists in a project's modules, and of its folders and tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pytest_pmd_migrations.sources.found_here.candidates import find_candidates
from pytest_pmd_migrations.sources.found_here.objects_here import objects_here
from pytest_pmd_migrations.sources.found_here.project_files import ProjectFiles

from tests.every import for_every
from tests.unit.plugin.sources.conftest import write


@for_every(
    "written, is_proposed",
    [
        ("[('notes', 'CREATE TABLE a(x)')]", True),
        ("[('drop table notes', drop_notes)]", True),
        ("(f, '-- the first\\nCREATE TABLE a(x)')", True),
        ("{1: f, 2: g}", True),
        ("['create the notes', 'add tags']", False),
        ("{'notes': 'CREATE TABLE a(x)'}", True),
        ("[('CREATE TABLE a(x)', 'DROP TABLE a')]", False),
        ("[('notes', 'CREATE TABLE a(x)'), ('ALTER TABLE a ADD y', undo)]", False),
        ("{'CREATE TABLE a(x)': 'DROP TABLE a'}", False),
    ],
)
def test_a_list_of_ways_up_and_down_is_not_proposed(
    tmp_path: Path, written: str, is_proposed: bool
) -> None:
    root = write(tmp_path, {"db.py": f"MIGRATIONS = {written}\n"})
    found = [one.source for one in objects_here(ProjectFiles(root))]
    assert found == (["db:MIGRATIONS"] if is_proposed else [])


SCRIPT = "CREATE TABLE t(a);\n"
LIST = 'MIGRATIONS: list[str] = ["CREATE TABLE t(a)"]\n'
PROJECTS: Mapping[str, tuple[Mapping[str, str], Sequence[str]]] = {
    "an annotated list": ({"db.py": LIST}, ["db:MIGRATIONS"]),
    "a module that is too large": ({"db.py": f"{LIST}#{'x' * 2**20}"}, []),
    "a folder of another database beside SQLite's": (
        {"db/postgres/0001_a.sql": SCRIPT, "db/sqlite/0001_a.sql": SCRIPT},
        ["db/sqlite"],
    ),
    "a folder of another database alone": ({"db/mysql/0001_a.sql": SCRIPT}, ["db/mysql"]),
    "a pyproject.toml that is none": ({"pyproject.toml": "[", "m/0001_a.sql": SCRIPT}, ["m"]),
    "a yoyo.ini that is none": ({"yoyo.ini": "nothing"}, []),
    "a yoyo.ini of folders that are elsewhere": (
        {"yoyo.ini": "[DEFAULT]\nsources = nowhere .. %(here)s/m\n", "m/a.txt": ""},
        ["yoyo:m"],
    ),
    "a journal of something else": ({"m/_journal.json": "{}"}, []),
    # The setting is written all the same: the next command says what is wrong with it.
    "a folder that is not understood": (
        {"m/0001/migration.sql": SCRIPT, "m/0001/snapshot.json": "{}"},
        ["m"],
    ),
}


@for_every("files, sources", PROJECTS.values(), ids=PROJECTS)
def test_what_a_project_has_is_proposed(
    tmp_path: Path, files: Mapping[str, str], sources: Sequence[str]
) -> None:
    root = write(tmp_path, files)
    assert [one.source for one in find_candidates(root)] == sources
