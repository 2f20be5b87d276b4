"""A second run is made once where all that it looks at is the same, and for each where not."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.again import AGAIN
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.grid.walks import Walks

from tests.every import for_every
from tests.unit.plugin.both_ways import both_ways
from tests.unit.plugin.built_application import Up, again, application, store
from tests.unit.plugin.repeated.test_repeated_steps import BASE, FILLED, IN_OTHERS, create

ROWS = f"{IN_OTHERS} INSERT INTO t VALUES (8, 'eight'); INSERT INTO child VALUES (8, 2);"
"""Rows that one lineage has and the other has not, in the tables of the step too."""

REFUSED: Mapping[str, str] = {
    "a column": "ALTER TABLE t ADD COLUMN b NOT NULL DEFAULT 'x'",
    "a table": "CREATE TABLE new(a)",
    "an index": "CREATE INDEX t_a ON t(a)",
    "a new name of a column": "ALTER TABLE t RENAME COLUMN a TO c",
    "a new name of a table": "ALTER TABLE t RENAME TO renamed",
    "a table that goes": "DROP TABLE child",
    "a column that goes": "ALTER TABLE t DROP COLUMN a",
    "rows of a column that goes": "UPDATE t SET a = upper(a); ALTER TABLE t RENAME a TO c",
    "a statement before it": "DELETE FROM copied WHERE id = 99; CREATE TABLE new(a)",
}
"""What SQLite refuses for the schema alone, before it looks at any row."""


def unstable(conn: sqlite3.Connection) -> None:
    """A step that swallows the refusal, and goes on by the rows."""
    with suppress(sqlite3.OperationalError):
        conn.execute("ALTER TABLE t ADD COLUMN b")
    conn.execute("INSERT INTO copied(a) SELECT a FROM other")


BY_ROWS: Mapping[str, Up] = {
    "rows of another table": "INSERT INTO copied(a) SELECT a FROM other",
    "a refusal that is swallowed": unstable,
    "a column that rows may refuse": (
        "INSERT INTO copied(a) SELECT a FROM other; ALTER TABLE copied ADD COLUMN z NOT NULL"
        " DEFAULT 'z'; DROP TABLE IF EXISTS gone; ALTER TABLE copied DROP COLUMN z"
    ),
    "rows that are counted": (
        "CREATE TABLE IF NOT EXISTS seen_often(n);"
        " INSERT INTO seen_often SELECT count(*) FROM other HAVING count(*) > 0"
    ),
}


def two_lineages(root: Path, step: Up) -> History:
    history = application(root, {1: create, 2: step, 3: "CREATE TABLE last(a)"})
    store(history, "0001", BASE + FILLED)
    store(history, "0001+rows", BASE + FILLED + ROWS)
    return history


def second_runs(history: History) -> int:
    """How often step 2 is run a second time for all lineages."""
    made, source = [], history.application.source
    original = source.rerun  # type: ignore[attr-defined]  # of Repeatable

    def rerun(conn: sqlite3.Connection, version: int) -> None:
        made.append(version)
        original(conn, version)

    source.rerun = rerun  # type: ignore[attr-defined]
    try:
        Walks(history, (AGAIN,)).all_lineages()
    finally:
        source.rerun = original  # type: ignore[attr-defined]
    return made.count(2)


def apart(history: History) -> History:
    found = again(history)
    return History(found.application, found.store, replace(found.rules, share=False))


@for_every("name", REFUSED)
def test_one_that_the_schema_refuses_is_made_once(tmp_path: Path, name: str) -> None:
    history = two_lineages(tmp_path, REFUSED[name])
    both_ways(history, (AGAIN,))
    assert (second_runs(again(history)), second_runs(apart(history))) == (1, 3), name


@for_every("name", BY_ROWS)
def test_one_that_goes_by_the_rows_is_made_for_each(tmp_path: Path, name: str) -> None:
    history = two_lineages(tmp_path, BY_ROWS[name])
    (found,) = both_ways(history, (AGAIN,))["migrations::0002[again]"].findings
    told = [line.strip() for line in found.lines if "upgraded from" in line]
    assert told == ["upgraded from 0001+rows:"], name
    # Fresh and 0001 have no row in the tables that it looks at.
    assert (second_runs(again(history)), second_runs(apart(history))) == (2, 3), name


def test_none_is_known_of_an_application_that_looks_at_more_than_is_heard(tmp_path: Path) -> None:
    remembered: list[object] = []

    def look(conn: sqlite3.Connection) -> None:
        remembered[:] = conn.execute("SELECT id FROM other").fetchall()

    steps: Mapping[int, Up] = {
        1: create,
        2: look,
        3: lambda conn: conn.executemany("DELETE FROM t WHERE id = ?", list(remembered)),
        4: "CREATE TABLE last AS SELECT a FROM counted",
    }
    history = application(tmp_path, steps)
    store(history, "0001", BASE + FILLED)
    store(history, "0001+rows", f"{BASE}{FILLED}{IN_OTHERS} INSERT INTO counted VALUES (1, 'x')")
    walks = Walks(history, (AGAIN, DATA))
    walks.all_lineages()
    assert not history.observations.trusted
    assert history.observations.of("again", list) is None
