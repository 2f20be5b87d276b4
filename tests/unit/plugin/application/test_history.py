"""Histories: a stored snapshot is verified before it is used."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.errors import SnapshotError, SourceError
from pytest_pmd_migrations.schema import read_schema
from pytest_pmd_migrations.snapshots.lock_file import content_digest
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources import Condition, Declarations, Location

from tests.unit.plugin.built_application import Notes, again, application, lock, store

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"


def error(history: History, name: str) -> str:
    with pytest.raises(SnapshotError) as caught:
        history.store.read(SnapshotName.parse(name))
    return str(caught.value)


def test_a_snapshot_is_read_without_a_change(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    path = store(history, "0001", ONE)
    before = path.read_bytes()
    image = history.store.read(SnapshotName(1))
    with closing(image.connect()) as conn:
        conn.execute("DROP TABLE notes")
    assert path.read_bytes() == before == image.content


def test_a_mislabelled_snapshot_is_refused(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: "SELECT 1"})
    path = store(history, "0001", ONE)
    other = path.rename(path.with_name("0002.db"))
    assert error(history, "0002") == (
        f"snapshot 0002 is mislabelled: {other} is at version 0001; expected 0002, as its name"
        " says. Rename the file, or restore it from version control."
    )


def test_a_snapshot_that_changed_since_it_was_locked_is_refused(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    path = store(history, "0001", ONE)
    history = lock(history)
    old = content_digest(path.read_bytes())[:19]
    store(history, "0001", f"{ONE}; INSERT INTO notes VALUES (1, 'late')")
    new = content_digest(path.read_bytes())[:19]
    assert error(history, "0001") == (
        f"snapshot 0001 was changed since it was stored: {path} has {new}, frozen.toml has {old}."
        " Restore it from version control."
    )


def test_a_snapshot_newer_than_the_source_is_refused(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    path = store(history, "0002", ONE)
    assert error(history, "0002") == (
        f"snapshot 0002 is newer than the newest migration: {path}; the source ends at 0001."
        f" Restore the migration that made it, or remove the snapshot: rm {path}"
    )


def test_a_snapshot_whose_schema_is_broken_is_refused(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    path = store(history, "0001", ONE)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("PRAGMA writable_schema = ON")
        conn.execute("UPDATE sqlite_schema SET sql = 'CREATE TABLE notes(' WHERE name = 'notes'")
    assert error(history, "0001").startswith(
        f"snapshot 0001 cannot be opened: {path}: malformed database schema (notes)"
    )
    assert error(history, "0001").endswith(" Restore it from version control.")


def test_a_version_that_stands_elsewhere_is_asked_of_the_source(tmp_path: Path) -> None:
    class Table(Notes):
        def current_version(self, conn: sqlite3.Connection) -> object:
            return conn.execute("SELECT max(version) FROM versions").fetchone()[0]

    history = application(tmp_path, {}, source=Table(tmp_path / "app", {3: ONE}))
    store(history, "0003", "CREATE TABLE versions(version); INSERT INTO versions VALUES (3)")
    assert history.store.read(SnapshotName(3)).content
    store(history, "0003", "CREATE TABLE versions(version); INSERT INTO versions VALUES ('3')")
    with pytest.raises(SourceError) as caught:
        history.store.read(SnapshotName(3))
    assert str(caught.value) == (
        "source notes: current_version(conn) returned '3'; expected an integer, 0 where the"
        " database has no version yet"
    )


def test_declarations_of_the_source_and_of_the_file_are_one(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE}, declared={1: Declarations(moves={"a.b": "c.d"})})
    history.application.source.declarations = lambda _: Declarations(
        deletes={"a": Condition("1", "all")}
    )
    found = history.application.declarations(1)
    assert (dict(found.moves), list(found.deletes)) == ({"a.b": "c.d"}, ["a"])


def test_a_location_that_the_source_cannot_tell_is_an_error_that_names_it(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})

    def message(answer: object) -> str:
        def location(_: int) -> object:
            if isinstance(answer, Exception):
                raise answer
            return answer

        history.application.source.location = location
        with pytest.raises(SourceError) as caught:
            again(history).application.file_name(1)
        return str(caught.value)

    assert message(OSError("gone")) == "source notes: location(1) raised OSError: gone"
    assert message(("a.py", 1)) == (
        "source notes: location(1) returned a tuple; expected pytest_pmd_migrations.Location"
    )


def test_a_difference_is_what_the_settings_ask_about(tmp_path: Path) -> None:
    steps = {1: "CREATE TABLE notes(a, b)"}
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.executescript("CREATE TABLE notes(b, a); CREATE TABLE log(a)")
        upgraded = read_schema(conn)
    strict = application(tmp_path, steps).difference(upgraded, 1)
    assert [(found.kind, found.object) for found in strict.differences] == [
        ("table", "log"),
        ("table", "notes"),
    ]
    loose = application(tmp_path, steps, ignore_patterns=("log",), column_order="ignore")
    assert not loose.difference(upgraded, 1)


def test_a_version_is_shown_with_the_label_that_its_source_gives_it(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE, 2: ONE})
    assert (history.application.label(1), history.application.title(1)) == ("", "0001")
    history.application.source.label = lambda version: f"9c1f0a{version}"
    assert history.application.title(2) == "0002 9c1f0a2"
    # A version that the source does not have is asked of nobody.
    assert history.application.title(3) == "0003"
    assert history.application.span == "0001..0002"


def test_a_label_is_recorded_in_the_lock_file(tmp_path: Path) -> None:
    history = application(tmp_path, {1: ONE})
    store(history, "0001", ONE)
    assert "id =" not in lock(history).store.lock_path.read_text()
    history.application.source.label = lambda _: "9c1f0a77b2d4"
    locked = lock(again(history))
    assert 'id = "9c1f0a77b2d4"\n' in locked.store.lock_path.read_text()
    assert again(locked).store.lock_file.versions[1].label == "9c1f0a77b2d4"


def test_the_version_before_the_first_is_0(tmp_path: Path) -> None:
    history = application(tmp_path, {3: ONE, 7: ONE})
    assert [history.application.before(version) for version in (3, 7)] == [0, 3]


def test_a_migration_is_named_by_its_file_or_by_its_number_in_one(tmp_path: Path) -> None:
    class OneFile(Notes):
        def location(self, version: int) -> Location:
            if version == 4:
                raise OSError("nowhere")
            return Location(self.folder / ("app.py" if version < 3 else "other.py"), version)

        def __init__(self, folder: Path) -> None:
            self.steps = dict.fromkeys((1, 2, 3, 4), "SELECT 1")
            self.folder = folder

    alone = application(tmp_path, {1: "SELECT 1", 2: "SELECT 2"}).application
    assert [alone.step_name(version) for version in (1, 2)] == ["0001_step.py", "0002_step.py"]
    shared = Application(OneFile(tmp_path))
    assert [shared.step_name(version) for version in (1, 2, 3)] == [
        "step 0001 of app.py",
        "step 0002 of app.py",
        "other.py",
    ]
    assert [shared.file_name(version) for version in (1, 2, 3)] == ["app.py", "app.py", "other.py"]
