"""What makes a step slow is told by what it does to a small file, whoever runs it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.forecast.traits import find_traits

from tests.every import for_every
from tests.unit.plugin.built_application import Notes, Up

TABLE = "(id INTEGER PRIMARY KEY, title TEXT, size INTEGER DEFAULT 5)"


def python_once_a_row(conn: sqlite3.Connection) -> None:
    for key, title in conn.execute("SELECT id, title FROM notes").fetchall():
        conn.execute("UPDATE notes SET title = ? WHERE id = ?", (title.upper(), key))


def batches(conn: sqlite3.Connection) -> None:
    (most,) = conn.execute("SELECT max(id) FROM notes").fetchone()
    for low in range(0, most + 1, 50):
        conn.execute("UPDATE notes SET size = -1 WHERE id BETWEEN ? AND ?", (low, low + 49))
        conn.execute("COMMIT")
        conn.execute("BEGIN")


STEPS: dict[str, tuple[Up, set[str]]] = {
    "add a column": ("ALTER TABLE notes ADD COLUMN pinned INTEGER DEFAULT 0", set()),
    "build an index": (
        "CREATE INDEX by_title ON notes(title); CREATE INDEX by_size ON notes(size)",
        {
            "builds the indexes by_title, by_size on notes",
            "holds one transaction over everything",
        },
    ),
    "update all rows": (
        "UPDATE notes SET size = size + 1",
        {
            "rewrites the table notes: changes 400 of 400 rows",
            "holds one transaction over everything",
        },
    ),
    "update few rows": ("UPDATE notes SET size = 0 WHERE id < 20", set()),
    "rebuild": (
        f"CREATE TABLE new{TABLE}; INSERT INTO new SELECT * FROM notes; DROP TABLE notes;"
        " ALTER TABLE new RENAME TO notes",
        {"rewrites the table notes: makes it anew", "holds one transaction over everything"},
    ),
    "run Python once a row": (
        python_once_a_row,
        {
            "rewrites the table notes: changes 400 of 400 rows",
            "holds one transaction over everything",
            "runs Python once a row: 2 calls by python_once_a_row",
        },
    ),
    "work in batches": (batches, {"rewrites the table notes: changes 400 of 400 rows"}),
}


def filled(path: Path, rows: int) -> tuple[Path, int]:
    conn = sqlite3.connect(path)
    conn.execute(f"CREATE TABLE notes{TABLE}")
    values = ((f"title {number}", number) for number in range(rows))
    conn.executemany("INSERT INTO notes(title, size) VALUES (?, ?)", values)
    conn.execute("PRAGMA user_version = 1")
    conn.commit()
    conn.close()
    return path, rows


@for_every("step, expected", STEPS.values(), ids=STEPS)
def test_a_step_has_the_traits_of_what_it_does(
    tmp_path: Path, step: Up, expected: set[str]
) -> None:
    source = Notes(tmp_path / "app", {1: f"CREATE TABLE notes{TABLE}", 2: step})
    large, small = filled(tmp_path / "large.db", 400), filled(tmp_path / "small.db", 200)
    before = large[0].read_bytes()
    traits = find_traits(Application(source), 2, large=large, small=small)
    assert {trait.text.partition(" (")[0] for trait in traits} == expected
    assert all(trait.helps for trait in traits)
    assert large[0].read_bytes() == before
