"""`snapshot` names what a step gives otherwise each time; SQL's clock and dice are held."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from pytest_pmd_migrations.snapshots.lock_file import read_lock_file, text_digest

from tests.unit.plugin.cli.conftest import FIRST, Project

Make = Callable[..., Project]

ROW = "INSERT INTO notes VALUES (1, 'Welcome');\n"
DICE = "ALTER TABLE notes ADD COLUMN token TEXT; UPDATE notes SET token = hex(randomblob(8));\n"
TIMES = (
    "CREATE TABLE made(id INTEGER PRIMARY KEY, note, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);"
    "INSERT INTO made(note) SELECT id FROM notes WHERE date('now') > '2000';"
    "CREATE TRIGGER stamp AFTER INSERT ON notes BEGIN"
    " INSERT INTO made(note, at) VALUES (new.id, strftime('%s', 'now')); END;\n"
)


def module(version: int, *lines: str, imports: str = "import random") -> str:
    body = "".join(f"    {line}\n" for line in lines)
    return f"{imports}\n\nVERSION = {version}\nDESCRIPTION = 'x'\n\n\ndef up(db):\n{body}"


def refusal(file: str, *what: str, line: str = "") -> str:
    mend = f"Or let no check compare them, by a line of settings:\n  {line}\n" if line else ""
    shown = "".join(f"  {one}\n" for one in what)
    return (
        f"Error: {file} gives other values in each run; nothing was written\n\n{shown}\n"
        "It asks a clock, dice or a file of its own; SQL's clock and dice are the\n"
        "same in each run here. Let it take the values from its rows, or ask SQL's.\n" + mend
    )


def test_a_history_that_asks_sqls_clock_and_dice_is_stored_and_released(project: Make) -> None:
    made = project(FIRST, DICE, TIMES)
    code, text = made.run("snapshot")
    assert code == 0
    told = "dice     0002_step_2.sql calls random() or randomblob(): always the same values here"
    assert [line for line in text.splitlines() if line.startswith("dice")] == [told]
    first = made.files()
    assert made.run("check") == (0, "3 versions, 3 snapshots: all in order\n")
    assert made.run("snapshot", "--rewrite", "1")[0] == 0
    assert made.files() == first
    assert made.run("release") == (0, "released 0001..0003\n")
    assert made.run("check") == (0, "3 versions, 3 snapshots: all in order\n")


def test_dice_of_pythons_are_refused_with_step_column_and_line(project: Make) -> None:
    made = project(FIRST + ROW, settings='migration_volatile = ["notes.title"]\n')
    made.write(
        "db/sql/0002_luck.py",
        module(
            2,
            "db.execute('ALTER TABLE notes ADD COLUMN luck REAL')",
            "db.execute('UPDATE notes SET luck = ?', [random.random()])",
        ),
    )
    line = 'migration_volatile = ["notes.title", "notes.luck"]'
    assert made.run("snapshot") == (1, refusal("0002_luck.py", "notes.luck", line=line))
    assert not made.snapshots.exists()
    made.write(
        "pyproject.toml", f'[tool.pytest.ini_options]\nmigration_source = "db/sql"\n{line}\n'
    )
    assert made.run("snapshot")[0] == 0
    assert made.run("release")[0] == 0
    made.write("pyproject.toml", '[tool.pytest.ini_options]\nmigration_source = "db/sql"\n')
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")


def test_a_clock_that_shows_the_same_in_both_runs_is_refused_too(project: Make) -> None:
    made = project(FIRST + ROW)
    made.write(
        "db/sql/0002_at.py",
        module(
            2,
            *(f"db.execute('ALTER TABLE notes ADD COLUMN {name}')" for name in ("s", "at", "day")),
            "now = datetime.now()",
            "shown = int(now.timestamp()), now.isoformat(timespec='seconds'), str(now.date())",
            "db.execute('UPDATE notes SET s = ?, at = ?, day = ?', shown)",
            imports="from datetime import datetime",
        ),
    )
    what = "notes.at", "notes.day", "notes.s"
    line = 'migration_volatile = ["notes.at", "notes.day", "notes.s"]'
    assert made.run("snapshot") == (1, refusal("0002_at.py", *what, line=line))


def test_all_steps_that_vary_are_named_at_once_with_one_line_of_settings(project: Make) -> None:
    made = project(FIRST + ROW)
    for version, column in ((2, "luck"), (4, "chance")):
        lines = (
            f"db.execute('ALTER TABLE notes ADD COLUMN {column} REAL')",
            f"db.execute('UPDATE notes SET {column} = ?', [random.random()])",
        )
        made.write(f"db/sql/000{version}_{column}.py", module(version, *lines))
    made.write("db/sql/0003_kind.sql", "ALTER TABLE notes ADD COLUMN kind TEXT;\n")
    line = 'migration_volatile = ["notes.luck", "notes.chance"]'
    first = refusal("0002_luck.py", "notes.luck", line=line)
    both = first.replace(
        "\n\nIt asks", "\n\n0004_chance.py does so too:\n\n  notes.chance\n\nIt asks"
    )
    assert made.run("snapshot") == (1, both)
    assert not made.snapshots.exists()


PREPARE = """
import uuid


def prepare(conn):
    conn.create_function("new_token", 0, lambda: uuid.uuid4().hex)
"""


def test_a_function_of_the_applications_that_the_schema_calls_is_named(
    project: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = project(
        "CREATE TABLE notes(id INTEGER PRIMARY KEY, token DEFAULT (new_token()));\n",
        "INSERT INTO notes(id) VALUES (101), (102);\n",
        settings='migration_connection = "own_tokens:prepare"\n',
    )
    made.write("own_tokens.py", PREPARE)
    monkeypatch.syspath_prepend(str(made.path))
    assert made.run("snapshot") == (
        1,
        "Error: 0002_step_2.sql gives other values in each run; nothing was written\n\n"
        "  notes.token\n\n"
        "The DEFAULT of notes.token calls new_token(). Where that function of the\n"
        "application's gives other values in each run, let it give the same, or let\n"
        "the step write the value itself; else the step asks a clock or dice of its\n"
        "own.\n"
        "Or let no check compare them, by a line of settings:\n"
        '  migration_volatile = ["notes.token"]\n',
    )


CHANCE = (
    "A step writes a time or a value by chance into its SQL. Let it write what is\n"
    "always the same; in CREATE TABLE, DEFAULT CURRENT_TIMESTAMP gives each new\n"
    "row its time.\n"
)


def test_a_schema_that_is_another_one_in_each_run_is_told_as_that(stored: Make) -> None:
    made = stored(FIRST)
    made.write(
        "db/sql/0002_luck.py",
        module(2, "db.execute(f'ALTER TABLE notes ADD COLUMN luck DEFAULT {random.random()}')"),
    )
    code, text = made.run("snapshot")
    assert code == 1
    assert text.startswith("Error: 0001 upgraded to 0002: 1 difference from fresh 0002; nothing")
    told = "Two fresh databases differ in column notes.luck, too. " + CHANCE
    assert " ".join(text.split()).endswith(" ".join(told.split()))


def test_a_schema_that_names_the_time_of_today_is_refused(stored: Make) -> None:
    made = stored(FIRST)
    made.write(
        "db/sql/0002_day.py",
        module(
            2,
            "today = date.today()",
            "db.execute(f\"ALTER TABLE notes ADD COLUMN day DEFAULT '{today}'\")",
            "db.execute(f'ALTER TABLE notes ADD COLUMN old DEFAULT 20010101')",
            imports="from datetime import date",
        ),
    )
    code, text = made.run("snapshot")
    assert (code, re.sub(r"\d{4}-\d\d-\d\d", "TODAY", text)) == (
        1,
        "Error: 0002_day.py writes the time of today into the schema; nothing was written\n\n"
        f"  table notes: 'TODAY'\n\n{CHANCE}",
    )


def test_another_number_of_rows_each_time_is_refused(project: Make) -> None:
    made = project(FIRST)
    made.write("runs.txt", "")
    made.write(
        "db/sql/0002_rows.py",
        module(
            2,
            "with open('runs.txt', 'a') as file:",
            "    file.write('x')",
            "with open('runs.txt') as file:",
            "    count = len(file.read())",
            "db.execute('CREATE TABLE t(a)')",
            'db.execute(f\'INSERT INTO t VALUES {", ".join(["(1)"] * count)}\')',
            imports="",
        ),
    )
    code, text = made.run("snapshot")
    assert (code, text) == (1, refusal("0002_rows.py", "t: another number of rows"))


def test_what_was_stored_with_a_column_that_varies_is_told_by_check(stored: Make) -> None:
    """As a version of before stored it, which did not compare two runs."""
    made = stored(FIRST + ROW, "ALTER TABLE notes ADD COLUMN luck;\n")
    made.path.joinpath("db/sql/0002_step_2.sql").unlink()
    file = made.write(
        "db/sql/0002_luck.py",
        module(
            2,
            "db.execute('ALTER TABLE notes ADD COLUMN luck')",
            "db.execute('UPDATE notes SET luck = ?', [random.random()])",
        ),
    )
    lock = made.lock.read_text()
    old = lock.split("[versions.0002]")[1].split('text = "')[1].partition('"')[0]
    made.lock.write_text(
        lock.replace(old, text_digest(file.read_bytes())).replace("0002_step_2.sql", file.name)
    )
    assert made.run("check") == (
        1,
        '0002 gives other values in each run: notes.luck.  migration_volatile = ["notes.luck"]\n',
    )
    with made.path.joinpath("pyproject.toml").open("a") as settings:
        settings.write('migration_volatile = ["notes.luck"]\n')
    assert made.run("check") == (
        1,
        "0002 changed since its snapshot was made.  pmd-migrations snapshot --rewrite 0002\n",
    )
    assert made.run("snapshot", "--rewrite", "2")[0] == 0
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")


def test_rows_that_were_taken_out_are_recorded_anew_by_the_setting_of_today(
    stored: Make,
) -> None:
    made = stored(FIRST + ROW, DICE)
    assert made.run("release")[0] == 0
    head, _, rest = made.lock.read_text().partition("[versions.0002.rows]\n")
    made.lock.write_text(f"{head}[versions.0002.rows]\n\n{rest.partition(chr(10) * 2)[2]}")
    with made.path.joinpath("pyproject.toml").open("a") as settings:
        settings.write('migration_volatile = ["notes.token"]\n')
    assert made.run("snapshot")[1] == "locked   frozen.toml  0002 sha256:*\n"
    lines = read_lock_file(made.lock).versions
    assert (lines[1].volatile, lines[2].volatile) == ((), ("notes.token",))
    assert lines[2].released
    assert lines[2].rows
    assert made.run("check")[0] == 0


def test_a_pattern_that_is_no_column_is_refused(project: Make) -> None:
    made = project(FIRST, settings='migration_volatile = ["notes."]\n')
    assert made.run("check") == (
        2,
        "Error: migration_volatile 'notes.' names no column; expected globs on"
        ' "table.column", such as "notes.added_at" (pyproject.toml)\n',
    )


def test_a_step_that_depends_on_its_process_is_not_called_changed(project: Make) -> None:
    """Nothing varies within one process."""
    made = project(FIRST)
    name = "os.environ['PMD_TEST_TABLE']"
    made.write(
        "db/sql/0002_table.py",
        module(2, f"db.execute('CREATE TABLE ' + {name} + '(a)')", imports="import os"),
    )
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PMD_TEST_TABLE", "one")
        assert made.run("snapshot")[0] == 0
        environment.setenv("PMD_TEST_TABLE", "two")
        assert made.run("release") == (
            1,
            "Error: nothing was released, since this must be mended first:\n"
            "0002 does something else now, by the same text: it depends on the process (the order"
            " of a set, a number of the process), on the environment, or on code outside its file."
            "  pmd-migrations snapshot --rewrite 0002\n",
        )
