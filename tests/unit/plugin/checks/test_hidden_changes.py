"""Where pages show that only ignored tables changed, a comparison of the rows says nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pytest_pmd_migrations.application.upgrade import EMPTY, walk
from pytest_pmd_migrations.checks.hidden_changes import changed_only_hidden
from pytest_pmd_migrations.rows import RowsReport, compare_rows
from pytest_pmd_migrations.sources.declared.declarations import (
    NOTHING_DECLARED,
    Condition,
    Declarations,
)

from tests.every import for_every
from tests.unit.plugin.built_application import application, store, told

FIRST = """
CREATE TABLE done(name TEXT);
CREATE TABLE done_times(id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT);
CREATE TABLE notes(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT);
INSERT INTO done VALUES ('first'); INSERT INTO done_times(at) VALUES ('now');
INSERT INTO notes(title) VALUES ('a'), ('b'), ('c')
"""
RECORDED = "INSERT INTO done VALUES ('second')"
HIDDEN = {
    "a row of the runner's": "",
    "a mark of the runner's": "INSERT INTO done_times(at) VALUES ('later')",
    "the runner's table gone": "DROP TABLE done_times",
    "an index": "CREATE INDEX by_title ON notes(title)",
    "a column": "ALTER TABLE notes ADD COLUMN body",
    "a table with a mark": "CREATE TABLE tags(id INTEGER PRIMARY KEY AUTOINCREMENT);"
    " INSERT INTO tags DEFAULT VALUES",
}
SEEN = {
    "a row": "INSERT INTO notes(title) VALUES ('d')",
    "a row gone": "DELETE FROM notes WHERE id = 2",
    "a value": "UPDATE notes SET title = 'x' WHERE id = 2",
    "a mark set back": "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'notes'",
    "a mark gone": "DELETE FROM sqlite_sequence WHERE name = 'notes'",
    "another name": "ALTER TABLE notes RENAME TO texts",
    "a table gone": "DROP TABLE notes",
    "a table that keeps no tree": "CREATE VIRTUAL TABLE words USING fts5(word)",
}


def said(tmp_path: Path, sql: str) -> tuple[bool, RowsReport]:
    """Whether the step is said to change ignored tables alone, and what the comparison reports."""
    steps = {1: FIRST, 2: f"{RECORDED}; {sql}"}
    history = application(tmp_path, steps, ignore_patterns=("Done*",))
    taken = list[tuple[bool, RowsReport]]()
    for step in walk(history.application.source, EMPTY):
        if step.version == 2 and step.before is not None:

            def again(conn: sqlite3.Connection) -> None:
                conn.executescript(f"{RECORDED}; {sql}")

            report = compare_rows(
                step.before,
                step.after,
                declarations=NOTHING_DECLARED,
                rerun=again,
                ignore=history.rules.ignore_patterns,
            )
            taken.append((changed_only_hidden(history, step, step.before), report))
    return taken[0]


@for_every("sql", HIDDEN.values(), ids=HIDDEN.keys())
def test_no_row_that_is_compared_has_changed(tmp_path: Path, sql: str) -> None:
    assert said(tmp_path, sql) == (True, RowsReport())


@for_every("sql", SEEN.values(), ids=SEEN.keys())
def test_a_row_or_a_mark_that_is_compared_may_have_changed(tmp_path: Path, sql: str) -> None:
    assert said(tmp_path, sql)[0] is False


def test_the_comparison_has_something_to_say_of_most_of_these(tmp_path: Path) -> None:
    """Else the one above would prove little."""
    quiet = set()
    for number, (name, sql) in enumerate(SEEN.items()):
        (tmp_path / str(number)).mkdir()
        if said(tmp_path / str(number), sql)[1] == RowsReport():
            quiet.add(name)
    assert quiet == {"another name", "a table that keeps no tree"}


def test_a_declaration_that_cannot_be_read_is_told_all_the_same(tmp_path: Path) -> None:
    wrong = Declarations(changes={"notes.nosuch": Condition("1", "why not")})
    steps = {1: FIRST, 2: RECORDED}
    history = application(tmp_path, steps, ignore_patterns=("Done*",), declared={2: wrong})
    store(history, "0001", FIRST)
    assert "notes has no such column" in told(history, "0001", "data")
