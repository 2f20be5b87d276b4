"""A step is repeated where all that it looks at is the same, and taken where anything is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.sources.declared.declarations import (
    NOTHING_DECLARED,
    Condition,
    Declarations,
)

from tests.every import for_every
from tests.unit.plugin.both_ways import CHECKS, both_ways, steps_taken
from tests.unit.plugin.built_application import (
    Repeatable,
    Up,
    again,
    application,
    lock,
    store,
)

STATEMENTS = (
    "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT)",
    "CREATE TABLE other(id INTEGER PRIMARY KEY, a TEXT)",
    'CREATE TABLE "odd ""name"(a TEXT)',
    "CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)",
    "CREATE TABLE numbered(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT)",
    "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
    "CREATE TABLE child(id INTEGER PRIMARY KEY, p REFERENCES parent ON DELETE CASCADE)",
    "CREATE VIEW seen AS SELECT a FROM other",
    "CREATE VIRTUAL TABLE words USING fts5(a)",
    "CREATE TABLE copied(id INTEGER PRIMARY KEY, a TEXT)",
    "CREATE TABLE log(a TEXT)",
    "CREATE TRIGGER kept AFTER INSERT ON log BEGIN INSERT INTO copied SELECT * FROM other; END",
)
BASE = "".join(f"{statement};" for statement in STATEMENTS)
FILLED = (
    "INSERT INTO t VALUES (1, 'one'), (2, 'two');"
    "INSERT INTO parent VALUES (1), (2);"
    "INSERT INTO child VALUES (1, 1);"
)
IN_OTHERS = (
    "INSERT INTO other VALUES (1, 'one');"
    'INSERT INTO "odd ""name" VALUES (\'one\');'
    "INSERT INTO words VALUES ('one');"
)
IN_ONE = f"{IN_OTHERS} INSERT INTO counted VALUES (90, 'one'); DELETE FROM counted;"
"""Rows that one lineage has and the other has not, in tables that the step does not write."""

NAMES = ("0001", "0001+rows")
DELETE = "DELETE FROM t WHERE id = 1"
COPY = "INSERT INTO copied SELECT * FROM other"


def delete_if(conn: sqlite3.Connection, found: object) -> None:
    if found:
        conn.execute(DELETE)


def create(conn: sqlite3.Connection) -> None:
    for statement in STATEMENTS:
        conn.execute(statement)


def by_rows(conn: sqlite3.Connection) -> None:
    delete_if(conn, conn.execute("SELECT * FROM other").fetchall())


def by_bare_cursor(conn: sqlite3.Connection) -> None:
    cursor = sqlite3.Cursor(conn)
    cursor.execute(COPY)
    delete_if(conn, conn.execute("SELECT count(*) FROM copied").fetchone()[0])


def by_blob(conn: sqlite3.Connection) -> None:
    try:
        with conn.blobopen("other", "a", 1, readonly=True) as blob:
            found = blob.read()
    except sqlite3.OperationalError:
        found = b""
    delete_if(conn, found)


def by_bytes(conn: sqlite3.Connection) -> None:
    delete_if(conn, b"\x03\x09one" in conn.serialize() or conn.serialize().count(b"one") > 1)


def by_backup(conn: sqlite3.Connection) -> None:
    conn.commit()
    with closing(sqlite3.connect(":memory:")) as copy:
        conn.backup(copy)
        found = copy.execute("SELECT 1 FROM other").fetchone()
    conn.execute("BEGIN")
    delete_if(conn, found)


def by_next_rowid(conn: sqlite3.Connection) -> None:
    conn.execute("INSERT INTO counted(a) VALUES ('new')")
    delete_if(conn, conn.execute("SELECT max(id) > 1 FROM counted").fetchone()[0])


def into_temporary(conn: sqlite3.Connection) -> None:
    conn.execute("CREATE TEMP TABLE kept_for_later AS SELECT id FROM other")


TEMPORARY = "a temporary table of an earlier step"
LOOKS_ELSEWHERE: Mapping[str, Up] = {
    TEMPORARY: (
        "DELETE FROM t WHERE id IN (SELECT id FROM kept_for_later); DROP TABLE kept_for_later"
    ),
    "a subquery": f"{DELETE} AND EXISTS (SELECT 1 FROM other)",
    "IN a table": "DELETE FROM t WHERE id IN (SELECT id FROM other)",
    "a count": f"{DELETE} AND (SELECT count(*) FROM other) > 0",
    "a view": f"{DELETE} AND (SELECT count(*) FROM seen) > 0",
    "a whole table copied": f"{COPY}; {DELETE} AND EXISTS (SELECT 1 FROM copied)",
    "a trigger that copies": (
        f"INSERT INTO log VALUES ('x'); {DELETE} AND EXISTS (SELECT 1 FROM copied)"
    ),
    "a full-text index": f"{DELETE} AND EXISTS (SELECT 1 FROM words WHERE words MATCH 'one')",
    "a name with a quote": f'{DELETE} AND EXISTS (SELECT 1 FROM "odd ""name")',
    "a high-water mark": by_next_rowid,
    "all high-water marks": (
        f"{DELETE} AND (SELECT max(seq) FROM sqlite_sequence WHERE name = 'counted') > 1"
    ),
    "all high-water marks copied": (
        "CREATE TABLE noted(name, seq); INSERT INTO noted SELECT * FROM sqlite_sequence;"
        f" {DELETE} AND EXISTS (SELECT 1 FROM noted WHERE seq = 90)"
    ),
    "rows that Python asks for": by_rows,
    "a bare cursor": by_bare_cursor,
    "a blob": by_blob,
    "the bytes of the file": by_bytes,
    "a backup": by_backup,
    "the pages of the file": (
        f"{DELETE} AND (SELECT sum(ncell) FROM dbstat WHERE name = 'other') > 0"
    ),
}


def two_lineages(
    root: Path, step: Up, rows: str = IN_ONE, first: str = "", *, before: Up = "SELECT 1"
) -> History:
    """An application whose version 1 is stored twice: with rows in other tables, and without.

    There is no lock file, which only `frozen` asks for.
    """
    history = application(root, {1: create, 2: before, 3: step, 4: "CREATE TABLE last(a)"})
    store(history, "0001", BASE + FILLED + first)
    store(history, "0001+rows", BASE + FILLED + rows)
    return history


@for_every("name", LOOKS_ELSEWHERE)
def test_a_step_that_looks_at_another_table_is_taken_for_each(tmp_path: Path, name: str) -> None:
    before = into_temporary if name == TEMPORARY else "SELECT 1"
    found = both_ways(two_lineages(tmp_path, LOOKS_ELSEWHERE[name], before=before), (DATA,))
    told = {one: len(found[f"migrations::{one}..0004[data]"].findings) for one in NAMES}
    assert told == {"0001": 0, "0001+rows": 1}, name


REBUILT = "a table rebuilt"
ALONE: Mapping[str, Up] = {
    "a new table": "CREATE TABLE new(a); INSERT INTO new VALUES (1)",
    "a column": "ALTER TABLE t ADD COLUMN b NOT NULL DEFAULT 'x'",
    "an index": "CREATE INDEX t_a ON t(a)",
    "a row that a high-water mark numbers": "INSERT INTO counted(a) VALUES ('new')",
    "rows from its own table": "INSERT INTO t SELECT id + 10, a || '+' FROM t",
    REBUILT: (
        "CREATE TABLE n(id INTEGER PRIMARY KEY, a TEXT, b); INSERT INTO n SELECT id, a, 1 FROM t;"
        " DROP TABLE t; ALTER TABLE n RENAME TO t"
    ),
    "Python's own": lambda conn: conn.execute("UPDATE t SET a = a WHERE id = ?", (1,)),
}


@for_every("name", ALONE)
def test_a_step_is_taken_once_where_only_other_tables_differ(tmp_path: Path, name: str) -> None:
    # SQLite looks through all high-water marks where a table gets another name.
    rows = IN_OTHERS + ("" if name == REBUILT else "INSERT INTO numbered VALUES (50, 'one');")
    history = two_lineages(tmp_path, ALONE[name], rows=rows)
    both_ways(lock(history))
    apart = again(history)
    apart = History(apart.application, apart.store, apart.rules._replace(share=False))
    taken, each = (steps_taken(one, (DATA,)) for one in (again(history), apart))
    assert (taken[3] < each[3], taken[4], each[4]) == (True, 1, 3), name


def test_what_only_one_lineage_has_is_told_of_it_alone(tmp_path: Path) -> None:
    """A parent that a step's new child needs, and damage that was there before any step."""
    step, parent = "INSERT INTO child VALUES (9, 7)", "INSERT INTO parent VALUES (7)"
    damaged = "INSERT INTO words VALUES ('x'); DELETE FROM words_content"
    (tmp_path / "damaged").mkdir()
    for history in (
        two_lineages(tmp_path, step, rows="", first=parent),
        two_lineages(tmp_path / "damaged", "CREATE TABLE new(a)", rows=damaged),
    ):
        found = both_ways(lock(history))
        assert not found["migrations::0001..0004[data]"].findings
        assert found["migrations::0001+rows..0004[data]"].findings


def test_steps_that_were_repeated_are_made_good_before_one_that_is_taken(tmp_path: Path) -> None:
    steps: Mapping[int, Up] = {
        1: create,
        2: "CREATE TABLE new(a)",
        3: "INSERT INTO new VALUES ('x')",
        4: f"{DELETE} AND EXISTS (SELECT 1 FROM other, new)",
        5: "UPDATE t SET a = upper(a)",
    }
    history = application(tmp_path, steps)
    store(history, "0001", BASE + FILLED)
    store(history, "0001+rows", BASE + FILLED + IN_ONE)
    found = both_ways(lock(history))
    told = {
        name: [one.headline for one in found[f"migrations::{name}..0005[data]"].findings]
        for name in NAMES
    }
    assert [len(told["0001"]), len(told["0001+rows"])] == [1, 2], told


def test_the_last_database_of_a_lineage_that_repeated_steps_has_its_own_rows(
    tmp_path: Path,
) -> None:
    walks = Walks(two_lineages(tmp_path, "CREATE TABLE new(a)"), CHECKS)
    rows = {}
    for walk in walks.all_lineages()[1:]:
        assert walk.last is not None
        with closing(walk.last.connect()) as conn:
            assert conn.execute("PRAGMA user_version").fetchone() == (4,)
            rows[str(walk.start)] = conn.execute("SELECT a FROM other").fetchall()
    assert rows == {"0001": [], "0001+rows": [("one",)]}


def steps_that_remember() -> Mapping[int, Up]:
    """Steps of which one deletes what Python remembers of another one: SQLite hears nothing."""
    remembered: list[object] = []

    def look(conn: sqlite3.Connection) -> None:
        remembered[:] = conn.execute("SELECT id FROM other").fetchall()

    return {
        1: create,
        2: look,
        3: lambda conn: conn.executemany("DELETE FROM t WHERE id = ?", list(remembered)),
        4: "CREATE TABLE last AS SELECT a FROM counted",
    }


def test_steps_that_do_otherwise_when_they_are_made_good_are_all_taken(tmp_path: Path) -> None:
    history = application(tmp_path, steps_that_remember())
    store(history, "0001", BASE + FILLED)
    # This one ends without having taken step 3: only the next one shows that it must.
    store(history, "0001+less", BASE + FILLED + IN_OTHERS)
    store(history, "0001+rows", f"{BASE}{FILLED}{IN_OTHERS} INSERT INTO counted VALUES (1, 'x')")
    walks = Walks(history, (DATA,))
    assert [walk.reached[-3:] for walk in walks.all_lineages()] == [[2, 3, 4]] * 4
    found = [
        len(walk.record(DATA).seen[3].report.findings)  # type: ignore[attr-defined]
        for walk in walks.all_lineages()
    ]
    assert found == [0, 0, 1, 1]


class Declared(Repeatable):
    """A source whose third step may delete rows of t that another table names."""

    def declarations(self, version: int) -> Declarations:
        condition = "id IN (SELECT id FROM other)"
        return (
            Declarations(deletes={"t": Condition(condition, "why")})
            if version == 3
            else NOTHING_DECLARED
        )


def test_a_declaration_is_asked_of_each_lineage(tmp_path: Path) -> None:
    steps: Mapping[int, Up] = {1: create, 2: "SELECT 1", 3: DELETE, 4: "CREATE TABLE last(a)"}
    history = application(tmp_path, steps, source=Declared(tmp_path / "app", steps))
    store(history, "0001", BASE + FILLED)
    store(history, "0001+rows", BASE + FILLED + IN_ONE)
    found = both_ways(lock(history))
    told = {one: len(found[f"migrations::{one}..0004[data]"].findings) for one in NAMES}
    assert told == {"0001": 1, "0001+rows": 0}
