"""A source whose runner opens files goes through every check; what is wrong with it is found."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.application.upgrade import EMPTY, take_step, walk
from pytest_pmd_migrations.checks.registry import all_checks
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.grid.cells import list_cells
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.limits.step_limits import StepLimits
from pytest_pmd_migrations.sources import Location

from tests.unit.plugin.built_application import Notes, application, lock, store, told

QUICK = 0.2
ONE = "CREATE TABLE notes(id INTEGER PRIMARY KEY, title TEXT)"
STEPS = {1: ONE, 2: "CREATE TABLE IF NOT EXISTS tags(tag TEXT UNIQUE)"}


class OnFiles:
    """The small application, with a runner that opens a file by its path."""

    name = "files"

    def __init__(self, folder: Path, steps: dict[int, str], *, whole: bool = True) -> None:
        self.written = Notes(folder, steps)
        self.steps, self.whole = steps, whole
        self.seen: list[bool] = []

    def versions(self) -> list[int]:
        return sorted(self.steps)

    def location(self, version: int) -> Location:
        return self.written.location(version)

    def upgrade_file(self, path: Path, to: int) -> None:
        self.seen.append(path.exists())
        with closing(sqlite3.connect(path, isolation_level=None)) as conn:
            for version in self.versions():
                if conn.execute("PRAGMA user_version").fetchone()[0] < version <= to:
                    self.take(conn, version)

    def rerun_file(self, path: Path, version: int) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as conn:
            self.take(conn, version)

    def take(self, conn: sqlite3.Connection, version: int) -> None:
        begin, end = ("BEGIN IMMEDIATE", "COMMIT") if self.whole else ("SELECT 1", "SELECT 1")
        conn.execute(begin)
        try:
            for statement in filter(str.strip, self.steps[version].split(";")):
                conn.execute(statement)
            conn.execute(f"PRAGMA user_version = {version}")
            conn.execute(end)
        except BaseException:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise


def test_a_correct_one_is_ok_in_every_check(tmp_path: Path) -> None:
    source = OnFiles(tmp_path / "app", STEPS)
    history = application(tmp_path, STEPS, source=source)
    store(history, "0001", f"{ONE}; INSERT INTO notes(title) VALUES ('one')")
    store(history, "0002", ";".join(STEPS.values()))
    history = lock(history)
    cells = [(str(cell.row), cell.check.name) for cell in list_cells(history, all_checks())]
    assert {check for _, check in cells} == {"schema", "data", "again", "atomic", "frozen"}
    assert {cell: told(history, *cell) for cell in cells} == dict.fromkeys(cells, "")
    assert source.seen[0] is False, "an empty database is no file"


@pytest.mark.parametrize(
    ("step", "check", "row", "expected"),
    [
        ("DELETE FROM notes", "data", "0001", "0002_step.py: notes lost 1 of 1 row"),
        (
            "INSERT INTO notes(title) VALUES ('two')",
            "again",
            "0002",
            "0002_step.py is not idempotent",
        ),
    ],
)
def test_what_its_step_does_wrong_is_found(
    tmp_path: Path, step: str, check: str, row: str, expected: str
) -> None:
    steps = {1: ONE, 2: step}
    history = application(tmp_path, steps, source=OnFiles(tmp_path / "app", steps))
    store(history, "0001", f"{ONE}; INSERT INTO notes(title) VALUES ('one')")
    assert told(history, row, check).splitlines()[0] == expected


def test_one_that_commits_between_statements_is_torn(tmp_path: Path) -> None:
    steps = {1: ONE, 2: "CREATE TABLE a(b); CREATE TABLE c(d)"}
    source = OnFiles(tmp_path / "app", steps, whole=False)
    history = application(tmp_path, steps, source=source)
    store(history, "0001", ONE)
    found = told(history, "0002", "atomic")
    assert found.splitlines()[0] == "0002_step.py is not atomic: wedged by crash"
    assert "a plain retry raises OperationalError: table a already exists" in found


def test_a_step_that_raises_is_told_with_its_line(tmp_path: Path) -> None:
    steps = {1: ONE, 2: "SELECT missing"}
    history = application(tmp_path, steps, source=OnFiles(tmp_path / "app", steps))
    assert told(history, "0002", "again").splitlines()[:2] == [
        "0002_step.py failed",
        "the step to 0002 raised OperationalError: no such column: missing",
    ]


class WritesOnAndOn(OnFiles):
    """Commits rows for longer than a step may stand still."""

    def take(self, conn: sqlite3.Connection, version: int) -> None:
        end = time.monotonic() + 3 * QUICK
        super().take(conn, version)
        while time.monotonic() < end:
            conn.execute("INSERT INTO notes(title) VALUES ('one more')")


def test_its_step_has_limits_on_its_own_connection_and_its_file_shows_progress(
    tmp_path: Path,
) -> None:
    endless = "WITH RECURSIVE n(x) AS (VALUES (1) UNION ALL SELECT x + 1 FROM n)"
    hangs = OnFiles(tmp_path / "hangs", {1: f"CREATE TABLE t AS {endless} SELECT max(x) FROM n"})
    with closing(EMPTY.connect()) as conn, pytest.raises(StepFailedError) as caught:
        take_step(hangs, conn, 1, limits=StepLimits(QUICK))
    assert caught.value.headline == "0001_step.py makes no progress for 0.2 s"
    goes_on = WritesOnAndOn(tmp_path / "on", {1: ONE})
    *_, last = walk(goes_on, EMPTY, limits=StepLimits(QUICK))
    assert last.version == 1


class ByPath(Notes):
    """Opens the path that SQLite tells of the connection it is given."""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        path = conn.execute("PRAGMA database_list").fetchone()[2]
        with closing(sqlite3.connect(path)) as own:
            super().upgrade(own, to)


@pytest.mark.parametrize("start", [EMPTY, None])
def test_one_that_looks_for_a_path_by_itself_is_told_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Image | None
) -> None:
    monkeypatch.chdir(tmp_path)
    source, to = ByPath(tmp_path / "app", STEPS), 1
    if start is None:
        start, to = list(walk(Notes(tmp_path / "app", STEPS), EMPTY))[1].after, 2
    with closing(start.connect()) as conn, pytest.raises(StepFailedError) as caught:
        take_step(source, conn, to)
    assert str(caught.value) == (
        f"the step to 000{to} ended at version 000{to - 1}; expected the application's runner to"
        f" apply 000{to}_step.py and to stop there. A runner that opens the database by its path"
        " needs a source with upgrade_file(path, to) in the place of upgrade(conn, to)"
    )
