"""What `init` proposes of the lists that stand in a project's modules."""

from __future__ import annotations

from pathlib import Path

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
