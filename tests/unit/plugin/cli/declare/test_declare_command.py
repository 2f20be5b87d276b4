"""pmd-migrations declare: what it proposes, where it writes it, and what it says cannot be."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from pytest_pmd_migrations.checks.atomic import ATOMIC
from pytest_pmd_migrations.checks.registry import all_checks

from tests.unit.plugin.cli.conftest import Project

Make = Callable[..., Project]
WITHOUT_FAULTS = pytest.mark.usefixtures("without_faults")
"""No declaration changes what `atomic` finds, and it takes longer than all other checks."""

FIRST = (
    "CREATE TABLE IF NOT EXISTS notes(id INTEGER PRIMARY KEY, title TEXT, n INTEGER);\n"
    "CREATE TABLE IF NOT EXISTS log(line TEXT);\n"
)
TRIM = "UPDATE notes SET title = trim(title);\n"
NEGATIVE = "DELETE FROM notes WHERE n < 0;\n"
ROWS = "INSERT INTO notes VALUES (10, ' a', 1), (11, 'b', -1), (12, 'c', -1), (13, 'd', NULL)"
PROPOSED = """\
  [0002.changes]
  "notes.title" = ["title <> trim(title)", "notes.title changed in 1 of 5 rows, seen from\
 0001; declared as found"]

"""


@pytest.fixture
def without_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = [check for check in all_checks() if check is not ATOMIC]
    monkeypatch.setattr("pytest_pmd_migrations.checks.registry.all_checks", lambda: checks)


def with_setting(made: Project) -> Project:
    """Name a file of declarations that there is none of yet."""
    settings = made.path / "pyproject.toml"
    settings.write_text(f'{settings.read_text()}migration_rows = "rows.toml"\n')
    return made


def with_rows(made: Project, name: str = "0001+rows", rows: str = ROWS) -> Project:
    """Store a variant of the first snapshot, with other rows."""
    file = made.snapshots / f"{name}.db"
    file.write_bytes((made.snapshots / "0001.db").read_bytes())
    with closing(sqlite3.connect(file)) as conn, conn:
        conn.executescript(f"DELETE FROM notes; DELETE FROM log; {rows}")
    return made


def test_nothing_to_declare(stored: Make) -> None:
    made = stored(FIRST)
    assert made.run("declare") == (0, "nothing to declare: the matrix finds nothing\n")
    assert made.run("declare", "--write") == (0, "nothing to declare: the matrix finds nothing\n")


def test_a_project_without_snapshots_is_refused(project: Make) -> None:
    made = project(FIRST)
    assert made.run("declare") == (
        1,
        "Error: no snapshot is stored in fixtures/snapshots, so nothing can be checked. Build them:"
        " pmd-migrations snapshot\n",
    )


def test_a_source_that_there_is_none_of_is_refused(stored: Make) -> None:
    code, text = stored(FIRST).run("declare", "--source", "other")
    assert (code, text) == (
        2,
        "Error: --source 'other' is not one of the migration sources: sql\n",
    )


@WITHOUT_FAULTS
def test_scripts_are_declared_in_the_file_that_the_setting_names(stored: Make) -> None:
    made = with_rows(with_setting(stored(FIRST, TRIM)))
    files = made.all_files()
    assert made.run("declare") == (
        1,
        f"rows.toml\n{PROPOSED}write it: pmd-migrations declare --write\n",
    )
    assert made.all_files() == files
    assert made.run("declare", "--write") == (0, "wrote    rows.toml  1 declaration\n")
    assert (made.path / "rows.toml").read_text() == PROPOSED.replace("\n  ", "\n")[2:-1]
    assert made.run("declare") == (0, "nothing to declare: the matrix finds nothing\n")


@WITHOUT_FAULTS
def test_without_the_setting_it_says_what_to_set(stored: Make) -> None:
    made = with_rows(stored(FIRST, TRIM))
    setting = 'set      migration_rows = "migration_rows.toml"  (pyproject.toml)\n'
    assert made.run("declare") == (
        1,
        f"migration_rows.toml\n{PROPOSED}{setting}write it: pmd-migrations declare --write\n",
    )
    assert made.run("declare", "--write") == (
        1,
        f"wrote    migration_rows.toml  1 declaration\n{setting}",
    )
    again = made.run("declare", "--write")[1]
    assert "(by hand: it has them already; the setting that names it is missing)" in again


@WITHOUT_FAULTS
def test_a_condition_is_one_that_no_stored_database_refutes(stored: Make) -> None:
    made = with_setting(stored(FIRST, NEGATIVE))
    condition = '  "notes" = ["n < 0", '
    # Here it could be the missing title as well, and the lineage alone would say so.
    with_rows(made, rows="INSERT INTO notes VALUES (1, NULL, -1), (2, 'b', 1), (3, 'b', 2)")
    assert condition in made.run("declare")[1]
    # All of the rows of one go, and none of another.
    with_rows(made, "0001+gone", "INSERT INTO notes VALUES (1, 'x', -5), (2, 'x', -6)")
    with_rows(made, "0001+kept", "INSERT INTO notes VALUES (1, 'a', 5), (2, 'b', 6)")
    assert condition in made.run("declare")[1]


@WITHOUT_FAULTS
def test_a_migration_that_is_not_released_is_better_mended(stored: Make) -> None:
    made = stored(FIRST, "INSERT INTO log VALUES ('x');\n")
    code, text = made.run("declare")
    assert code == 1
    assert "  [0002]\n  again = " in text
    assert "not released, so mend it instead where you can: 0002\n" in text
    made.run("release")
    assert "not released" not in made.run("declare")[1]


@WITHOUT_FAULTS
def test_what_cannot_be_declared_is_listed_with_why(stored: Make) -> None:
    made = stored(FIRST, TRIM)
    made.run("release")
    made.write("db/sql/0002_step_2.sql", "CREATE TABLE other(a);\n")
    made.write("db/sql/0003_step_3.sql", "DROP TABLE nowhere;\n")
    assert made.run("declare") == (
        1,
        "cannot be declared:\n"
        "  0003_step_3.sql failed\n"
        '    a step that nobody can take is mended in its file; pytest "migrations::0001..0003'
        '[schema]"\n'
        "  0002_step_2.sql was edited after release\n"
        '    a released migration is put back as it was; pytest "migrations::0002[frozen]"\n',
    )


@WITHOUT_FAULTS
def test_a_declaration_that_does_not_allow_enough_is_not_written_over(stored: Make) -> None:
    made = with_rows(with_setting(stored(FIRST, NEGATIVE)))
    made.write("rows.toml", "[0002.deletes]\nNOTES = ['id = 11', 'meant']\n")
    files = made.all_files()
    assert made.run("declare", "--write") == (
        1,
        "cannot be declared:\n"
        "  0002 DELETES notes: declared already, but notes lost 1 of 5 rows, seen\n"
        "  from 0001\n"
        "    it needs another condition; mend it in rows.toml\n",
    )
    assert made.all_files() == files


@WITHOUT_FAULTS
def test_a_module_keeps_its_text_and_is_declared_in(project: Make) -> None:
    made = project(FIRST)
    module = (
        '"""Trim."""\r\n\r\nVERSION = 2\r\nDESCRIPTION = "Trim"  # é\r\n\r\n\r\n'
        "def up(db):\r\n    db.execute('UPDATE notes SET title = trim(title)')\r\n"
    )
    path = made.path / "db/sql/0002_trim.py"
    path.write_bytes(module.encode())
    path.chmod(0o600)
    assert made.run("snapshot")[0] == 0
    with_rows(made)
    code, text = made.run("declare", "--write")
    assert (code, text) == (0, "wrote    db/sql/0002_trim.py  1 declaration\n")
    assert path.read_bytes().decode() == module + (
        "\r\n\r\nCHANGES = {\r\n"
        '    "notes.title": (\r\n'
        '        "title <> trim(title)",\r\n'
        '        "notes.title changed in 1 of 5 rows, seen from 0001; declared as found",\r\n'
        "    ),\r\n"
        "}\r\n"
    )
    assert path.stat().st_mode & 0o777 == 0o600


@WITHOUT_FAULTS
def test_a_module_that_cannot_be_added_to_is_left_alone(project: Make) -> None:
    made = project(FIRST)
    module = made.write(
        "db/sql/0002_trim.py",
        "VERSION = 2\nDESCRIPTION = 'Trim'\nCHANGES = dict()\n\n\n"
        "def up(db):\n    db.execute('UPDATE notes SET title = trim(title)')\n",
    )
    assert made.run("snapshot")[0] == 0
    with_rows(made)
    before = module.read_text()
    code, text = made.run("declare", "--write")
    assert (code, text) == (
        1,
        "db/sql/0002_trim.py\n"
        "  CHANGES = {\n"
        '      "notes.title": (\n'
        '          "title <> trim(title)",\n'
        '          "notes.title changed in 1 of 5 rows, seen from 0001; declared as found",\n'
        "      ),\n"
        "  }\n"
        "  (by hand: it has a CHANGES already, which is no dict written out)\n"
        "\n",
    )
    assert module.read_text() == before


SLUG = "CREATE TRIGGER s AFTER INSERT ON notes BEGIN SELECT slug(new.title); END;\n"
FOLDED = "CREATE TABLE names(name TEXT PRIMARY KEY CHECK (fold(name) <> ''));\n"
FOLDS = """
def prepare(conn):
    conn.create_function("fold", 1, str.casefold, deterministic=True)
"""


def test_what_only_the_application_has_is_named_with_the_setting(project: Make) -> None:
    setting = 'migration_connection = "app.db:prepare" (docs/howto/functions-and-collations.md)'
    made = project(FIRST + SLUG + FOLDED)
    made.write("app.py", FOLDS)
    before = made.path.joinpath("pyproject.toml").read_text()
    made.write("pyproject.toml", f'{before}migration_connection = "app:prepare"\n')
    assert (
        "empty    notes: no generated row fits (no such function: slug)\n"
        "         trigger s needs the function slug, which the application adds to its own"
        f" connections: {setting}\n"
    ) in made.run("snapshot")[1]
    made.write("pyproject.toml", before)
    assert made.run("declare") == (
        1,
        "cannot be declared:\n"
        "  table names needs the function fold: the application adds...\n"
        f'    {setting}; pytest "migrations::0001..0001[schema]"\n',
    )


def test_a_declaration_for_a_version_that_there_is_none_of_is_refused(stored: Make) -> None:
    made = with_setting(stored(FIRST, TRIM))
    made.write("rows.toml", '[0009]\nagain = "once"\n')
    assert made.run("check") == (
        2,
        "Error: rows.toml: [0009] is no migration; expected one of 0001..0002. Mend the number, or"
        " take it out\n",
    )
