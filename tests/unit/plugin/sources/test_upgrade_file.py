"""A runner that opens files gets a copy of the database, and what it makes of it comes back."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_pmd_migrations.connections.asked_tables import asking
from pytest_pmd_migrations.connections.connection import Preparation
from pytest_pmd_migrations.connections.statement_record import recording
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.sources import Location
from pytest_pmd_migrations.sources.abilities import can_rerun
from pytest_pmd_migrations.sources.heard_file import HeardConnection
from pytest_pmd_migrations.sources.memory_copy import NeedsFileError
from pytest_pmd_migrations.sources.protocol import check_source
from pytest_pmd_migrations.sources.run import rerun, upgrade, upgrade_at

from tests.every import for_every
from tests.unit.plugin.own_functions import PREPARED, SCHEMA, prepare

Work = Callable[[Path], object]

ROWS = "CREATE TABLE t(a, b TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y'); DELETE FROM t WHERE a=1"


class OnFiles:
    """A source whose runner opens a file by its path."""

    name = "files"

    def __init__(self, work: Work) -> None:
        self.work = work

    def versions(self) -> list[int]:
        return [1]

    def location(self, version: int) -> Location:  # noqa: ARG002 - the protocol's
        return Location(Path(__file__))

    def upgrade_file(self, path: Path, to: int) -> None:  # noqa: ARG002 - likewise
        self.work(path)

    def rerun_file(self, path: Path, version: int) -> None:  # noqa: ARG002 - likewise
        self.work(path)


class OnCopies(OnFiles):
    """A source whose runner opens a connection, and sometimes a file."""

    needs_file = False

    def __init__(self, sql: str, *, late: bool = False) -> None:
        super().__init__(script(sql))
        self.sql, self.late = sql, late

    def upgrade(self, conn: sqlite3.Connection, to: int) -> None:  # noqa: ARG002 - likewise
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("CREATE TEMP TABLE IF NOT EXISTS mine(a)")
        conn.executescript(self.sql)
        if self.late:
            self.needs_file = True
            raise NeedsFileError


def script(sql: str) -> Work:
    def work(path: Path) -> None:
        with closing(sqlite3.connect(path)) as conn:
            conn.executescript(sql)

    return work


def database(sql: str, page_size: int = 1024) -> sqlite3.Connection:
    """A private copy, as a stored snapshot of that many bytes a page is opened."""
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute(f"PRAGMA page_size = {page_size}")
        conn.executescript(sql)
        image = Image.of_connection(conn)
    return image.connect()


def shown(conn: sqlite3.Connection) -> list[str]:
    return list(conn.iterdump())


def test_what_the_runner_makes_of_the_file_is_in_the_connection() -> None:
    with closing(database(ROWS)) as conn:
        upgrade(OnFiles(script("UPDATE t SET b = 'z'; PRAGMA user_version = 7")), conn, 1)
        assert conn.execute("SELECT rowid, a, b FROM t").fetchall() == [(2, 2, "z")]
        assert conn.execute("PRAGMA user_version").fetchone() == (7,)
        rerun(OnFiles(script("DELETE FROM t")), conn, 1)
        assert conn.execute("SELECT * FROM t").fetchall() == []


def test_a_runner_that_mostly_needs_no_file_has_a_copy_that_takes_its_settings_away() -> None:
    change = "INSERT INTO t VALUES (3, 'n')"
    for size, late in product((512, 4096), (False, True)):
        with closing(database(ROWS, size)) as conn:
            source = OnCopies(change, late=late)
            with recording(conn) as record:
                upgrade(source, conn, 1)
            assert conn.execute("SELECT a FROM t").fetchall() == [(2,), (3,)], (size, late)
            assert conn.execute("PRAGMA foreign_keys").fetchone() == (0,)
            assert conn.execute("SELECT * FROM sqlite_temp_schema").fetchall() == []
            assert change in record.texts
            assert late or not any("page_" in text for text in record.all_texts())
            assert source.needs_file is late
            with pytest.raises(sqlite3.OperationalError):
                upgrade(OnCopies(f"{change}; COMMIT; nonsense"), conn, 1)
            upgrade(OnCopies("PRAGMA page_size = 8192; VACUUM"), conn, 1)
            assert conn.execute("SELECT count(*) FROM t").fetchone() >= (2,)
    with closing(Image(b"").connect()) as conn:
        upgrade(OnCopies("CREATE TABLE t(a)"), conn, 1)
        assert conn.execute("SELECT * FROM t").fetchall() == []


def test_a_database_that_does_not_exist_yet_is_no_file() -> None:
    existed: list[bool] = []

    def work(path: Path) -> None:
        existed.append(path.exists())
        script("CREATE TABLE t(a)")(path)

    with closing(Image(b"").connect()) as conn:
        upgrade(OnFiles(work), conn, 1)
        upgrade(OnFiles(lambda path: existed.append(path.exists())), conn, 1)
        assert conn.execute("SELECT count(*) FROM t").fetchone() == (0,)
    assert existed == [False, True]


FORMS = [
    "PRAGMA journal_mode = WAL",
    "PRAGMA page_size = 8192; VACUUM",
    "PRAGMA page_size = 512; VACUUM; PRAGMA journal_mode = WAL",
    "PRAGMA auto_vacuum = FULL; VACUUM",
]


def test_the_file_may_get_another_form() -> None:
    for pragmas, size in product(FORMS, (1024, 4096)):
        with closing(database(ROWS, size)) as conn:
            for number in range(3):
                insert = f"INSERT INTO t VALUES ({number}, 'n')"
                upgrade(OnFiles(script(f"{pragmas}; {insert}")), conn, 1)
                found = conn.execute("SELECT count(*) FROM t").fetchone()
                assert found == (2 + number,), (pragmas, size)
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    # The first step may choose the size of pages.
    with closing(Image(b"").connect()) as conn:
        upgrade(OnFiles(script("PRAGMA page_size = 8192; CREATE TABLE t(a)")), conn, 1)
        assert conn.execute("PRAGMA page_size").fetchone() == (8192,)


def test_a_file_may_be_replaced_or_taken_away() -> None:
    def replace(path: Path) -> None:
        script("CREATE TABLE other(a)")(path.with_name("other.db"))
        path.with_name("other.db").replace(path)

    with closing(database(ROWS)) as conn:
        upgrade(OnFiles(replace), conn, 1)
        assert [row[0] for row in conn.execute("SELECT name FROM sqlite_schema")] == ["other"]
        upgrade(OnFiles(Path.unlink), conn, 1)
        assert conn.execute("SELECT name FROM sqlite_schema").fetchall() == []


def test_a_size_of_pages_is_changed_with_the_applications_own_functions() -> None:
    def replace(path: Path) -> None:
        with closing(sqlite3.connect(path.with_name("other.db"))) as conn:
            prepare(conn)
            conn.execute("PRAGMA page_size = 8192")
            conn.executescript(f"{SCHEMA}; INSERT INTO t VALUES ('Ann')")
        path.with_name("other.db").replace(path)

    with closing(Image(b"", PREPARED).connect()) as conn:
        conn.execute("PRAGMA page_size = 512")
        conn.execute("CREATE TABLE old(a)")
        upgrade(OnFiles(replace), conn, 1)
        assert conn.execute("SELECT name FROM t WHERE fold(name) = 'ann'").fetchall() == [("Ann",)]


def test_what_was_committed_before_an_error_comes_back_with_it() -> None:
    def fail(path: Path) -> None:
        script("DELETE FROM t")(path)
        raise ValueError("half way")

    with closing(database(ROWS)) as conn:
        with pytest.raises(ValueError, match="half way"):
            upgrade(OnFiles(fail), conn, 1)
        assert conn.execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_a_file_that_the_runner_spoils_hides_no_error() -> None:
    def fail(path: Path) -> None:
        path.write_bytes(b"no database at all" * 100)
        raise ValueError("half way")

    with closing(database(ROWS)) as conn:
        with pytest.raises(ValueError, match="half way"):
            upgrade(OnFiles(fail), conn, 1)
        with pytest.raises(sqlite3.DatabaseError, match="not a database"):
            upgrade(OnFiles(lambda path: path.write_bytes(b"no database" * 100)), conn, 1)


def test_a_connection_that_the_runner_leaves_open_loses_what_it_did_not_commit() -> None:
    left: list[sqlite3.Connection] = []

    def leave(path: Path) -> None:
        left.append(sqlite3.connect(path))
        left[0].execute("INSERT INTO t VALUES (3, 'kept')")
        left[0].commit()
        left[0].execute("INSERT INTO t VALUES (4, 'lost')")

    with closing(database(ROWS)) as conn:
        upgrade(OnFiles(leave), conn, 1)
        assert conn.execute("SELECT b FROM t").fetchall() == [("y",), ("kept",)]
    left[0].close()


def test_a_connection_is_left_alone_where_the_runner_changed_nothing() -> None:
    def fail(path: Path) -> None:
        with closing(sqlite3.connect(path)) as conn, conn:
            conn.execute("DELETE FROM t")
            raise ValueError("rolled back")

    with closing(database(ROWS)) as conn:
        # To put a copy back counts as a change of the schema.
        counted = conn.execute("PRAGMA schema_version").fetchone()
        upgrade(OnFiles(script("SELECT * FROM t; BEGIN; DELETE FROM t; ROLLBACK")), conn, 1)
        with pytest.raises(ValueError, match="rolled back"):
            upgrade(OnFiles(fail), conn, 1)
        assert conn.execute("PRAGMA schema_version").fetchone() == counted
        upgrade(OnFiles(script("DELETE FROM t")), conn, 1)
        assert conn.execute("PRAGMA schema_version").fetchone() != counted
        assert conn.execute("SELECT * FROM t").fetchall() == []


def test_what_only_a_write_ahead_log_says_comes_back_too() -> None:
    left: list[sqlite3.Connection] = []

    def leave(path: Path) -> None:
        left.append(sqlite3.connect(path, isolation_level=None))
        left[0].execute("PRAGMA journal_mode = WAL")
        left[0].execute("INSERT INTO t VALUES (3, 'in the log')")

    with closing(database(ROWS)) as conn:
        upgrade(OnFiles(leave), conn, 1)
        assert conn.execute("SELECT b FROM t").fetchall() == [("y",), ("in the log",)]
        assert conn.execute("PRAGMA journal_mode").fetchone() == ("memory",)
    left[0].close()


def test_a_file_of_the_users_own_is_upgraded_through_a_copy(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "own.db")) as conn:
        conn.row_factory = sqlite3.Row
        conn.execute("PRAGMA journal_mode = WAL")
        conn.executescript(ROWS)
        upgrade(OnFiles(script("UPDATE t SET b = 'z'")), conn, 1)
        assert tuple(conn.execute("SELECT a, b FROM t").fetchone()) == (2, "z")
    assert [path.name for path in tmp_path.iterdir()] == ["own.db"]


def test_the_file_itself_is_given_where_there_is_one(tmp_path: Path) -> None:
    given: list[Path] = []

    def connect() -> sqlite3.Connection:
        raise AssertionError("a source that opens the file needs no connection")

    upgrade_at(OnFiles(given.append), tmp_path / "app.db", 1, connect=connect)
    assert given == [tmp_path / "app.db"]


def test_a_source_with_upgrade_file_is_one_and_can_run_again() -> None:
    source = OnFiles(script(""))
    assert check_source(source, setting="it") is source
    assert can_rerun(source)


def test_a_source_gets_its_connection_as_the_application_prepares_it() -> None:
    class Rows:
        name = "rows"

        def upgrade(self, conn: sqlite3.Connection, to: int) -> None:  # noqa: ARG002 - likewise
            assert conn.execute("SELECT fold('A') AS a").fetchone()["a"] == "a"
            assert conn.execute("PRAGMA foreign_keys").fetchone()[0] == 1

    def with_rows(conn: sqlite3.Connection) -> None:
        prepare(conn).row_factory = sqlite3.Row
        conn.execute("PRAGMA foreign_keys = ON")

    preparation = Preparation((("app.db:prepare", with_rows),))
    with closing(Image(b"", preparation).connect()) as conn:
        upgrade(Rows(), conn, 1)  # type: ignore[arg-type]
        assert conn.execute("SELECT 1").fetchone() == (1,)


STATEMENTS = st.sampled_from(
    [
        "CREATE TABLE IF NOT EXISTS u(a INTEGER PRIMARY KEY AUTOINCREMENT, b UNIQUE)",
        "INSERT INTO t(a, b) VALUES (3, 'three')",
        "DELETE FROM t WHERE a = 2",
        "ALTER TABLE t ADD COLUMN c DEFAULT 5",
        "CREATE VIRTUAL TABLE IF NOT EXISTS f USING fts5(a)",
        "INSERT INTO t(a, b) VALUES (zeroblob(3000), NULL)",
        "PRAGMA user_version = 12",
        "CREATE INDEX IF NOT EXISTS i ON t(a)",
        "VACUUM",
    ]
)


@settings(max_examples=25)
@given(st.lists(STATEMENTS, max_size=6, unique=True))
def test_a_file_ends_as_a_connection_would(statements: list[str]) -> None:
    with closing(database(ROWS)) as there, closing(database(ROWS)) as here:
        for statement in statements:
            upgrade(OnFiles(script(statement)), there, 1)
            here.execute(statement)
            here.commit()
        assert shown(there) == shown(here)
        for pragma in ("user_version", "integrity_check"):
            assert (
                there.execute(f"PRAGMA {pragma}").fetchall()
                == here.execute(f"PRAGMA {pragma}").fetchall()
            )


class Heard(OnFiles):
    """A source whose runner opens connections that can be heard."""

    opens_heard = True


def by_heard(sql: str) -> Work:
    def work(path: Path) -> None:
        with closing(sqlite3.connect(path, factory=HeardConnection)) as conn:
            conn.execute(sql)

    return work


def and_also(other: Work) -> Work:
    def work(path: Path) -> None:
        by_heard("SELECT b FROM t")(path)
        other(path)

    return work


READ = {
    "a heard connection": (Heard(by_heard("SELECT b FROM t")), {"t"}),
    "one that reads a file beside it": (Heard(and_also(lambda _: Path(__file__).stat())), {"t"}),
    "its whole content": (Heard(and_also(lambda path: path.read_bytes())), None),
    "a copy of it": (Heard(and_also(lambda path: shutil.copy(path, f"{path}.copy"))), None),
    "another connection": (Heard(and_also(script("SELECT b FROM t"))), None),
    "another process": (Heard(and_also(lambda _: subprocess.run([sys.executable, "-V"]))), None),
    "nobody who is heard": (Heard(lambda _: None), None),
    "a runner that says nothing of it": (OnFiles(by_heard("SELECT b FROM t")), None),
}


@for_every("source, tables", READ.values(), ids=READ)
def test_what_a_runner_asks_its_file_for_is_heard_or_is_everything(
    source: OnFiles, tables: set[str] | None
) -> None:
    with closing(database(ROWS)) as conn, asking() as asked:
        upgrade(source, conn, 1)
    assert (asked.everything, asked.tables if tables else None) == (tables is None, tables)
