"""Ten-line runners, good and bad, as sources."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from pytest_pmd_migrations.faults import Case, Kind, Mode, Point, StruckPoint
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.watching.patched_connect import patched_connect
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.sources import Location

STEPS = {
    2: (
        "ALTER TABLE notes ADD COLUMN words INTEGER",
        "UPDATE notes SET words = length(body)",
        "CREATE TABLE log (note INTEGER, what TEXT)",
        "INSERT INTO log SELECT id, 'upgraded' FROM notes",
    ),
}


def notes(count: int = 12) -> Image:
    """A database at version 1, with more rows than fit on a few pages."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("PRAGMA page_size = 1024")
        conn.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT)")
        conn.execute("CREATE INDEX notes_body ON notes (body)")
        conn.executemany(
            "INSERT INTO notes VALUES (?, ?)", ((n, f"{n:03d}" * 40) for n in range(count))
        )
        conn.execute("PRAGMA user_version = 1")
        conn.commit()
        return Image.of_connection(conn)


class TenLines:
    """A correct runner: the lock first, then the version, then the step with its stamp."""

    name = "ten-lines"
    begin = "BEGIN IMMEDIATE"

    def __init__(
        self,
        *,
        settings: Sequence[str] = (),
        last: Sequence[str] = (),
        steps: Mapping[int, Sequence[str]] = STEPS,
    ) -> None:
        self.settings, self.last, self.steps = settings, last, steps

    def versions(self) -> Sequence[int]:
        return sorted(self.steps)

    def location(self, version: int) -> Location:
        return Location(Path(f"{version:04d}_step.py"))

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        conn.isolation_level = None
        for setting in self.settings:
            conn.execute(setting)
        for version in self.pending(conn, to):
            conn.execute(self.begin)
            try:
                if self.wanted(conn, version):
                    for statement in self.steps[version]:
                        conn.execute(statement)
                    conn.execute(f"PRAGMA user_version = {version}")
                conn.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    conn.execute("ROLLBACK")
                raise
        for setting in self.last:
            conn.execute(setting)

    def pending(self, conn: sqlite3.Connection, to: int) -> list[int]:
        current = conn.execute("PRAGMA user_version").fetchone()[0]
        return [version for version in self.versions() if current < version <= to]

    def wanted(self, conn: sqlite3.Connection, version: int) -> bool:
        return conn.execute("PRAGMA user_version").fetchone()[0] < version


class ReadsFirst(TenLines):
    """Reads what is pending before a deferred BEGIN, and never again."""

    begin = "BEGIN"

    def wanted(self, _conn: sqlite3.Connection, _version: int) -> bool:
        return True


class Piecemeal(TenLines):
    """Commits each statement by itself, and the version after all."""

    def upgrade(self, conn, to):
        conn.isolation_level = None
        for version in self.pending(conn, to):
            for statement in self.steps[version]:
                conn.execute(statement)
            conn.execute(f"PRAGMA user_version = {version}")


class TriesAgain(TenLines):
    """Waits for a lock by itself, pausing between attempts."""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        conn.execute("PRAGMA busy_timeout = 0")
        while True:
            try:
                super().upgrade(conn, to)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    raise
                time.sleep(0.5)
            else:
                return


class OwnConnection(TenLines):
    """Leaves the connection it is given alone and opens the file by its path."""

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:
        path = conn.execute("PRAGMA database_list").fetchone()[2]
        if not Path(path).is_absolute():
            # A database in memory is called "x" after deserialize().
            super().upgrade(conn, to)
            return
        with closing(sqlite3.connect(path)) as own:
            super().upgrade(own, to)


def case(source: TenLines, mode: Mode = "rollback", *, rows: int = 12) -> Case:
    return Case(source, notes(rows), 1, 2, "0001", mode)


def strike_all(kind: Kind, struck_case: Case) -> tuple[Sequence[Point], list[StruckPoint]]:
    """Return every point of a kind and what each fault left, without a child process."""
    with patched_connect():
        judge = Judge(struck_case)
        judge.check_plain_run()
        points = kind.points(struck_case)
        return points, list(kind.strike(struck_case, points, judge))
