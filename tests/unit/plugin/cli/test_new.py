"""pmd-migrations new: the next migration's file."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from tests.unit.plugin.cli.conftest import FIRST, SECOND, Project

Make = Callable[..., Project]

MODULE = (
    """\"\"\"Add a \\\\ and """
    + "'''"
    + """ — tägs.\"\"\"

VERSION = 3
DESCRIPTION = 'Add a \\\\ and \"\"\" — tägs'


def up(db):
    db.execute("")
"""
)


def test_the_first_migration_of_a_project(project: Make) -> None:
    made = project()
    assert made.run("new", "initial schema", "--sql") == (
        0,
        "created  db/sql/0001_initial_schema.sql\n"
        "next     write the script, then: pytest --migration-matrix -k 0001\n",
    )
    assert (made.path / "db/sql/0001_initial_schema.sql").read_text() == "-- Initial schema\n"


def test_the_next_module_after_those_there_are(project: Make) -> None:
    made = project(FIRST, SECOND)
    assert made.run("new", 'add a \\ and """ — tägs.') == (
        0,
        "created  db/sql/0003_add_a_and_tags.py\n"
        "next     write up(db), then: pytest --migration-matrix -k 0003\n",
    )
    text = (made.path / "db/sql/0003_add_a_and_tags.py").read_text(encoding="utf-8")
    assert text == MODULE
    assert ast.get_docstring(ast.parse(text)) == "Add a \\ and ''' — tägs."


def test_a_process_of_its_own_writes_the_same(project: Make) -> None:
    made = project(FIRST)
    assert made.run_apart("new", "second") == (
        0,
        "created  db/sql/0002_second.py\n"
        "next     write up(db), then: pytest --migration-matrix -k 0002\n",
        "",
    )


@pytest.mark.parametrize(
    ("description", "name", "first_line"),
    [
        ("two\nlines\tand  spaces", "0001_two_lines_and_spaces.sql", "-- Two lines and spaces\n"),
        (
            "Ärger & Übermut, 2. Teil",
            "0001_arger_ubermut_2_teil.sql",
            "-- Ärger & Übermut, 2. Teil\n",
        ),
        ("../../etc/passwd", "0001_etc_passwd.sql", "-- ../../etc/passwd\n"),
        (
            "word " * 40,
            "0001_" + ("word_" * 12)[:-1] + ".sql",
            "-- W" + ("word " * 40)[1:-1] + "\n",
        ),
        ("x\udcff", "0001_x.sql", "-- X?\n"),
    ],
)
def test_odd_descriptions(project: Make, description: str, name: str, first_line: str) -> None:
    made = project()
    code, _ = made.run("new", description, "--sql")
    assert code == 0
    assert [file.name for file in (made.path / "db/sql").iterdir()] == [name]
    assert (made.path / "db/sql" / name).read_text(encoding="utf-8") == first_line


@pytest.mark.parametrize("description", ["", "!!!", "練習"])
def test_a_description_without_a_letter_is_refused(project: Make, description: str) -> None:
    made = project()
    assert made.run("new", description) == (
        2,
        f"Error: no file name can be made of {description!r}; expected some words in Latin letters"
        ' or digits: pmd-migrations new "add tags"\n',
    )
    assert not list((made.path / "db/sql").iterdir())


def test_a_file_that_is_in_the_way_is_not_overwritten(project: Make) -> None:
    made = project(FIRST)
    (made.path / "db/sql/0002_second.py").mkdir()
    assert made.run("new", "second") == (
        1,
        "Error: db/sql/0002_second.py cannot be written: File exists; expected a folder to"
        " write into, and no such file in it\n",
    )


def test_numbers_keep_the_width_they_have(project: Make) -> None:
    made = project()
    made.write("db/sql/00001_first.sql", FIRST)
    assert made.run("new", "second", "--sql")[1].startswith("created  db/sql/00002_second.sql\n")


def test_a_gap_is_named_before_anything_is_written(project: Make) -> None:
    made = project(FIRST)
    made.write("db/sql/0003_third.sql", SECOND)
    code, text = made.run("new", "fourth")
    assert code == 2
    assert text == (
        "Error: migration_source 'db/sql': ROOT/db/sql/0003_third.sql: version 0002 is missing"
        " before it; expected it after 0001_step_1.sql. Restore the missing file, or renumber this"
        " one.\n"
    )
    assert not (made.path / "db/sql/0004_fourth.py").exists()


def test_from_a_subfolder_the_whole_path_is_printed(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(FIRST)
    monkeypatch.chdir(made.path / "db")
    assert made.run("new", "second")[1].startswith("created  sql/0002_second.py\n")
    (made.path / "elsewhere").mkdir()
    monkeypatch.chdir(made.path / "elsewhere")
    assert made.run("new", "third")[1].startswith("created  ROOT/db/sql/0003_third.py\n")


def test_a_source_of_the_project_s_own_gets_no_file(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", '[tool.pytest.ini_options]\nmigration_source = "app:steps"\n')
    made.write(
        "app.py",
        "class Steps:\n"
        "    name = 'own'\n"
        "    def versions(self): return [1]\n"
        "    def location(self, version): raise NotImplementedError\n"
        "    def upgrade(self, conn, to): raise NotImplementedError\n"
        "steps = Steps()\n",
    )
    made.write("conftest.py", "import sys; sys.path.insert(0, '.')\n")
    assert made.run("new", "second") == (
        2,
        "Error: the source own is an object of the project's own, which knows by itself where its"
        " migrations are written; expected a package or folder of numbered files\n",
    )
