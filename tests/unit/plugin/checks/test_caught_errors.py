"""A statement that failed though its step succeeded is a note; what is merely tried is none."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from pytest_pmd_migrations.checks.model import MigrationRow, Note
from pytest_pmd_migrations.snapshots.folder import SnapshotFolder
from pytest_pmd_migrations.sources.numbered.pmd_runner import pmd_runner_source
from pytest_pmd_migrations.sources.protocol import Location

from tests.unit.plugin.built_application import (
    Notes,
    Up,
    application,
    history_of,
    lock,
    store,
    verdict,
)

ONE = "CREATE TABLE t(id INTEGER PRIMARY KEY)"
BAD = "ALTER TABLE t ADD COLUMN x TEXT UNIQUE"
TOLD = f"a statement failed and the step went on: {BAD} (Cannot add a UNIQUE column)"
IDLE = "changes nothing: neither the schema nor a stored row"


def notes_of(root: Path, steps: Mapping[int, Up], source: Notes | None = None) -> list[str]:
    history = application(root, steps, **({"source": source} if source else {}))
    store(history, "0001", ONE)
    return [note.text for note in verdict(lock(history), "0002", "frozen").notes]


def tries(*statements: str) -> Up:
    def step(conn: sqlite3.Connection) -> None:
        for statement in statements:
            with contextlib.suppress(sqlite3.Error):
                conn.execute(statement)

    return step


def test_a_statement_that_failed_is_told_beside_that_the_step_changes_nothing(
    tmp_path: Path,
) -> None:
    assert notes_of(tmp_path, {1: ONE, 2: tries(BAD)}) == [TOLD, IDLE]


def test_a_row_that_was_refused_is_told(tmp_path: Path) -> None:
    twice = "INSERT INTO t VALUES (1)"
    assert notes_of(tmp_path, {1: ONE, 2: tries(twice, twice)}) == [
        f"a statement failed and the step went on: {twice} (UNIQUE constraint failed: t.id)"
    ]


def test_of_many_statements_three_are_told_and_the_others_counted(tmp_path: Path) -> None:
    many = tries(*(f"INSERT INTO nowhere VALUES ({number})" for number in range(9)))
    notes = notes_of(tmp_path, {1: ONE, 2: many})
    assert len(notes) == 5
    assert notes[3] == "6 more statements failed, and the step went on"


def test_a_long_statement_is_cut_and_stands_in_one_line(tmp_path: Path) -> None:
    long = f"ALTER TABLE t\n  ADD COLUMN {'x' * 60} TEXT UNIQUE"
    [note, _] = notes_of(tmp_path, {1: ONE, 2: tries(long)})
    assert note == (
        f"a statement failed and the step went on: ALTER TABLE t ADD COLUMN {'x' * 32}..."
        " (Cannot add a UNIQUE column)"
    )


class Probing(Notes):
    """A source whose runner tries at each step what may fail."""

    probe = ""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        with contextlib.suppress(sqlite3.Error):
            conn.execute(self.probe)
        super().upgrade(conn, to)


@pytest.mark.parametrize(
    "probe", ["SELECT number FROM schema_version", "ALTER TABLE nowhere ADD COLUMN a"]
)
def test_what_a_runner_tries_at_each_step_is_not_told(tmp_path: Path, probe: str) -> None:
    source = Probing(tmp_path / "app", {1: ONE, 2: "CREATE TABLE u(a)"})
    source.probe = probe
    assert notes_of(tmp_path, source.steps, source) == []


class Scripts(Notes):
    """A source whose runner splits scripts, and goes on after a statement that fails."""

    def location(self, version: int) -> Location:
        return Location(self.folder / f"{version:04d}_step.sql")

    def take(self, conn: sqlite3.Connection, version: int) -> None:
        script = self.location(version).path.read_text()
        for statement in script.removeprefix("# ").split(";"):
            with contextlib.suppress(sqlite3.Error):
                conn.execute(statement)
        conn.execute(f"PRAGMA user_version = {version}")


def test_what_a_runner_of_scripts_goes_on_after_is_told(tmp_path: Path) -> None:
    two = f"SELECT a FROM nowhere; {BAD}"
    source = Scripts(tmp_path / "app", {1: ONE, 2: two})
    begin = "a statement failed and the step went on"
    assert notes_of(tmp_path, source.steps, source) == [
        f"{begin}: SELECT a FROM nowhere (no such table: nowhere)",
        TOLD,
        IDLE,
    ]


MIGRATION = """\
import sqlite3

VERSION = 2
DESCRIPTION = "one more column"


def up(db):
    try:
        {tried}
    except sqlite3.Error:
        pass
    db["u"].create({{"a": int}})
"""


@pytest.mark.parametrize(
    ("tried", "told"),
    [
        (f"db.execute('{BAD}')", BAD),
        (f"db.executescript('CREATE TABLE k(a); {BAD}')", BAD),
        ("list(db.query('SELECT a FROM nowhere'))", "SELECT a FROM nowhere"),
        ("db['nowhere'].drop()", 'DROP TABLE "nowhere"'),
    ],
)
def test_what_a_migration_s_own_file_catches_is_told_reading_or_writing(
    tmp_path: Path, tried: str, told: str
) -> None:
    assert pmd_notes(tmp_path, tried) == [told]


def test_what_sqlite_utils_tries_by_itself_is_not_told(tmp_path: Path) -> None:
    assert pmd_notes(tmp_path, "db['nowhere'].drop(ignore=True)") == []


def pmd_notes(root: Path, tried: str) -> list[str]:
    """The statements that a step of pmd's runner is said to have gone on after."""
    folder = root / "migrations"
    folder.mkdir()
    (folder / "0001_one.sql").write_text(f"{ONE};\n")
    (folder / "0002_two.py").write_text(MIGRATION.format(tried=tried))
    source = pmd_runner_source(folder, folder, name="app", setting="migration_source")
    history = history_of(source, SnapshotFolder(root / "snapshots"))
    store(history, "0001", ONE)
    notes = verdict(lock(history), "0002", "frozen").notes
    begin = "a statement failed and the step went on: "
    told = [note for note in notes if note.text.startswith(begin)]
    assert all(note == Note(MigrationRow(2), note.text) for note in told)
    return [note.text.removeprefix(begin).rpartition(" (")[0] for note in told]
