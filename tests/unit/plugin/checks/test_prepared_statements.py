"""The check `statements`: the application's own SQL prepares on upgraded and on fresh."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.grid.cells import list_cells

from tests.every import for_every
from tests.unit.plugin.built_application import application, store, told, verdict

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
TWO = "ALTER TABLE notes ADD COLUMN pinned INTEGER"
MEND = [
    "Make the statement fit the schema of 0002, or add what it needs:",
    "  in the application's own way, after 0002_step.py: describe the change",
]


def lines(root: Path, *, stored: str = ONE, **statements: str) -> list[str]:
    """What the check says of one lineage, where the statements are these."""
    history = application(root, {1: ONE, 2: TWO}, statements=statements)
    store(history, "0001", stored)
    return told(history, "0001", "statements").splitlines()


@for_every(
    "sql",
    [
        "SELECT id, title, pinned FROM notes",
        "SELECT title FROM notes WHERE id = ? AND pinned = ?2",
        "SELECT title FROM notes WHERE id = :id OR pinned = ?",
        "SELECT title FROM notes WHERE id = $id OR title = @title",
        "INSERT INTO notes (title, pinned) VALUES (?, ?) RETURNING id",
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION SELECT i + 1 FROM n LIMIT 3) SELECT * FROM n",
        "EXPLAIN QUERY PLAN SELECT * FROM notes",
        "explain SELECT * FROM notes",
        "  -- the newest\n SELECT max(id) FROM notes; -- done\n",
        "PRAGMA foreign_keys = ON",
        "BEGIN IMMEDIATE",
        "VACUUM",
        "DELETE FROM notes",
        "DROP TABLE notes",
    ],
)
def test_a_statement_that_prepares_passes_and_is_not_executed(tmp_path: Path, sql: str) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO}, statements={"one": sql})
    path = store(history, "0001", f"{ONE}; INSERT INTO notes VALUES (1, 'a')")
    stored, built = path.read_bytes(), history.fresh.image(2)
    found = verdict(history, "0001", "statements")
    assert (found.findings, found.notes) == ((), ())
    assert path.read_bytes() == stored
    assert history.fresh.image(2) == built
    assert found.image is not None
    assert told(history, "0001", "data") == ""


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT colour FROM notes", "no such column: colour"),
        ("SELECT * FROM tags WHERE id = ?", "no such table: tags"),
        ("INSERT INTO notes VALUES (?, ?)", "table notes has 3 columns but 2 values were supplied"),
        ("INSERT INTO notes (x) VALUES (:x)", "table notes has no column named x"),
    ],
)
def test_a_statement_that_does_not_prepare_is_named_with_sqlites_error(
    tmp_path: Path, sql: str, error: str
) -> None:
    found = lines(tmp_path, **{"app.notes.ONE_SQL": sql})
    assert found[:2] == [
        "0001 upgraded to 0002: 1 statement does not prepare",
        "  app.notes.ONE_SQL",
    ]
    place = "0001 upgraded to 0002, and fresh 0002"
    assert " ".join(" ".join(found[2:-5]).split()) == f"{place}: {error}"
    assert found[-5:] == ["", f"      {sql}", "", *MEND]


@for_every(
    "sql, error",
    [
        ("good morning", 'near "good": syntax error'),
        ("QUERY PLAN SELECT 1", 'near "QUERY": syntax error'),
        ("SELECT 1 FROM", "incomplete input"),
        ("SELECT 'a", 'unrecognized token: "\'a"'),
        ("SELECT 1; SELECT 2", "it holds several statements; expected one. Name each by itself"),
        ("", "it is empty; expected one SQL statement"),
        (" ", "it is empty; expected one SQL statement"),
        ("-- nothing", "it is empty; expected one SQL statement"),
        ("/* nothing */", "it is empty; expected one SQL statement"),
    ],
)
def test_a_text_that_is_not_one_statement_is_to_be_mended_itself(
    tmp_path: Path, sql: str, error: str
) -> None:
    found = lines(tmp_path, one=sql)
    place = "0001 upgraded to 0002, and fresh 0002"
    told, shown = " ".join(" ".join(found[2:-1]).split()), " ".join(sql.split())
    assert told == f"{place}: {error} {shown}".strip()
    assert found[-2:] == ["", "Mend a text that is not one statement where it is written."]


@pytest.mark.parametrize("sql", ["SELECT '\0'", "SELECT '\ud800'"])
def test_a_text_that_no_sql_can_hold_fails_and_is_shown_in_plain_characters(
    tmp_path: Path, sql: str
) -> None:
    found = lines(tmp_path, odd=sql)
    assert found[0] == "0001 upgraded to 0002: 1 statement does not prepare"
    assert f"      {sql.encode('unicode-escape').decode()}" in found


def test_several_are_told_in_the_order_they_were_named(tmp_path: Path) -> None:
    assert lines(tmp_path, b="SELECT x FROM notes", a="SELECT\n  y\nFROM notes", c="SELECT 1") == [
        "0001 upgraded to 0002: 2 statements do not prepare",
        "  b",
        "    0001 upgraded to 0002, and fresh 0002: no such column: x",
        "",
        "      SELECT x FROM notes",
        "",
        "  a",
        "    0001 upgraded to 0002, and fresh 0002: no such column: y",
        "",
        "      SELECT",
        "      y",
        "      FROM notes",
        "",
        *MEND,
    ]


def test_a_statement_that_fits_fresh_alone_points_to_the_schema(tmp_path: Path) -> None:
    stored = "CREATE TABLE notes(id INTEGER PRIMARY KEY)"
    assert lines(tmp_path, stored=stored, titles="SELECT title FROM notes") == [
        "0001 upgraded to 0002: 1 statement does not prepare",
        "  titles",
        "    0001 upgraded to 0002: no such column: title",
        "    fresh 0002: it prepares",
        "",
        "      SELECT title FROM notes",
        "",
        "0001 and a fresh database end with other schemas: see the cell",
        "0001..0002[schema]. Make them alike:",
        "  in the application's own way, after 0002_step.py: describe the change",
    ]


def test_a_statement_that_fits_an_old_database_alone_fails(tmp_path: Path) -> None:
    """Only the leftover table lets it prepare: no new user has that."""
    found = lines(tmp_path, stored=f"{ONE}; CREATE TABLE tags(a)", tags="SELECT a FROM tags")
    assert found[2:4] == [
        "    0001 upgraded to 0002: it prepares",
        "    fresh 0002: no such table: tags",
    ]


def test_what_only_the_application_has_is_to_be_left_out(tmp_path: Path) -> None:
    found = lines(tmp_path, rank="SELECT rank_of(title) FROM notes")
    assert found[2] == "    0001 upgraded to 0002, and fresh 0002: no such function: rank_of"
    assert found[6:10] == [
        "What the application adds to its own connections (functions, collations,",
        "modules) is not there. Name the function that adds it: migration_connection",
        '= "app.db:prepare" (docs/howto/functions-and-collations.md). Or leave a',
        "statement that needs it out of pytest_migration_statements.",
    ]


def test_a_long_statement_is_shown_by_its_beginning(tmp_path: Path) -> None:
    sql = "SELECT\n" + ",\n".join(f"  column{n}" for n in range(9)) + "\nFROM notes"
    found = lines(tmp_path, long=sql)
    assert found[4:9] == [
        "      SELECT",
        "      column0,",
        "      column1,",
        "      column2,",
        "      (7 more lines)",
    ]


def test_no_line_is_wider_than_76_columns(tmp_path: Path) -> None:
    sql = f"SELECT {', '.join(f'column{n}' for n in range(40))} FROM notes"
    assert max(map(len, lines(tmp_path, **{"a name " * 20: sql}))) <= 76


def test_a_pragma_decides_nothing_for_the_statement_after_it(tmp_path: Path) -> None:
    """Some pragmas take effect as soon as they are prepared."""
    found = lines(
        tmp_path, a="PRAGMA writable_schema = ON", b="UPDATE sqlite_schema SET name = 'x'"
    )
    assert found[1:3] == [
        "  b",
        "    0001 upgraded to 0002, and fresh 0002: table sqlite_master may not be",
    ]


def test_a_statement_changes_nothing_for_the_one_after_it(tmp_path: Path) -> None:
    assert lines(tmp_path, a="DROP TABLE notes", b="SELECT pinned FROM notes") == []


def test_the_snapshot_of_the_newest_version_is_asked_as_it_is_stored(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: TWO}, statements={"one": "SELECT x FROM notes"})
    store(history, "0002", f"{ONE}; {TWO}")
    assert told(history, "0002", "statements").splitlines()[0] == (
        "stored 0002: 1 statement does not prepare"
    )


def test_a_project_that_names_no_statement_has_no_cell_of_it(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    store(history, "0001", ONE)
    assert "statements" not in {cell.check.name for cell in list_cells(history, all_checks())}
    named = application(tmp_path, {1: ONE}, statements={"one": "SELECT 1"})
    cells = [cell.id for cell in list_cells(named, all_checks()) if cell.check.name == "statements"]
    assert cells == ["migrations::0001..0001[statements]"]
