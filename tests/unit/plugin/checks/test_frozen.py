"""The check `frozen`: a released migration must still produce its recorded schema and rows."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.rules import Rules
from pytest_pmd_migrations.checks.model import MigrationRow, Note
from pytest_pmd_migrations.snapshots.lock_file import (
    LockFile,
    SnapshotLine,
    content_digest,
    lock_file_text,
    read_lock_file,
)
from pytest_pmd_migrations.sources import Location

from tests.every import for_every
from tests.unit.plugin.built_application import (
    Repeatable,
    Up,
    again,
    application,
    history_of,
    lock,
    store,
    told,
    verdict,
)

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
ROWS = "INSERT INTO notes(id, title) VALUES (1, ' a'), (2, 'b ')"
TRIM = "UPDATE notes SET title = trim(title)"
STEPS: Mapping[int, Up] = {1: ONE, 2: TRIM}


def released(root: Path, steps: Mapping[int, Up] = STEPS, *, versions: tuple[int, ...] = (1, 2)):
    history = application(root, steps)
    for version in steps:
        made = "; ".join(step for v, step in steps.items() if v <= version)
        store(history, f"{version:04d}", f"{made}; {ROWS}")
    return lock(history, released=versions)


def changed(history: History, steps: Mapping[int, Up]) -> History:
    for path in history.application.source.folder.iterdir():
        path.unlink()
    return history_of(Repeatable(history.application.source.folder, steps), history.store.folder)


def test_history_as_released_passes(tmp_path: Path) -> None:
    history = released(tmp_path)
    assert [verdict(history, row, "frozen").notes for row in ("0001", "0002")] == [(), ()]
    assert told(history, "0001", "frozen") == told(history, "0002", "frozen") == ""


def test_an_edited_table_fails_and_shows_stored_against_fresh(tmp_path: Path) -> None:
    history = changed(released(tmp_path), {**STEPS, 1: ONE.replace("title TEXT", "title")})
    assert told(history, "0001", "frozen") == (
        "0001_step.py was edited after release\n"
        "  released; what it builds now differs from the stored 0001:\n"
        "  different          column notes.title\n"
        "                     type    stored: TEXT    fresh now: none\n"
        "\n"
        "Undo the edit and put the change into a new migration:\n"
        "  in the application's own way, after 0002_step.py: describe the change"
    )


def test_an_edited_update_fails_for_the_lineages_whose_rows_differ(tmp_path: Path) -> None:
    history = changed(released(tmp_path), {**STEPS, 2: "UPDATE notes SET title = rtrim(title)"})
    assert told(history, "0002", "frozen") == (
        "0002_step.py was edited after release\n"
        "  released; what it builds now differs from the stored 0002:\n"
        "  other rows after this step, upgraded from 0001\n"
        "\n"
        "Undo the edit and put the change into a new migration:\n"
        "  in the application's own way, after 0002_step.py: describe the change"
    )
    assert told(history, "0001", "frozen") == ""


def test_a_version_that_builds_on_an_edited_one_names_that_one(tmp_path: Path) -> None:
    edited = f"{ONE}; CREATE INDEX idx_title ON notes(title)"
    history = changed(released(tmp_path), {**STEPS, 1: edited})
    assert told(history, "0002", "frozen") == (
        "0002_step.py builds on an edited 0001\n"
        "  its text is as released, but what it builds on is not:\n"
        "  only in fresh now  index idx_title on notes(title)\n"
        "\n"
        "Mend 0001_step.py first:\n"
        "  pytest --migration-matrix -k 0001"
    )


def test_a_text_only_edit_is_a_note(tmp_path: Path) -> None:
    history = changed(released(tmp_path), {**STEPS, 2: f"{TRIM} WHERE 1"})
    found = verdict(history, "0002", "frozen")
    text = "its text changed since release, what it does did not"
    assert (found.findings, found.notes) == ((), (Note(MigrationRow(2), text),))


TICKETS = "CREATE TABLE ticket(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT)"
SET_MARK = "UPDATE sqlite_sequence SET seq = {} WHERE name = 'ticket'"
SEEDED = f"INSERT INTO ticket VALUES (7, 'a'); {SET_MARK.format(1000)}"


@for_every(
    "step, edited, what",
    [
        (SET_MARK.format(1000), SET_MARK.format(2000), "other AUTOINCREMENT marks"),
        (SET_MARK.format(1000), "SELECT 1", "other AUTOINCREMENT marks"),
        (
            "SELECT 1",
            "INSERT INTO sqlite_sequence VALUES ('ticket', 9)",
            "other AUTOINCREMENT marks",
        ),
        ("SELECT 1", SET_MARK.format(1000), "other AUTOINCREMENT marks"),
        (SEEDED, SEEDED.replace("1000", "2000"), "other AUTOINCREMENT marks"),
        (SEEDED, SEEDED.replace("7", "8"), "other rows"),
        (SET_MARK.format(1000), f"{SET_MARK.format(1000)} -- or more", ""),
        (SET_MARK.format(1000), "DELETE FROM ticket", "other rows"),
    ],
)
def test_an_edited_mark_of_autoincrement_fails_in_each_line_but_one_written_before_lines_had_it(
    tmp_path: Path, step: str, edited: str, what: str
) -> None:
    history = application(tmp_path, {1: TICKETS, 2: step, 3: "ALTER TABLE ticket ADD COLUMN more"})
    for name, rows in (("0001", "(1, 'a')"), ("0001+more", "(1, 'a'), (2, 'b')")):
        store(history, name, f"{TICKETS}; INSERT INTO ticket VALUES {rows}")
    history = lock(history, released=(1, 2, 3))
    assert [told(history, row, "frozen") for row in ("0001", "0002", "0003")] == [""] * 3
    path, written = history.store.lock_path, history.store.lock_path.read_text()
    history = changed(history, {**history.application.source.steps, 2: edited})
    lines = told(history, "0002", "frozen").splitlines()
    if what:
        assert lines[:2] == [
            "0002_step.py was edited after release",
            "  released; what it builds now differs from the stored 0002:",
        ]
        fresh = "fresh" if "INSERT" in edited else ""
        starts = "" if "INSERT INTO sqlite_sequence" in edited else "0001, 0001+more"
        expected = (
            f"{what} after this step, upgraded from {', '.join(filter(None, (fresh, starts)))}"
        )
        assert " ".join(lines[2 : lines.index("")]).split() == expected.split()
    else:
        assert lines == []
    path.write_text(re.sub(r"^marks = true\n| marks sha256:\w+", "", written, flags=re.MULTILINE))
    known = again(history)
    if what == "other rows":
        assert told(known, "0002", "frozen").splitlines() == lines
    else:
        note = (
            "its text changed since release, the schema and rows that it gives did not;"
            " AUTOINCREMENT's marks were not recorded then"
        )
        found = verdict(known, "0002", "frozen")
        assert (found.findings, found.notes[0]) == ((), Note(MigrationRow(2), note))
        assert told(known, "0003", "frozen") == ""


def test_line_ends_are_no_edit(tmp_path: Path) -> None:
    history = released(tmp_path, {1: f"{ONE};\n"})
    path = history.application.location(1).path
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert b"\r\n" in path.read_bytes()
    assert verdict(history, "0001", "frozen").notes == ()


def test_the_same_text_that_does_something_else_fails(tmp_path: Path) -> None:
    history = released(tmp_path, {1: ONE, 2: TRIM})
    history.application.source.steps[2] = "UPDATE notes SET title = 'else'"
    assert told(history, "0002", "frozen") == (
        "0002_step.py no longer does what it did at release\n"
        "  its text is as released, but what it builds differs:\n"
        "  other rows after this step, upgraded from 0001\n"
        "\n"
        "Find what it depends on besides its own text; put a change into a new migration:\n"
        "  in the application's own way, after 0002_step.py: describe the change"
    )


def test_a_removed_version_fails(tmp_path: Path) -> None:
    history = released(tmp_path, {1: ONE, 2: TRIM, 3: "CREATE TABLE tags(a)"}, versions=(1, 2))
    history = changed(history, {1: ONE, 3: "CREATE TABLE tags(a)"})
    assert told(history, "0002", "frozen") == (
        "0002_step.py was removed after release\n"
        "frozen.toml has 0002 as released; the source has no such version. Databases\n"
        "at it, or on the way to it, can no longer be upgraded as they were.\n"
        "\n"
        "Restore 0002_step.py under its old number:\n"
        f"  git checkout HEAD -- {history.application.source.folder}/0002_step.py"
    )


def test_renumbered_versions_fail_at_both_numbers(tmp_path: Path) -> None:
    steps = {1: ONE, 2: TRIM, 3: "CREATE TABLE tags(a)"}
    history = released(tmp_path, steps, versions=(1, 2, 3))
    history = changed(history, {1: ONE, 2: steps[3], 3: TRIM})
    folder = history.application.source.folder
    assert told(history, "0002", "frozen") == (
        "0002_step.py was renumbered to 0003_step.py\n"
        "frozen.toml has 0002_step.py as released 0002. Its text stands in\n"
        "0003_step.py now: databases at 0002 would run it again.\n"
        "  only in fresh now  table tags (1 column)\n"
        "\n"
        "Give 0002_step.py, another released one, the next free number, and the released one its"
        " number back:\n"
        f"git mv {folder}/0002_step.py {folder}/0004_step.py"
        f" && git mv {folder}/0003_step.py {folder}/0002_step.py"
    )
    assert told(history, "0003", "frozen").startswith("0003_step.py was renumbered to 0002_step.py")


def test_a_migration_whose_number_another_took_is_told_with_both_names(tmp_path: Path) -> None:
    """Another branch's file took the number; the released text stands behind it, unedited."""
    history = released(tmp_path)
    history = changed(history, {1: ONE, 2: "CREATE TABLE other(a)", 3: TRIM})
    folder = history.application.source.folder
    assert told(history, "0002", "frozen") == (
        "0002_step.py was renumbered to 0003_step.py\n"
        "frozen.toml has 0002_step.py as released 0002. Its text stands in\n"
        "0003_step.py now: databases at 0002 would run it again. 0002_step.py is not\n"
        "known there: databases at 0002 never run it.\n"
        "  only in fresh now  table other (1 column)\n"
        "\n"
        "Give 0002_step.py the next free number, and the released one its number back:\n"
        f"git mv {folder}/0002_step.py {folder}/0004_step.py"
        f" && git mv {folder}/0003_step.py {folder}/0002_step.py"
    )


def test_a_removed_migration_whose_text_stands_elsewhere_was_renumbered(tmp_path: Path) -> None:
    history = changed(released(tmp_path), {1: ONE, 3: TRIM})
    assert told(history, "0002", "frozen").startswith(
        "0002_step.py was renumbered to 0003_step.py\n"
    )


def test_a_module_that_says_its_new_number_is_the_same_module(tmp_path: Path) -> None:
    def module(version: int) -> str:
        return f"VERSION = {version}\nDESCRIPTION = 'Trim'\n\n\ndef up(db):\n    trim(db)\n"

    history = released(tmp_path)
    path = history.application.location(2).path
    path.write_text(module(2))
    history = changed(lock(history, released=(1, 2)), {1: ONE, 2: "SELECT 1", 3: TRIM})
    history.application.location(3).path.write_text(module(3))
    assert told(history, "0002", "frozen").startswith(
        "0002_step.py was renumbered to 0003_step.py\n"
    )


class Named(Repeatable):
    """Steps in files whose names are given."""

    names: Mapping[int, str]

    def location(self, version: int) -> Location:
        names = getattr(self, "names", {})
        return Location(self.folder / names.get(version, f"{version:04d}_step.py"))


def renamed(history: History, names: Mapping[int, str], steps: Mapping[int, Up]) -> History:
    source = type("Renamed", (Named,), {"names": names})(history.application.source.folder, steps)
    return history_of(source, history.store.folder)


def test_a_renamed_migration_is_a_note_with_both_names(tmp_path: Path) -> None:
    history = renamed(released(tmp_path), {2: "0002_trim.py"}, STEPS)
    note = Note(MigrationRow(2), "0002_step.py was renamed to 0002_trim.py since release")
    found = verdict(history, "0002", "frozen")
    assert (found.findings, found.notes) == ((), (note,))


def test_a_file_that_took_the_place_of_a_released_one_is_accused(tmp_path: Path) -> None:
    steps = {1: ONE, 2: "CREATE TABLE other(a)"}
    history = renamed(released(tmp_path), {2: "0002_other.py"}, steps)
    folder = history.application.source.folder
    assert told(history, "0002", "frozen") == (
        "0002_step.py was replaced by 0002_other.py\n"
        "frozen.toml has 0002_step.py as released 0002. 0002_other.py is not known\n"
        "there: databases at 0002 never run it.\n"
        "  only in fresh now  table other (1 column)\n"
        "\n"
        "Give 0002_other.py the next free number.\n"
        f"Put the released one back: git checkout HEAD -- {folder}/0002_step.py"
    )
    same = renamed(history, {2: "0002_other.py"}, {**STEPS, 2: f"{TRIM} WHERE 1"})
    assert [note.text for note in verdict(same, "0002", "frozen").notes] == [
        "0002_other.py stands in the place of 0002_step.py since release, and does the same"
    ]


def test_a_late_inserted_version_fails(tmp_path: Path) -> None:
    history = released(tmp_path, {1: ONE, 3: TRIM}, versions=(1, 3))
    history = changed(history, {1: ONE, 2: "CREATE TABLE tags(a)", 3: TRIM})
    assert told(history, "0002", "frozen") == (
        "0002_step.py was inserted before a release\n"
        "0003 is released, and databases at it will never run 0002: a runner only\n"
        "goes forward.\n"
        "\n"
        "Give 0002_step.py the next free number."
    )


def test_an_unreleased_version_may_change_and_a_note_says_so(tmp_path: Path) -> None:
    upper = TRIM.replace("trim", "upper")
    history = changed(released(tmp_path, versions=(1,)), {**STEPS, 2: upper})
    found = verdict(history, "0002", "frozen")
    command = "pmd-migrations snapshot --rewrite 0002"
    assert found.findings == ()
    assert found.notes == (Note(MigrationRow(2), "changed since its snapshot was made", command),)


def test_only_the_newest_version_may_lack_its_line(tmp_path: Path) -> None:
    history = changed(released(tmp_path), {**STEPS, 3: "SELECT 3", 4: "CREATE TABLE four(a)"})
    assert told(history, "0003", "frozen") == (
        "0003_step.py has no line in frozen.toml\n"
        "frozen.toml records what each version gives; expected a line for 0003.\n"
        "\n"
        "Write it:\n"
        "  pmd-migrations snapshot"
    )
    assert verdict(history, "0004", "frozen").notes == (
        Note(MigrationRow(4), "not in frozen.toml yet", "pmd-migrations snapshot"),
    )


@pytest.mark.parametrize("lost", [1, 2], ids=["before one that is released", "the newest"])
def test_a_version_whose_snapshot_is_recorded_and_which_has_no_line_fails(
    tmp_path: Path, lost: int
) -> None:
    history = released(tmp_path)
    written = read_lock_file(history.store.lock_path)
    lines = {version: line for version, line in written.versions.items() if version != lost}
    snapshots = {
        name: SnapshotLine(content_digest(history.store.folder.file(name).read_bytes()), {})
        for name in history.store.names
    }
    history.store.lock_path.write_text(lock_file_text(LockFile(lines, snapshots)))
    history = changed(history, STEPS)
    number = f"000{lost}"
    assert told(history, number, "frozen") == (
        f"{number}_step.py has no line in frozen.toml\n"
        f"frozen.toml has the snapshot of {number}, and no longer what it gives, nor\n"
        "whether it is released.\n"
        "\n"
        f"Restore the file: git checkout HEAD -- {history.store.lock_path}"
    )


def test_a_version_that_cannot_be_built_any_more_fails_and_names_the_step(tmp_path: Path) -> None:
    history = changed(released(tmp_path, versions=(1,)), {1: "SELECT missing", 2: TRIM})
    assert told(history, "0002", "frozen") == (
        "0001_step.py failed\nthe step to 0001 raised OperationalError: no such column: missing\n"
        "\n"
        "0001_step.py was edited after release: undo the edit, and put the change\n"
        "into a new one."
    )


def test_what_the_settings_ignore_is_not_recorded(tmp_path: Path) -> None:
    """A later setting changes nothing that is recorded, and a finding says what was."""
    log = f"{ONE}; CREATE TABLE log(at); INSERT INTO log VALUES ('now')"
    history = application(tmp_path, {1: log}, ignore_patterns=("log",))
    store(history, "0001", f"{ONE}; CREATE TABLE log(at)")
    assert told(lock(history, released=(1,)), "0001", "frozen") == ""
    for step, rules in (
        (log.replace("now", "then"), Rules(ignore_patterns=("log",))),
        (log.replace("now", "then"), Rules()),
        (log.replace("log(at)", "log(at, why)").replace("('now')", "(1, 2)"), Rules()),
    ):
        source = Repeatable(history.application.source.folder, {1: step})
        assert told(history_of(source, history.store.folder, rules), "0001", "frozen") == ""
    source = Repeatable(history.application.source.folder, {1: f"{log}; CREATE TABLE more(a)"})
    assert "compared as it was recorded, with migration_ignore = ['log']" in told(
        history_of(source, history.store.folder), "0001", "frozen"
    )


def throws_dice(table: str, made: str, column: str = "at") -> Up:
    """A step that writes what Python's dice throw."""

    def up(conn: sqlite3.Connection) -> None:
        for statement in made.split(";"):
            conn.execute(statement)
        conn.execute(f"UPDATE {table} SET {column} = ?", [random.getrandbits(60)])

    return up


def with_dice(root: Path, **settings: object) -> History:
    """A history of which the second step writes dice of its own into a column."""
    made = "ALTER TABLE notes ADD COLUMN token"
    history = application(root, {1: ONE, 2: throws_dice("notes", made, "token")}, **settings)
    store(history, "0001", f"{ONE}; {ROWS}")
    store(history, "0002", f"{ONE}; {ROWS}; {made}")
    return history


def test_what_varies_after_a_release_is_named_with_the_line_that_says_so(tmp_path: Path) -> None:
    history = lock(with_dice(tmp_path), released=(1, 2))
    assert told(history, "0002", "frozen") == (
        "0002_step.py no longer does what it did at release\n"
        "  its text is as released, but what it builds differs:\n"
        "  other rows after this step, upgraded from 0001\n"
        "\n"
        "The values of notes.token differ from run to run: the step asks a clock or\n"
        "dice of its own (SQL's are held).\n"
        "Say so in the settings:\n"
        '  migration_volatile = ["notes.token"]\n'
        "Delete the lines of [versions.0002.rows] in frozen.toml. Record anew:\n"
        "  pmd-migrations snapshot"
    )


def test_what_draws_the_values_for_the_step_is_named(tmp_path: Path) -> None:
    """The step's own statement says nothing of chance: a trigger calls the runner's function."""
    one = "CREATE TABLE notes(id INTEGER PRIMARY KEY, token)"
    trigger = (
        "CREATE TRIGGER r AFTER UPDATE OF id ON notes BEGIN"
        " UPDATE notes SET token = toss() WHERE id = new.id; END"
    )

    def first(conn: sqlite3.Connection) -> None:
        conn.execute(one)
        conn.execute(trigger)

    def two(conn: sqlite3.Connection) -> None:
        conn.create_function("toss", 0, lambda: random.getrandbits(60))
        conn.execute("UPDATE notes SET id = id")

    history = application(tmp_path, {1: first, 2: two})
    for name in ("0001", "0002"):
        store(history, name, f"{one}; {trigger}; INSERT INTO notes VALUES (1, 2)")
    [note] = verdict(lock(history, released=(1,)), "0002", "frozen").notes
    why = "the trigger r on notes calls toss()"
    assert note.text == f"other values in each run: notes.token ({why})"
    text = told(lock(history, released=(1, 2)), "0002", "frozen")
    assert (
        "The values of notes.token differ from run to run. The trigger r on notes\n"
        "calls toss(). Where that function of the application's gives other values in\n"
        "each run, let it give the same, or let the step write the value itself; else\n"
        "the step asks a clock or dice of its own.\n"
        "Say so in the settings:\n"
    ) in text


def test_what_varies_before_a_release_is_a_note_with_the_line_that_says_so(
    tmp_path: Path,
) -> None:
    history = lock(with_dice(tmp_path), released=(1,))
    line = 'migration_volatile = ["notes.token"]'
    assert verdict(history, "0002", "frozen").notes == (
        Note(MigrationRow(2), "other values in each run: notes.token", line),
    )
    rules = history.rules._replace(volatile_patterns=("NOTES.tok*",))
    settled = History(history.application, history.store, rules)
    command = "pmd-migrations snapshot --rewrite 0002"
    assert verdict(settled, "0002", "frozen").notes == (
        Note(MigrationRow(2), "changed since its snapshot was made", command),
    )


def test_a_clock_of_days_is_known_by_the_day_of_today(tmp_path: Path) -> None:
    """Two runs of one day give the same; only the release was on another."""
    days = ["2026-01-01"]

    def up(conn: sqlite3.Connection) -> None:
        conn.execute("ALTER TABLE notes ADD COLUMN day")
        conn.execute("UPDATE notes SET day = ?", [days[-1]])

    history = application(tmp_path, {1: ONE, 2: up})
    store(history, "0001", f"{ONE}; {ROWS}")
    history = lock(history, released=(1, 2))
    days.append(datetime.now(UTC).date().isoformat())
    assert "The values of notes.day differ from run to run" in told(history, "0002", "frozen")
    days.append("2026-01-02")
    text = told(again(history), "0002", "frozen")
    assert "Find what it depends on besides its own text" in text
    assert "volatile" not in text


def settings(history: History, *patterns: str) -> History:
    return again(
        History(history.application, history.store, Rules(volatile_patterns=tuple(patterns)))
    )


def test_a_setting_that_comes_or_goes_after_the_release_changes_no_verdict(
    tmp_path: Path,
) -> None:
    history = lock(with_dice(tmp_path, volatile_patterns=("notes.token",)), released=(1, 2))
    for patterns in ((), ("notes.token",), ("notes.title", "notes.token"), ("*.*",)):
        later = settings(history, *patterns)
        assert [told(later, row, "frozen") for row in ("0001", "0002")] == ["", ""]
    edited = changed(history, {1: ONE, 2: "ALTER TABLE notes ADD COLUMN token; DELETE FROM notes"})
    assert told(settings(edited, "*.*"), "0002", "frozen").startswith(
        "0002_step.py was edited after release"
    )


def test_a_line_of_before_has_what_the_source_says(tmp_path: Path) -> None:
    history = with_dice(tmp_path)
    history.application.source.volatile = ("notes.token",)
    history = lock(history, released=(1, 2))
    path = history.store.lock_path
    path.write_text(path.read_text().replace('volatile = ["notes.token"]\n', ""))
    assert "volatile" not in path.read_text()
    assert told(again(history), "0002", "frozen") == ""
    assert told(settings(history, "notes.title"), "0002", "frozen") == ""


def test_a_fingerprint_that_the_stored_schema_does_not_explain_is_still_a_failure(
    tmp_path: Path,
) -> None:
    history = released(tmp_path, {1: ONE}, versions=(1,))
    text = history.store.lock_path.read_text()
    digest = history.store.lock_file.versions[1].schema
    history.store.lock_path.write_text(text.replace(digest, f"sha256:{'0' * 64}"))
    wrong = again(history)
    assert told(wrong, "0001", "frozen").splitlines()[2] == (
        "  its schema has another fingerprint than frozen.toml records"
    )
    expected = told(wrong, "0001", "frozen")
    history.store.folder.file(history.store.names[0]).unlink()
    assert told(again(history), "0001", "frozen") == expected


def test_a_migration_whose_file_is_gone_fails_by_name(tmp_path: Path) -> None:
    history = released(tmp_path, {1: ONE}, versions=(1,))
    path = history.application.location(1).path
    path.unlink()
    assert " ".join(told(history, "0001", "frozen").split("\n")[1:]) == (
        f"source notes: location(1) is {path}, which cannot be read: No such file or"
        " directory; expected the file that the migration is written in"
    )
