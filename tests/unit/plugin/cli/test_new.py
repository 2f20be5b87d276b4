"""pmd-migrations new: the next migration's file."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

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
    raise NotImplementedError("0003 changes nothing yet")
"""
)
SCRIPT = """
-- Write the script in the place of this statement, which fails:
SELECT * FROM "{number} changes nothing yet";
"""


def test_the_first_migration_of_a_project(project: Make) -> None:
    made = project()
    assert made.run("new", "initial schema", "--sql") == (
        0,
        "created  db/sql/0001_initial_schema.sql\n"
        "next     write the script, then: pytest --migration-matrix -k 0001\n",
    )
    assert (made.path / "db/sql/0001_initial_schema.sql").read_text() == (
        "-- Initial schema\n" + SCRIPT.format(number="0001")
    )


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


ODD_DESCRIPTIONS = [
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
]


def test_odd_descriptions(project: Make) -> None:
    made = project()
    for description, name, first_line in ODD_DESCRIPTIONS:
        assert made.run("new", description, "--sql")[0] == 0, description
        written = made.path / "db/sql" / name
        assert [*written.parent.iterdir()] == [written], description
        text = written.read_text(encoding="utf-8")
        assert text == first_line + SCRIPT.format(number="0001"), description
        written.unlink()


def test_a_description_without_a_letter_is_refused(project: Make) -> None:
    made = project()
    for description in ("", "!!!", "練習"):
        assert made.run("new", description) == (
            2,
            f"Error: no file name can be made of {description!r}; expected some words in Latin"
            ' letters or digits: pmd-migrations new "add tags"\n',
        ), description
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
        "Error: no migration has the number 0002, and 0003_third.sql comes next, which frozen.toml"
        " does not know. Restore the missing file, or give that one its number: git mv"
        " db/sql/0003_third.sql db/sql/0002_third.sql (pyproject.toml)\n"
    )
    assert not (made.path / "db/sql/0004_fourth.py").exists()


def test_two_files_of_one_number_are_both_named_as_check_names_them(project: Make) -> None:
    made = project(FIRST, SECOND)
    made.run("snapshot")
    made.write("db/sql/0002_another.sql", SECOND)
    code, text = made.run("new", "third")
    assert (code, text) == (
        2,
        "Error: 0002_another.sql has the number of 0002_step_2.sql, which frozen.toml has as stored"
        " 0002. Give 0002_another.sql the next free number: git mv db/sql/0002_another.sql"
        " db/sql/0003_another.sql (pyproject.toml)\n",
    )
    assert made.run("check")[1] == text


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
    made.write("pyproject.toml", '[tool.pytest.ini_options]\nmigration_source = "one:steps"\n')
    made.write("one.py", "steps = ['CREATE TABLE a(x)', 'CREATE TABLE b(x)']")
    begun = "at the end of the list: describe the change\n"
    assert made.run("new", "third") == (
        2,
        "Error: the migrations of one are begun otherwise; expected a package or folder of numbered"
        f" files. Begin one so: {begun}",
    )
    assert made.run("snapshot")[0] == made.run("release")[0] == 0
    made.write("one.py", "steps = ['CREATE TABLE a(x, y)', 'CREATE TABLE b(x)']")
    text = made.run_apart("snapshot", "--rewrite", "1")[2]
    assert text.endswith(f"Put a change into a new migration: {begun}")


SETTING = '[tool.pytest.ini_options]\nmigration_source = "{}"\n'
NEXT = "next     write up(db), then: pytest --migration-matrix -k 0001\n"


@pytest.mark.parametrize(
    ("source", "there", "created"),
    [
        ("app.migrations", [], ["app/__init__.py", "app/migrations/__init__.py"]),
        ("app.migrations", ["app/__init__.py"], ["app/migrations/__init__.py"]),
        ("app.migrations", ["app/main.py"], ["app/migrations/__init__.py"]),
        ("app.migrations", ["app/migrations/notes.txt"], []),
        (
            "app.store.steps",
            ["src/app/__init__.py"],
            ["app/store/__init__.py", "app/store/steps/__init__.py"],
        ),
        ("app.steps", ["src/other/__init__.py"], ["app/__init__.py", "app/steps/__init__.py"]),
        ("data/sql", [], []),
        ("steps_of_mine", [], []),
    ],
)
def test_a_package_that_is_missing_is_made(
    project: Make, source: str, there: list[str], created: list[str]
) -> None:
    made = project()
    made.write("pyproject.toml", SETTING.format(source))
    for name in there:
        made.write(name, "")
    base = "src/" if there and there[0].startswith("src/") else ""
    folder = base + source.replace(".", "/")
    lines = [f"created  {base}{name}\n" for name in created]
    first = f"created  {folder}/0001_initial_schema.py\n"
    assert made.run("new", "initial schema") == (0, "".join([*lines, first, NEXT]))
    found = {path.relative_to(made.path).as_posix() for path in made.path.rglob("*.py")}
    assert {f"{base}{name}" for name in created} | {f"{folder}/0001_initial_schema.py"} == (
        found - {*there}
    )
    assert made.run("new", "second") == (
        0,
        f"created  {folder}/0002_second.py\n{NEXT.replace('0001', '0002')}",
    )


@pytest.mark.parametrize(
    ("source", "there", "message"),
    [
        (
            "shop.migration",
            {"shop/migrations/__init__.py": "", "shop/migrations/0001_a.sql": ""},
            "cannot be imported: No module named 'shop.migration'. Did you mean 'shop.migrations'?",
        ),
        (
            "db/sqls",
            {"db/sql/0001_a.sql": ""},
            "is no folder: ROOT/db/sqls does not exist. Did you mean 'db/sql'?",
        ),
        (
            "db",
            {"db/sql/0001_a.sql": ""},
            "has no migrations; there are some below it. Did you mean 'db/sql'?",
        ),
        (
            "shop.steps",
            {"shop/__init__.py": "import elsewhere\n"},
            "cannot be imported: No module named 'elsewhere' (shop/__init__.py:1)",
        ),
        (
            "shop.steps",
            {"shop.py": ""},
            "cannot be imported: No module named 'shop.steps'; 'shop' is not a package",
        ),
        ("json.steps", {}, "cannot be imported: No module named 'json.steps'"),
        ("shop.my-steps", {}, "cannot be imported: No module named 'shop'"),
    ],
)
def test_what_is_wrong_otherwise_is_said_and_nothing_is_made(
    project: Make, source: str, there: dict[str, str], message: str
) -> None:
    made = project()
    made.write("pyproject.toml", SETTING.format(source))
    for name, text in there.items():
        made.write(name, text)
    before = made.all_files()
    code, text, errors = made.run_apart("new", "initial schema")
    assert (code, text) == (2, "")
    assert errors == f"Error: migration_source {source!r} {message}\n"
    assert {name for name, _ in made.all_files() if "__pycache__" not in name.parts} == {
        name for name, _ in before
    }


def test_nothing_is_written_into_a_package_of_somebody_else(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", SETTING.format("json"))
    folder = Path(json.__file__).resolve().parent
    assert made.run("new", "initial schema") == (
        2,
        f"Error: migration_source 'json' is {folder}, which lies outside ROOT and has no"
        " migrations; expected a package or folder of the project. Give it another name, or make"
        " its folder first\n",
    )
    made.write("json/notes.txt", "")
    assert made.run("new", "initial schema")[1].startswith("created  json/0001_initial_schema.py")


def test_nothing_is_made_for_a_description_without_a_letter(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", SETTING.format("shop.steps"))
    assert made.run("new", "!!!")[0] == 2
    assert not (made.path / "shop").exists()


def test_a_package_that_cannot_be_made_is_named(project: Make) -> None:
    made = project()
    made.write("pyproject.toml", SETTING.format("data/sql"))
    made.write("data", "")
    assert made.run("new", "first") == (
        1,
        "Error: data/sql cannot be made: Not a directory; expected a folder to write into\n",
    )


@pytest.mark.parametrize("script", [[], ["--sql"]])
def test_an_untouched_file_makes_snapshot_fail(project: Make, script: list[str]) -> None:
    made = project()
    assert made.run("new", "initial schema", *script)[0] == 0
    code, text = made.run("snapshot")
    assert code == 1
    assert "0001 changes nothing yet" in text
    assert not made.snapshots.exists()
