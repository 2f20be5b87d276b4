"""The check `again`: a second run of a step changes nothing, nor does one of the runner."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_pmd_migrations.checks.again import AGAIN
from pytest_pmd_migrations.checks.model import MigrationRow, Note
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey, Declarations

from tests.unit.plugin.built_application import (
    Notes,
    Repeatable,
    application,
    store,
    told,
    verdict,
)

ONE = "CREATE TABLE IF NOT EXISTS notes(id INTEGER PRIMARY KEY, title TEXT)"
ROWS = f"{ONE}; INSERT INTO notes(title) VALUES ('a'), ('b')"


def test_a_step_that_looks_before_it_changes_passes(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "CREATE TABLE IF NOT EXISTS tags(a)"})
    store(history, "0001", ROWS)
    assert told(history, "0002", "again") == ""


def test_a_step_that_doubles_rows_fails_for_every_lineage(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "INSERT INTO notes(title) VALUES ('welcome')"})
    store(history, "0001", ROWS)
    store(history, "0001+empty", ONE)
    assert told(history, "0002", "again") == (
        "0002_step.py is not idempotent\n"
        "Run a second time directly after itself, a step must change nothing, or\n"
        "raise and leave everything as it was.\n"
        "\n"
        "  upgraded from fresh, 0001+empty:\n"
        "    table notes: 1 row, after the second run 2\n"
        "\n"
        "  upgraded from 0001:\n"
        "    table notes: 3 rows, after the second run 4\n"
        "\n"
        "Make the step look before it changes:\n"
        "  IF NOT EXISTS, OR IGNORE, WHERE ... IS NULL\n"
        "where it is released, declare it in the file of migration_rows:\n"
        "  [0002]\n"
        '  again = "<reason>"'
    )


def test_a_step_that_gives_other_values_fails(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "UPDATE notes SET title = title || '!'"})
    store(history, "0001", ROWS)
    assert "    table notes: other values in its 2 rows" in told(history, "0002", "again")


def test_a_step_that_changes_the_schema_again_fails(tmp_path: Path) -> None:
    def two(conn: sqlite3.Connection) -> None:
        count = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        conn.execute(f"CREATE TABLE more{count}(a)")

    history = application(tmp_path, {1: ONE, 2: two})
    assert "    only in second run table more2 (1 column)" in told(history, "0002", "again")


def test_a_step_that_raises_and_leaves_everything_passes_unless_it_must_not(
    tmp_path: Path,
) -> None:
    steps = {1: ONE, 2: "ALTER TABLE notes ADD COLUMN pinned"}
    assert told(application(tmp_path, steps), "0002", "again") == ""
    assert told(application(tmp_path, steps, idempotent=True), "0002", "again") == (
        "0002_step.py is not idempotent\n"
        "Run a second time directly after itself, a step must change nothing\n"
        "(migration_idempotent).\n"
        "\n"
        "  upgraded from fresh:\n"
        "    it raised OperationalError: duplicate column name: pinned\n"
        "\n"
        "Make the step look before it changes:\n"
        "  IF NOT EXISTS, OR IGNORE, WHERE ... IS NULL\n"
        "where it is released, declare it in the file of migration_rows:\n"
        "  [0002]\n"
        '  again = "<reason>"'
    )


def test_a_step_that_raises_half_way_fails_with_what_it_left(tmp_path: Path) -> None:
    class Careless(Repeatable):
        def rerun(self, conn: sqlite3.Connection, version: int) -> None:
            conn.execute("INSERT INTO notes(title) VALUES (?)", [f"left at {version}"])
            conn.commit()
            raise ValueError("too late")

    history = application(tmp_path, {}, source=Careless(tmp_path / "app", {1: ONE}))
    text = told(history, "0001", "again")
    assert "    it raised ValueError: too late\n    table notes: 0 rows, after the second" in text


@pytest.mark.parametrize("error", [None, ValueError("no"), SystemExit(2)])
def test_what_a_second_run_leaves_uncommitted_counts_unless_it_raised(
    tmp_path: Path, error: BaseException | None
) -> None:
    class Open(Repeatable):
        def rerun(self, conn: sqlite3.Connection, version: int) -> None:
            conn.execute("INSERT INTO notes(title) VALUES (?)", [f"open at {version}"])
            if error is not None:
                raise error

    history = application(tmp_path, {}, source=Open(tmp_path / "app", {1: ONE}))
    failed = "table notes: 0 rows, after the second run 1" in told(history, "0001", "again")
    assert failed == (error is None)


class Restless(Repeatable):
    """Its runner counts how often it was called."""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        super().upgrade(conn, to)
        conn.execute("INSERT INTO notes(title) VALUES ('called')")
        conn.commit()


class Strict(Repeatable):
    """Its runner raises where there is nothing to do."""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        if conn.execute("PRAGMA user_version").fetchone()[0] == to:
            raise LookupError("no such step")
        super().upgrade(conn, to)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (Restless, "table notes: 1 row, after the second run 2"),
        (Strict, "it raised LookupError: no such step"),
    ],
)
def test_a_runner_that_is_called_where_nothing_is_to_do_must_do_nothing(
    tmp_path: Path, source: type[Notes], line: str
) -> None:
    history = application(tmp_path, {}, source=source(tmp_path / "app", {1: ONE}))
    assert told(history, "0001", "again") == (
        "the runner does not rest at 0001\n"
        "Called a second time, to bring a database from 0001 to 0001, it must change\n"
        "nothing and raise nothing: so does every application that is started twice.\n"
        "\n"
        "  upgraded from fresh:\n"
        f"    {line}\n"
        "\n"
        "Make it read the version first, and stop where there is no step."
    )


def test_a_source_that_cannot_run_a_step_again_has_no_such_cells(tmp_path: Path) -> None:
    history = application(tmp_path, {}, source=Notes(tmp_path / "app", {1: ONE}))
    assert not AGAIN.applies(history)
    assert AGAIN.applies(application(tmp_path, {1: ONE}))


def test_volatile_columns_and_ignored_tables_may_change(tmp_path: Path) -> None:
    steps = {
        1: f"{ONE}; CREATE TABLE IF NOT EXISTS log(at)",
        2: "INSERT INTO log VALUES (1); UPDATE notes SET title = hex(randomblob(4))",
    }
    source = Repeatable(tmp_path / "app", steps)
    source.volatile = ("notes.title",)
    history = application(tmp_path, {}, source=source, ignore_patterns=("LOG",))
    store(history, "0001", f"{ROWS}; CREATE TABLE log(at)")
    assert told(history, "0002", "again") == ""
    assert "log" in told(application(tmp_path, {}, source=source), "0002", "again")


def test_a_step_that_no_lineage_reaches_is_blocked_by_the_one_before(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "SELECT missing", 3: "CREATE TABLE tags(a)"})
    store(history, "0001", ROWS)
    store(history, "0003", f"{ROWS}; CREATE TABLE tags(a)")
    assert told(history, "0003", "again") == (
        "0002_step.py failed\nthe step to 0002 raised OperationalError: no such column: missing"
    )
    assert verdict(history, "0003", "again").cause.row == MigrationRow(2)
    assert told(history, "0001", "again") == ""


def test_a_second_run_that_would_skip_has_raised(tmp_path: Path) -> None:
    class Skipping(Notes):
        def rerun(self, conn: sqlite3.Connection, version: int) -> None:
            conn.execute("CREATE TABLE half(a)")
            pytest.skip(f"not {version} twice")

    history = application(tmp_path, {}, source=Skipping(tmp_path / "app", {1: ONE}))
    told_lines = told(history, "0001", "again").split("\n")
    assert told_lines[0] == "0001_step.py is not idempotent"
    assert "    it raised Skipped: not 1 twice" in told_lines


EXCUSED = Declarations(excuses={DeclarationKey("AGAIN", ""): "released so"})


@pytest.mark.parametrize(
    ("step", "idempotent"),
    [
        ("INSERT INTO notes(title) VALUES ('welcome')", False),
        ("UPDATE notes SET title = title || '!'", False),
        ("ALTER TABLE notes ADD COLUMN pinned", True),
    ],
)
def test_a_released_step_that_is_not_idempotent_can_be_excused(
    tmp_path: Path, step: str, idempotent: bool
) -> None:
    steps = {1: ONE, 2: step}
    history = application(tmp_path, steps, idempotent=idempotent, declared={2: EXCUSED})
    store(history, "0001", ROWS)
    assert told(history, "0002", "again") == ""
    assert verdict(history, "0002", "again").used == {(2, DeclarationKey("AGAIN", ""))}


def test_an_excuse_that_a_step_does_not_need_is_not_used(tmp_path: Path) -> None:
    steps = {1: ONE, 2: "CREATE TABLE IF NOT EXISTS tags(a)"}
    history = application(tmp_path, steps, declared={2: EXCUSED})
    assert verdict(history, "0002", "again").used == frozenset()


def test_an_excuse_of_a_step_is_none_of_the_runner(tmp_path: Path) -> None:
    source = Restless(tmp_path / "app", {1: ONE})
    history = application(tmp_path, {}, source=source, declared={1: EXCUSED})
    assert told(history, "0001", "again").startswith("the runner does not rest at 0001")


MADE = """ALTER TABLE notes RENAME TO old;
CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT, made TEXT DEFAULT CURRENT_TIMESTAMP);
INSERT INTO notes(id, title) SELECT id, title FROM old; DROP TABLE old"""


ASKS = {
    3: "UPDATE notes SET title = date('now', '-1 day')",
    4: "UPDATE notes SET title = hex(randomblob(8)) || random()",
    5: "INSERT OR REPLACE INTO notes VALUES (7, strftime('%s', 'now'), NULL)",
}


def test_values_of_sqls_clock_and_dice_are_not_the_second_runs_doing(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: MADE, **ASKS})
    store(history, "0001", ROWS)
    for version in history.application.versions:
        found = verdict(history, f"{version:04d}", "again", only=True)
        assert (found.findings, found.notes) == ((), ())


def test_a_row_under_a_new_key_of_chance_or_time_is_a_doubled_row(tmp_path: Path) -> None:
    """With the same dice the second run would find its key taken, and seem to do nothing."""
    steps = {1: "CREATE TABLE IF NOT EXISTS log(id PRIMARY KEY, text)"}
    for key in ("hex(randomblob(16))", "random()", "date('now')", "CURRENT_TIMESTAMP"):
        steps[len(steps) + 1] = f"INSERT OR IGNORE INTO log VALUES ({key}, 'upgraded')"
    history = application(tmp_path, steps)
    for version in range(2, len(steps) + 1):
        found = told(history, f"{version:04d}", "again")
        assert f"after the second run {version}\n" in found


def test_a_step_is_taken_anew_for_other_values_and_not_for_more_rows(tmp_path: Path) -> None:
    """What a first run makes on another day explains values; it never explains a doubled row."""
    taken: list[str] = []

    def step(sql: str) -> Callable[[sqlite3.Connection], object]:
        def take(conn: sqlite3.Connection) -> None:
            taken.append(sql)
            conn.execute(sql)

        return take

    more = "INSERT INTO notes(title) VALUES (date('now'))"
    other = "UPDATE notes SET title = title || date('now')"
    history = application(tmp_path, {1: ONE, 2: step(more), 3: step(other)})
    (finding,) = verdict(history, "0002", "again", only=True).findings
    assert "    table notes: 1 row, after the second run 2" in finding.lines
    assert (taken.count(more), taken.count(other)) == (2, 4)


def test_what_is_not_of_the_clock_in_the_same_row_still_tells(tmp_path: Path) -> None:
    two = "UPDATE notes SET title = title || '!', made = datetime('now')"
    one = "CREATE TABLE IF NOT EXISTS notes(id INTEGER PRIMARY KEY, title TEXT, made)"
    history = application(tmp_path, {1: one, 2: two})
    store(history, "0001", f"{one}; INSERT INTO notes(title) VALUES ('a'), ('b')")
    assert "    table notes: other values in its 2 rows" in told(history, "0002", "again")


def test_a_time_that_is_added_to_what_was_there_is_told(tmp_path: Path) -> None:
    """The column varies with the clock, and yet the second run makes what no first run makes."""
    for added in ("datetime('now')", "hex(randomblob(4))"):
        two = f"UPDATE notes SET title = coalesce(title, '') || {added}"
        history = application(tmp_path, {1: ONE, 2: two})
        store(history, "0001", ROWS)
        assert "    table notes: other values in its 2 rows" in told(history, "0002", "again")


def ticking(ticks_after: int) -> Callable[[sqlite3.Connection], object]:
    """A step that asks a clock of whole seconds, which moves on after so many runs of it."""
    seconds = itertools.chain(["10:00:00"] * ticks_after, itertools.repeat("10:00:01"))
    return lambda conn: conn.execute("UPDATE notes SET title = ?", [next(seconds)])


def test_the_verdict_is_the_same_wherever_a_second_ticks(tmp_path: Path) -> None:
    for ticks_after in range(7):
        history = application(tmp_path, {1: ONE, 2: ticking(ticks_after)})
        store(history, "0001", ROWS)
        assert verdict(history, "0002", "again", only=True).findings == ()


def test_dice_of_the_steps_own_are_told_in_a_note(tmp_path: Path) -> None:
    def two(conn: sqlite3.Connection) -> None:
        conn.execute("UPDATE notes SET title = ?", [str(uuid4())])

    history = application(tmp_path, {1: ONE, 2: two}, volatile_patterns=("log.at",))
    store(history, "0001", ROWS)
    text = "other values in each run, not compared: notes.title"
    line = 'migration_volatile = ["log.at", "notes.title"]'
    assert verdict(history, "0002", "again").notes == (Note(MigrationRow(2), text, line),)
    settled = application(tmp_path, {1: ONE, 2: two}, volatile_patterns=("notes.title",))
    assert verdict(settled, "0002", "again").notes == ()


def test_what_draws_values_for_the_step_is_named_in_the_note(tmp_path: Path) -> None:
    table = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title)"
    trigger = (
        "CREATE TRIGGER named AFTER UPDATE ON notes BEGIN"
        " UPDATE notes SET title = fresh_name() WHERE id = new.id; END"
    )

    def first(conn: sqlite3.Connection) -> None:
        for statement in (table, trigger):
            conn.execute(statement)

    def two(conn: sqlite3.Connection) -> None:
        conn.create_function("fresh_name", 0, lambda: str(uuid4()))
        conn.execute("UPDATE notes SET title = 'x'")

    history = application(tmp_path, {1: first, 2: two})
    store(history, "0001", f"{table}; {trigger}; INSERT INTO notes VALUES (1, 'a')")
    [note] = verdict(history, "0002", "again").notes
    assert note.text == (
        "other values in each run, not compared: notes.title (the trigger named on notes calls"
        " fresh_name())"
    )
