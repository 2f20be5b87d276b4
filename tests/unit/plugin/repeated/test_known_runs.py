"""A second run is made once where all that it looks at is the same, and for each where not."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.again import AGAIN
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.grid.walks import Walks

from tests.every import for_every
from tests.unit.plugin.both_ways import both_ways
from tests.unit.plugin.built_application import Repeatable, Up, again, application, store
from tests.unit.plugin.repeated.test_repeated_steps import (
    BASE,
    FILLED,
    IN_OTHERS,
    STATEMENTS,
    create,
    steps_that_remember,
)

ROWS = (
    "INSERT INTO other VALUES (1, 'one'); INSERT INTO t VALUES (8, 'eight');"
    "INSERT INTO child VALUES (8, 2);"
)
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


def by_many(conn: sqlite3.Connection) -> None:
    """The second row of parameters has none: the first one is written."""
    with suppress(sqlite3.ProgrammingError):
        conn.executemany("UPDATE other SET a = a || ?", [("x",), ()])


def by_changes(conn: sqlite3.Connection) -> None:
    """A statement that fails half-way leaves what it wrote, and says how much."""
    conn.execute("INSERT OR IGNORE INTO numbered VALUES (3, 'three')")
    more = "SELECT id + (SELECT max(id) FROM numbered), 'new' FROM other"
    with suppress(sqlite3.IntegrityError):
        conn.execute(f"INSERT OR FAIL INTO numbered {more} UNION ALL SELECT 3, 'x'")
    (changed,) = conn.execute("SELECT changes()").fetchone()
    for _ in range(changed):
        conn.execute("INSERT INTO copied(a) VALUES ('changed')")


def by_index(conn: sqlite3.Connection) -> None:
    """Where its settings are damaged, which are rows, a full-text table refuses any statement."""
    with suppress(sqlite3.Error):
        conn.execute("INSERT INTO words VALUES ('new')")
    conn.execute("INSERT INTO copied(a) SELECT a FROM other")


BY_ROWS: Mapping[str, Up] = {
    "many rows of parameters": by_many,
    "the number of changes": by_changes,
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


class AddsFunction(Repeatable):
    """A runner that adds a function to the connection that it is given."""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        conn.create_function("marked", 1, lambda text: f"{text}!")
        super().upgrade(conn, to)


class SetsPragma(Repeatable):
    """A runner that sets a pragma, and runs a step again by itself."""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        super().upgrade(conn, to)
        conn.execute("PRAGMA foreign_keys = ON")

    def rerun(self, conn: sqlite3.Connection, version: int) -> None:
        conn.execute(f"PRAGMA user_version = {version - 1}")
        self.upgrade(conn, version)


class MakesTemporary(Repeatable):
    """A runner that keeps rows in a temporary table."""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        conn.execute("CREATE TEMP TABLE IF NOT EXISTS kept AS SELECT a FROM other")
        super().upgrade(conn, to)
        if to == 3:
            conn.execute("DROP TABLE temp.kept")


ON_THE_CONNECTION: Mapping[str, tuple[type[Repeatable], str]] = {
    "a function": (AddsFunction, "INSERT INTO copied(a) SELECT marked(a) FROM other"),
    "a pragma": (
        SetsPragma,
        "DELETE FROM parent WHERE id = 2;"
        " INSERT INTO parent SELECT 2 WHERE EXISTS (SELECT 1 FROM child WHERE p = 2)",
    ),
    "a temporary table": (MakesTemporary, "INSERT INTO copied(a) SELECT a FROM temp.kept"),
}


PLAIN = tuple(statement for statement in STATEMENTS if " VIRTUAL " not in statement)
"""Where there is a virtual table, what SQLite refuses may hang on rows."""


def create_plain(conn: sqlite3.Connection) -> None:
    for statement in PLAIN:
        conn.execute(statement)


def two_lineages(root: Path, step: Up, source: type[Repeatable] = Repeatable) -> History:
    """An application whose version 1 is stored twice: with more rows, and without."""
    steps: Mapping[int, Up] = {1: create_plain, 2: step, 3: "CREATE TABLE last(a)"}
    history = application(root, steps, source=source(root / "app", steps))
    base = "".join(f"{statement};" for statement in PLAIN)
    store(history, "0001", base + FILLED)
    store(history, "0001+rows", base + FILLED + ROWS)
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
    return History(found.application, found.store, found.rules._replace(share=False))


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


@for_every("name", ON_THE_CONNECTION)
def test_what_a_runner_at_rest_leaves_on_its_connection_is_there_for_the_step(
    tmp_path: Path, name: str
) -> None:
    source, step = ON_THE_CONNECTION[name]
    history = two_lineages(tmp_path, step, source)
    (found,) = both_ways(history, (AGAIN,))["migrations::0002[again]"].findings
    told = [line.strip() for line in found.lines if "upgraded from" in line]
    assert told == ["upgraded from 0001+rows:"], name


def test_a_full_text_table_whose_settings_are_damaged_is_looked_at_in_each(tmp_path: Path) -> None:
    history = application(tmp_path, {1: create, 2: by_index, 3: "CREATE TABLE last(a)"})
    damage = "UPDATE words_config SET v = 99 WHERE k = 'version'"
    store(history, "0001", f"{BASE}{FILLED}{damage};")
    store(history, "0001+x", f"{BASE}{FILLED}INSERT INTO words VALUES ('x');")
    (found,) = both_ways(history, (AGAIN,))["migrations::0002[again]"].findings
    assert "table words: 2 rows, after the second run 3" in "\n".join(found.lines)


def test_none_is_known_of_an_application_that_looks_at_more_than_is_heard(tmp_path: Path) -> None:
    history = application(tmp_path, steps_that_remember())
    store(history, "0001", BASE + FILLED)
    store(history, "0001+rows", f"{BASE}{FILLED}{IN_OTHERS} INSERT INTO counted VALUES (1, 'x')")
    walks = Walks(history, (AGAIN, DATA))
    walks.all_lineages()
    assert not history.observations.trusted
    assert history.observations.of("again", list) is None
