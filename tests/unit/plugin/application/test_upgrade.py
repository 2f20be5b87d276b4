"""Lineages: one step at a time, and what is said when the runner does not take it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.fresh import FreshDatabases
from pytest_pmd_migrations.application.upgrade import EMPTY, take_step, walk
from pytest_pmd_migrations.errors import FreshFailedError, SourceError, StepFailedError
from pytest_pmd_migrations.image import MEMORY_LIMIT, Image
from pytest_pmd_migrations.schema import read_schema

from tests.unit.plugin.built_application import Notes, application, store, told

ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
TWO = "ALTER TABLE notes ADD COLUMN pinned INTEGER"
STEPS = {1: ONE, 2: TWO, 3: "CREATE TABLE tags(a)"}


def tables(conn: sqlite3.Connection) -> list[str]:
    return [row[0] for row in conn.execute("SELECT name FROM sqlite_schema ORDER BY 1")]


def test_a_walk_shows_the_start_and_every_step(tmp_path: Path) -> None:
    seen = [
        (step.version, step.before, tables(step.conn))
        for step in walk(Notes(tmp_path, STEPS), EMPTY, to=2)
    ]
    assert [version for version, _, _ in seen] == [0, 1, 2]
    assert seen[0][1] is None
    assert [found for _, _, found in seen] == [[], ["notes"], ["notes"]]
    with closing(seen[2][1].connect()) as before:
        assert "pinned" not in str(read_schema(before))


def failing(tmp_path: Path, step: object) -> str:
    source = Notes(tmp_path, {1: step})
    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(StepFailedError) as caught:
        take_step(source, conn, 1)
    assert caught.value.version == 1
    return str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("no"),
        SystemExit(3),
        pytest.skip.Exception("not here"),
        pytest.fail.Exception("not so"),
        pytest.exit.Exception("enough"),
        BaseExceptionGroup("two", [ValueError(), GeneratorExit()]),
    ],
)
def test_a_step_that_raises_fails_with_what_it_raised(tmp_path: Path, error: BaseException) -> None:
    def step(_: sqlite3.Connection) -> None:
        raise error

    name = type(error).__name__
    assert failing(tmp_path, step) == f"the step to 0001 raised {name}: {error}"


@pytest.mark.parametrize("kind", [asyncio.CancelledError, GeneratorExit, StopIteration, ValueError])
def test_an_error_without_a_text_is_named(tmp_path: Path, kind: type[BaseException]) -> None:
    def step(_: sqlite3.Connection) -> None:
        raise kind

    assert failing(tmp_path, step) == f"the step to 0001 raised {kind.__name__}"


def test_a_step_that_leaves_the_file_locked_fails(tmp_path: Path) -> None:
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:

        class Locking(Notes):
            def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
                super().upgrade(conn, to)
                other.execute("BEGIN EXCLUSIVE")

        with (
            closing(sqlite3.connect(path, timeout=0)) as conn,
            pytest.raises(StepFailedError) as caught,
        ):
            take_step(Locking(tmp_path / "steps", {1: ONE}), conn, 1)
    assert str(caught.value) == (
        "the step to 0001 left a database that SQLite cannot read: database is locked"
    )


def test_an_error_that_differs_by_an_address_alone_is_told_alike(tmp_path: Path) -> None:
    def step(_: sqlite3.Connection) -> None:
        raise ValueError(object())

    told = {failing(tmp_path, step) for _ in range(3)}
    assert told == {"the step to 0001 raised ValueError: <object object at 0x...>"}


def test_an_error_that_cannot_say_itself_is_named(tmp_path: Path) -> None:
    class SpeechlessError(Exception):
        def __str__(self) -> str:
            raise LookupError

    def step(_: sqlite3.Connection) -> None:
        raise SpeechlessError

    assert failing(tmp_path, step) == "the step to 0001 raised SpeechlessError"


class Unlisted(Notes):
    """A source that can tell its versions once only."""

    def versions(self) -> Sequence[int]:
        self.versions = self.refuse
        return super().versions()

    def refuse(self) -> Sequence[int]:
        raise pytest.skip.Exception("asked twice")


def test_versions_that_raise_are_an_error_of_the_source(tmp_path: Path) -> None:
    source = Unlisted(tmp_path, {1: ONE})
    source.versions()
    with pytest.raises(SourceError) as caught:
        list(walk(source, EMPTY))
    assert str(caught.value) == "source notes: versions() raised Skipped: asked twice"


def test_an_interrupt_is_no_failure_of_the_step(tmp_path: Path) -> None:
    def step(_: sqlite3.Connection) -> None:
        raise KeyboardInterrupt

    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(KeyboardInterrupt):
        take_step(Notes(tmp_path, {1: step}), conn, 1)


def test_a_step_that_leaves_its_transaction_open_fails(tmp_path: Path) -> None:
    def step(conn: sqlite3.Connection) -> None:
        conn.execute("COMMIT")

    class Open(Notes):
        def take(self, conn: sqlite3.Connection, version: int) -> None:
            conn.execute("BEGIN")
            conn.execute(f"CREATE TABLE at{version}(a)")

    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(StepFailedError) as caught:
        take_step(Open(tmp_path, {1: step}), conn, 1)
    assert str(caught.value) == "the step to 0001 left its transaction open; expected a commit"


def test_a_step_that_closes_the_connection_fails(tmp_path: Path) -> None:
    class Closing(Notes):
        def take(self, conn: sqlite3.Connection, version: int) -> None:
            super().take(conn, version)
            conn.close()

    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(StepFailedError) as caught:
        take_step(Closing(tmp_path, {1: ONE}), conn, 1)
    assert str(caught.value) == ("the step to 0001 closed the connection; expected it to stay open")


def test_a_runner_that_stops_elsewhere_fails(tmp_path: Path) -> None:
    class Far(Notes):
        def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
            super().upgrade(conn, to + 1)

    with closing(sqlite3.connect(":memory:")) as conn, pytest.raises(StepFailedError) as caught:
        take_step(Far(tmp_path, STEPS), conn, 1)
    assert str(caught.value) == (
        "the step to 0001 ended at version 0002; expected the application's runner to apply"
        " 0001_step.py and to stop there"
    )


def test_fresh_databases_are_built_once_and_as_far_as_asked_for(tmp_path: Path) -> None:
    calls: list[int] = []

    class Counting(Notes):
        def take(self, conn: sqlite3.Connection, version: int) -> None:
            calls.append(version)
            super().take(conn, version)

    fresh = FreshDatabases(Counting(tmp_path, STEPS))
    assert fresh.schema(2) == fresh.schema(2)
    assert calls == [1, 2]
    fresh.image(1)
    fresh.text(3)
    assert calls == [1, 2, 3]


def test_a_fresh_database_that_cannot_be_built_says_so_every_time(tmp_path: Path) -> None:
    fresh = FreshDatabases(Notes(tmp_path, {**STEPS, 2: "SELECT missing"}))
    for version in (2, 3, 2):
        with pytest.raises(FreshFailedError) as caught:
            fresh.image(version)
        assert caught.value.version == 2
        assert str(caught.value) == (
            "a fresh database cannot be built: the step to 0002 raised OperationalError:"
            " no such column: missing"
        )
    assert fresh.image(1).content


def test_whatever_ends_the_building_of_fresh_databases_is_raised_every_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_conn: sqlite3.Connection) -> Image:
        raise MemoryError("no room")

    monkeypatch.setattr(Image, "of_connection", no_room)
    fresh = FreshDatabases(Notes(tmp_path, STEPS))
    for _ in range(2):
        with pytest.raises(MemoryError, match="no room"):
            fresh.image(1)


def test_a_version_that_no_step_leads_to_cannot_be_built(tmp_path: Path) -> None:
    fresh = FreshDatabases(Notes(tmp_path, STEPS))
    for version in (7, 9):
        with pytest.raises(FreshFailedError) as caught:
            fresh.image(version)
        assert str(caught.value) == (
            "a fresh database cannot be built: no step of the source leads to 0007"
        )


def test_a_source_that_cannot_tell_a_version_cannot_build_a_fresh_database(
    tmp_path: Path,
) -> None:
    class Blind(Notes):
        def current_version(self, conn: sqlite3.Connection) -> int:
            return conn.execute("SELECT version FROM nowhere").fetchone()[0]

    fresh = FreshDatabases(Blind(tmp_path, STEPS))
    with pytest.raises(FreshFailedError) as caught:
        fresh.image(1)
    assert isinstance(caught.value.__cause__, SourceError)
    assert str(caught.value) == (
        "a fresh database cannot be built: source notes: current_version(conn) raised"
        " OperationalError: no such table: nowhere"
    )


@pytest.mark.parametrize(
    "settings",
    [
        "PRAGMA journal_mode = WAL",
        "PRAGMA encoding = 'UTF-16le'",
        "PRAGMA page_size = 65536",
        "PRAGMA auto_vacuum = INCREMENTAL",
        "PRAGMA application_id = 7",
    ],
)
def test_a_database_of_any_make_is_upgraded_and_compared(tmp_path: Path, settings: str) -> None:
    history = application(tmp_path, STEPS)
    path = store(history, "0001", f"{settings}; {ONE}; INSERT INTO notes VALUES (1, 'Übung')")
    before = path.read_bytes()
    for check in ("schema", "data"):
        assert told(history, "0001", check) == ""
    assert told(history, "0002", "again").startswith("0002_step.py is not") is False
    assert path.read_bytes() == before
    assert sorted(found.name for found in path.parent.iterdir()) == ["0001.db"]


def test_a_database_too_large_for_memory_takes_the_same_way(tmp_path: Path) -> None:
    history = application(tmp_path, STEPS)
    large = MEMORY_LIMIT + 100_000
    path = store(
        history,
        "0001",
        f"PRAGMA journal_mode = WAL; {ONE}; INSERT INTO notes VALUES (1, zeroblob({large}))",
    )
    assert len(Image.of_file(path).content) > MEMORY_LIMIT
    assert told(history, "0001", "schema") == told(history, "0001", "data") == ""
