"""Damage that a stored database had before any step: a note once it is mended, else it fails."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Note, SnapshotRow, Verdict
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.declared.declarations import StoredExcuse

from tests.unit.plugin.built_application import application, store, verdict

SEARCH = (
    "CREATE TABLE d(id INTEGER PRIMARY KEY, t TEXT NOT NULL);"
    "CREATE VIRTUAL TABLE f USING fts5(t, content='d', content_rowid='id')"
)
STALE = f"{SEARCH}; INSERT INTO d VALUES (9, 'x')"
OTHER = "CREATE TABLE other(a)"
MENDS = "INSERT INTO f(f) VALUES('rebuild')"
ROW = SnapshotRow(SnapshotName(1, "stale"))
SAID = "the full-text index f does not match its content, as stored, until 0003"
DECLARE = '[stored."0001+stale"] damaged = "until 0003"'

SPOILT = (
    "CREATE TABLE t(a); INSERT INTO t VALUES (1); PRAGMA writable_schema = ON;"
    "CREATE INDEX i ON t(a) WHERE a > 5;"
    "UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(a)' WHERE name = 'i'"
)
"""An index that lacks a row."""


def history_of(root: Path, steps: Mapping[int, str], sql: str, until: int | None = None) -> History:
    stored = {"0001+stale": StoredExcuse(until)} if until else {}
    history = application(root, steps, stored=stored)
    store(history, "0001+stale", sql)
    return history


def judged(root: Path, steps: Mapping[int, str], until: int | None = None) -> Verdict:
    return verdict(history_of(root, {1: SEARCH, **steps}, STALE, until), "0001+stale", "data")


def lines(found: Verdict) -> list[str]:
    return [line for one in found.findings for line in (one.headline, *one.lines)]


def test_damage_that_a_later_step_mends_is_a_note_at_the_stored_version(tmp_path: Path) -> None:
    found = judged(tmp_path, {2: OTHER, 3: MENDS})
    assert found.findings == ()
    assert Note(ROW, SAID, DECLARE) in found.notes


def test_damage_that_is_declared_and_mended_in_time_is_a_remark(tmp_path: Path) -> None:
    found = judged(tmp_path, {2: OTHER, 3: MENDS}, until=3)
    assert found.findings == ()
    assert [note for note in found.notes if "damaged" in note.text] == []
    assert Note(ROW, SAID, DECLARE) in found.remarks


def test_damage_that_is_left_at_latest_fails_once_and_blames_no_step(tmp_path: Path) -> None:
    file = shown_path(tmp_path / "snapshots" / "0001+stale.db")
    assert lines(judged(tmp_path, {2: OTHER, 3: "CREATE TABLE more(a)"})) == [
        "stored 0001+stale: the full-text index f does not match i...",
        "  in the stored snapshot 0001+stale, before any step, and still there at 0003",
        "  the full-text index f does not match its content",
        "",
        "    FTS5's integrity-check: database disk image is malformed",
        "",
        "  Users may have such databases. Mend it in a new migration:",
        "    in the application's own way, after 0003_step.py: mend what is damaged",
        """    INSERT INTO "f"("f") VALUES ('rebuild');""",
        "  or, where the file alone is spoilt, restore it from version control:",
        f"    git checkout HEAD -- {file}",
    ]


def test_damage_that_the_named_step_does_not_mend_fails_there(tmp_path: Path) -> None:
    found = judged(tmp_path, {2: OTHER, 3: "CREATE TABLE more(a)", 4: MENDS}, until=3)
    assert found.findings[0].version == 3
    assert lines(found)[:4] == [
        "0003_step.py does not mend what is damaged in 0001+stale",
        '  migration_rows says damaged = "until 0003" of 0001+stale, but this is left:',
        "    the full-text index f does not match its content",
        "      FTS5's integrity-check: database disk image is malformed",
    ]


def test_damage_whose_mending_step_is_not_written_yet_fails(tmp_path: Path) -> None:
    assert lines(judged(tmp_path, {2: OTHER}, until=3)) == [
        "nothing mends what is damaged in 0001+stale",
        '  migration_rows says damaged = "until 0003" of 0001+stale, but the newest',
        "  migration is 0002.",
        "",
        "Write the one that mends it:",
        "  in the application's own way, after 0002_step.py: mend what is damaged",
    ]


def test_a_declaration_of_damage_that_is_not_needed_or_too_long_is_noted(tmp_path: Path) -> None:
    (tmp_path / "early").mkdir()
    early = judged(tmp_path / "early", {2: MENDS, 3: OTHER}, until=3)
    assert early.findings == ()
    written = 'migration_rows says damaged = "until 0003"'
    assert Note(ROW, f"{written}, but it is mended at 0002") in early.notes
    (tmp_path / "none").mkdir()
    sound = history_of(
        tmp_path / "none", {1: SEARCH, 2: OTHER, 3: "CREATE TABLE more(a)"}, SEARCH, until=3
    )
    found = verdict(sound, "0001+stale", "data")
    assert found.findings == ()
    assert Note(ROW, f"{written}, but nothing is damaged in it") in found.notes


def test_an_index_that_lacks_rows_is_told_until_it_is_built_anew(tmp_path: Path) -> None:
    first, grows = "CREATE TABLE t(a); CREATE INDEX i ON t(a)", "INSERT INTO t VALUES (7)"
    (tmp_path / "left").mkdir()
    left = verdict(
        history_of(tmp_path / "left", {1: first, 2: grows}, SPOILT), "0001+stale", "data"
    )
    assert [one.headline for one in left.findings] == [
        "stored 0001+stale: integrity_check finds the file broken"
    ]
    assert "    REINDEX;" in lines(left)
    (tmp_path / "mended").mkdir()
    mended = history_of(tmp_path / "mended", {1: first, 2: grows, 3: "REINDEX"}, SPOILT)
    assert verdict(mended, "0001+stale", "data").findings == ()


def test_damage_that_a_step_does_is_blamed_on_it_alone_beside_what_was_stored(
    tmp_path: Path,
) -> None:
    breaks = "CREATE VIRTUAL TABLE g USING fts5(t, content='d', content_rowid='id')"
    breaks = f"{breaks}; INSERT INTO g(rowid, t) VALUES (1, 'no such row')"
    found = judged(tmp_path, {2: breaks, 3: MENDS, 4: OTHER})
    assert [one.headline for one in found.findings] == [
        "0002_step.py: the full-text index g does not match its co..."
    ]


def test_damage_follows_a_full_text_table_that_is_renamed(tmp_path: Path) -> None:
    found = judged(tmp_path, {2: "ALTER TABLE f RENAME TO g", 3: "CREATE TABLE more(a)"})
    assert [one.headline for one in found.findings] == [
        "stored 0001+stale: the full-text index g does not match i..."
    ]
