"""A step that lost guards of a table is noted once, unless GUARDS says why."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from sqlite3 import Connection, Error

import pytest
import sqlite_utils
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.application.upgrade import walk
from pytest_pmd_migrations.checks.model import MigrationRow, Note
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.schema import read_schema
from pytest_pmd_migrations.schema.lost.guards import find_lost_guards
from pytest_pmd_migrations.schema.reading.step_statements import read_statements
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey, Declarations
from pytest_pmd_migrations.sources.declared.parse_declarations import read_rows_file
from pytest_pmd_migrations.sources.resolve import resolve_source

from tests.unit.plugin.built_application import Repeatable, Up, application, store, verdict

ROOT = Path(__file__).parents[4]
ONE = (
    "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT COLLATE NOCASE UNIQUE,"
    " n INTEGER NOT NULL DEFAULT 0 CHECK (n >= 0)); CREATE INDEX t_n ON t(n) WHERE n > 0"
)
TWO = (
    "CREATE TABLE t2(id INTEGER PRIMARY KEY, code TEXT, n INTEGER);"
    "INSERT INTO t2 SELECT * FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t"
)
MEANT = "Where that is meant, write into the file of migration_rows:"
LOST = (
    "no longer has: AUTOINCREMENT, COLLATE NOCASE on code, NOT NULL on n, DEFAULT on n,"
    f" UNIQUE on code, CHECK on n, index t_n (of t). {MEANT}"
)
GUARDS = DeclarationKey("GUARDS", "T")


class Declaring(Repeatable):
    """The same source, with declarations of its own."""

    declared: Mapping[int, Declarations] = {}

    def declarations(self, version: int) -> Declarations:
        return self.declared.get(version, Declarations())


def history_of(root: Path, steps: Mapping[int, Up], **settings: object) -> History:
    history = application(root, steps, **settings)
    store(history, "0001", str(steps[1]))
    return history


def notes_of(history: History, row: str = "0001") -> list[Note]:
    found = verdict(history, row, "schema")
    assert found.findings == ()
    return [note for note in found.notes if "no longer has" in note.text]


def test_a_rebuild_that_forgets_is_a_note_about_its_migration(tmp_path: Path) -> None:
    history = history_of(tmp_path, {1: ONE, 2: TWO})
    assert notes_of(history) == [Note(MigrationRow(2), LOST, '[0002] guards = {"t" = "<reason>"}')]


def test_every_lineage_says_the_same_of_the_step(tmp_path: Path) -> None:
    history = history_of(tmp_path, {1: ONE, 2: TWO, 3: "CREATE TABLE u(a)"})
    store(history, "0001+more", f"{ONE}; INSERT INTO t(code) VALUES ('x')")
    assert notes_of(history, "0001") == notes_of(history, "0001+more")


def test_a_table_that_is_declared_is_not_told_and_the_declaration_is_used(tmp_path: Path) -> None:
    source = Declaring(tmp_path / "app", {1: ONE, 2: TWO})
    source.declared = {2: Declarations(excuses={GUARDS: "checked by the application"})}
    history = history_of(tmp_path, source.steps, source=source)
    assert notes_of(history) == []
    assert (2, GUARDS) in verdict(history, "0001", "schema").used


def test_a_table_may_be_declared_in_the_file_of_migration_rows(tmp_path: Path) -> None:
    path = tmp_path / "rows.toml"
    path.write_text('[0002]\nguards = {"t" = "checked by the application"}\n')
    declared = read_rows_file(path, source="notes")
    assert notes_of(history_of(tmp_path, {1: ONE, 2: TWO}, declared=declared)) == []


def test_of_two_tables_the_one_that_is_not_declared_is_told(tmp_path: Path) -> None:
    one = f"{ONE}; CREATE TABLE u(a NOT NULL)"
    two = f"{TWO}; DROP TABLE u; CREATE TABLE u(a)"
    declared = {2: Declarations(excuses={GUARDS: "checked by the application"})}
    [note] = notes_of(history_of(tmp_path, {1: one, 2: two}, declared=declared))
    assert note.text == f"no longer has: NOT NULL on a (of u). {MEANT}"


def test_a_table_that_is_ignored_is_not_told(tmp_path: Path) -> None:
    history = history_of(tmp_path, {1: ONE, 2: TWO}, ignore_patterns=("t",))
    assert history.rules == Rules(ignore_patterns=("t",))
    assert notes_of(history) == []


def test_an_index_that_the_step_drops_by_its_name_is_not_told(tmp_path: Path) -> None:
    assert notes_of(history_of(tmp_path, {1: ONE, 2: "DROP INDEX t_n"})) == []


def test_a_drop_that_failed_excuses_nothing(tmp_path: Path) -> None:
    two = TWO.replace("DROP TABLE t;", "DROP TABLE t; DROP INDEX t_n;")

    def rebuild(conn: Connection) -> None:
        for statement in two.split(";"):
            with contextlib.suppress(Error):
                conn.execute(statement)

    [note] = notes_of(history_of(tmp_path, {1: ONE, 2: rebuild}))
    assert "index t_n (of t)" in note.text


def carried(conn: Connection) -> None:
    """A rebuild whose rows the application carries over, so that no statement names a column."""
    rows = conn.execute("SELECT id, label, n FROM t").fetchall()
    conn.execute("CREATE TABLE t2(id INTEGER PRIMARY KEY, name TEXT, amount INTEGER)")
    conn.executemany("INSERT INTO t2 VALUES (?, ?, ?)", rows)
    conn.execute("DROP TABLE t")
    conn.execute("ALTER TABLE t2 RENAME TO t")


@pytest.mark.parametrize(
    ("rows", "guards"),
    [
        (
            "(1, 'one', 5), (2, 'two', 6)",
            "NOT NULL on label (now name), UNIQUE on label (now name), CHECK on n (now amount)",
        ),
        # One value, or none, may be there by chance.
        ("(1, 'one', 5)", ""),
        (
            "(1, 'one', 5), (2, 'two', 5)",
            "NOT NULL on label (now name), UNIQUE on label (now name)",
        ),
    ],
)
def test_a_column_whose_values_the_application_carried_over_is_known(
    tmp_path: Path, rows: str, guards: str
) -> None:
    one = "CREATE TABLE t(id INTEGER PRIMARY KEY, label TEXT NOT NULL UNIQUE, n INTEGER CHECK (n))"
    history = application(tmp_path, {1: one, 2: carried})
    store(history, "0001", f"{one}; INSERT INTO t VALUES {rows}")
    told = [note.text for note in notes_of(history)]
    assert told == ([f"no longer has: {guards} (of t). {MEANT}"] if guards else [])


@pytest.mark.parametrize("same", [True, False])
def test_a_table_whose_rows_the_application_carried_into_a_new_one_is_known(
    tmp_path: Path, *, same: bool
) -> None:
    one = "CREATE TABLE t(id INTEGER PRIMARY KEY, label TEXT NOT NULL, n INTEGER CHECK (n))"

    def two(conn: Connection) -> None:
        rows = conn.execute("SELECT id, label, n FROM t").fetchall()
        conn.execute("DROP TABLE t")
        conn.execute("CREATE TABLE goods(id INTEGER PRIMARY KEY, label TEXT, amount INTEGER)")
        if same:
            conn.executemany("INSERT INTO goods VALUES (?, ?, ?)", rows)
        else:
            conn.execute("INSERT INTO goods VALUES (7, 'seven', 8)")

    history = application(tmp_path, {1: one, 2: two})
    store(history, "0001", f"{one}; INSERT INTO t VALUES (1, 'one', 5), (2, 'two', 6)")
    [*told] = verdict(history, "0001", "schema").notes
    lost = "no longer has: NOT NULL on label, CHECK on n (now amount) (of goods)."
    assert [note.text for note in told] == ([f"{lost} {MEANT}"] if same else [])


@pytest.mark.parametrize("declared", ["amount", "total", ""])
def test_moves_says_which_column_another_one_became(tmp_path: Path, declared: str) -> None:
    two = (
        "CREATE TABLE t2(id INTEGER PRIMARY KEY, amount INTEGER, total INTEGER);"
        "INSERT INTO t2 SELECT id, n * 100, n + 1 FROM t; DROP TABLE t; ALTER TABLE t2 RENAME TO t"
    )
    one = "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"
    moves = {2: Declarations(moves={"T.n": f"t.{declared}"} if declared else {})}
    told = [note.text for note in notes_of(history_of(tmp_path, {1: one, 2: two}, declared=moves))]
    expected = f"no longer has: NOT NULL on n (now {declared}) (of t). {MEANT}"
    assert told == ([expected] if declared else [])


def test_what_transform_of_sqlite_utils_renames_and_loses_is_told(tmp_path: Path) -> None:
    one = "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER NOT NULL DEFAULT 1)"

    def transform(conn: Connection) -> None:
        db = sqlite_utils.Database(conn, recursive_triggers=False)
        db.table("t").transform(rename={"n": "amount"}, not_null={"n": False}, defaults={"n": None})

    [note] = notes_of(history_of(tmp_path, {1: one, 2: transform}))
    assert note.text == (
        f"no longer has: NOT NULL on n (now amount), DEFAULT on n (now amount) (of t). {MEANT}"
    )


def test_a_trigger_that_transform_of_sqlite_utils_leaves_out_is_told(tmp_path: Path) -> None:
    log = "CREATE TABLE t(id INTEGER PRIMARY KEY, n INTEGER); CREATE TABLE log(a)"
    trigger = "CREATE TRIGGER t_log AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END"

    def first(conn: Connection) -> None:
        for statement in (*log.split("; "), trigger):
            conn.execute(statement)

    def transform(conn: Connection) -> None:
        db = sqlite_utils.Database(conn, recursive_triggers=False)
        db.table("t").transform(types={"n": str})

    history = application(tmp_path, {1: first, 2: transform})
    store(history, "0001", f"{log}; {trigger}")
    [note] = notes_of(history)
    assert note.text == f"no longer has: trigger t_log (of t). {MEANT}"


@pytest.mark.parametrize("name", ["0000+u1", "0001+adopted"])
def test_no_step_of_pmd_lost_a_guard_or_caught_an_error(name: str) -> None:
    source = resolve_source("pmd.store.migrations", root=ROOT)
    before = None
    for step in walk(source, Image.of_file(ROOT / f"fixtures/snapshots/{name}.db")):
        after, statements = read_schema(step.conn), read_statements(step.record.texts)
        if before is not None:
            assert find_lost_guards(before, after, statements) == ()
        assert step.record.failed == {}
        before = after
