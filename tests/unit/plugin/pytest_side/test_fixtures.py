"""The fixtures: private databases at any version, upgrades and the comparison, and their errors."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlite_utils
from pytest_pmd_migrations import (
    MigrationDatabase,
    SchemaMismatchError,
    SettingError,
    SnapshotError,
    StepFailedError,
)
from pytest_pmd_migrations.application.history import Project
from pytest_pmd_migrations.pytest_side import database_factory
from pytest_pmd_migrations.pytest_side.database import connection_to, main_file
from pytest_pmd_migrations.pytest_side.database_factory import DatabaseFactory

from tests.unit.plugin.built_application import application

STORED = Path(__file__).parents[4] / "fixtures/snapshots"


@pytest.fixture(autouse=True)
def stored_files_stay_as_they_are() -> Iterator[None]:
    before = {path: path.read_bytes() for path in STORED.iterdir()}
    yield
    assert {path: path.read_bytes() for path in STORED.iterdir()} == before


def said(kind: type[Exception], call, *arguments, **named) -> str:
    with pytest.raises(kind) as caught:
        call(*arguments, **named)
    return str(caught.value)


def test_a_stored_database_is_a_private_copy(migration_db, tmp_path: Path) -> None:
    db = migration_db(1)
    assert isinstance(db, sqlite_utils.Database)
    assert (db.path, db.version) == (tmp_path / "0001.db", 1)
    assert db.path.read_bytes() == (STORED / "0001.db").read_bytes()
    db["content"].delete_where()
    assert migration_db("0001")["content"].count > 0


def test_several_copies_are_files_of_their_own(migration_db, tmp_path: Path) -> None:
    paths = [migration_db(name).path.name for name in (7, "0007", "0000+u1", 7)]
    assert paths == ["0007.db", "0007-2.db", "0000+u1.db", "0007-3.db"]


def test_a_database_is_upgraded_step_by_step(migration_db, assert_schema_matches_fresh) -> None:
    db = migration_db("0000+u1")
    assert (db.version, db.upgrade(to=3), db.version) == (0, (1, 2, 3), 3)
    db["llm"].insert({"a": 1})
    db["llm"].drop()
    assert db.upgrade()[-1] == db.version == 12
    assert db.upgrade() == ()
    assert_schema_matches_fresh(db)
    assert "documents" in str(db.read_schema())


def test_an_open_transaction_is_committed_before_an_upgrade(migration_db) -> None:
    db = migration_db(11)
    db.conn.execute("BEGIN")
    db.conn.execute("CREATE TABLE mine(a)")
    db.upgrade()
    assert db["mine"].exists()


def test_a_fresh_database_is_at_latest_or_at_a_version(migration_fresh_db) -> None:
    assert migration_fresh_db().version == 12
    db = migration_fresh_db(4)
    assert (db.version, db.path.name, db["documents"].count) == (4, "fresh-0004.db", 0)


@pytest.mark.parametrize("kind", ["path", "text", "connection", "rows", "database"])
def test_a_path_a_connection_and_a_database_are_upgraded_and_compared(
    kind: str, tmp_path: Path, migration_db, migration_upgrade, assert_schema_matches_fresh
) -> None:
    path = tmp_path / "mine.db"
    path.write_bytes((STORED / "0010.db").read_bytes())
    with closing(sqlite3.connect(path)) as conn:
        if kind == "rows":
            conn.row_factory = sqlite3.Row
        subject = {
            "path": path,
            "text": str(path),
            "database": sqlite_utils.Database(conn),
        }.get(kind, conn)
        assert migration_upgrade(subject, to=11) == (11,)
        assert_schema_matches_fresh(subject)
        assert migration_upgrade(subject) == (12,)
        assert_schema_matches_fresh(subject)


def test_what_is_not_there_is_named_with_what_is(
    migration_db, migration_fresh_db, migration_upgrade
) -> None:
    names = ", ".join(sorted(path.stem for path in STORED.glob("*.db")))
    assert said(SnapshotError, migration_db, 42) == f"no snapshot 0042 is stored; there are {names}"
    assert said(SnapshotError, migration_db, "7") == (
        "'7' is not the name of a snapshot; expected four digits and, for a variant, a plus sign"
        " and its name: 0007 or 0007+variant"
    )
    assert said(SettingError, migration_db, 7, source="cache") == (
        "source='cache' is not one of the migration sources; expected one of 'pmd.store.migrations'"
    )
    assert said(SettingError, migration_fresh_db, 13) == (
        "there is no version 13; versions are 0001..0012"
    )
    assert said(SettingError, migration_db(11).upgrade, 3) == (
        "cannot upgrade from 0011 to 3; expected one of 0012"
    )
    assert said(SettingError, migration_db(12).upgrade, 13) == (
        "cannot upgrade from 0012 to 13; expected one of no version, it is at the newest"
    )


def test_what_is_handed_out_has_the_real_clock(
    tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test compares with its own clock; the checks keep a fresh database of their own."""
    one = "CREATE TABLE t(at DEFAULT CURRENT_TIMESTAMP, n DEFAULT (random()))"
    history = application(tmp_path, {1: f"{one}; INSERT INTO t DEFAULT VALUES"})
    project = Project(history.rules, (history,))
    monkeypatch.setattr(database_factory, "project_of", lambda _: project)
    factory = DatabaseFactory(pytestconfig, tmp_path)
    db, other = factory.fresh(), DatabaseFactory(pytestconfig, tmp_path).fresh()
    db.execute("INSERT INTO t DEFAULT VALUES")
    rows = db.execute("SELECT at < '2033', n FROM t").fetchall()
    assert [row[0] for row in rows] == [1, 1]
    assert rows[0] == other.execute("SELECT at < '2033', n FROM t").fetchone()
    with closing(history.fresh.image(1).connect()) as conn:
        assert conn.execute("SELECT at FROM t").fetchone() == ("2033-05-18 03:33:20",)
    factory.close()
    other.conn.close()


def test_a_source_may_be_named_though_there_is_one(migration_db, migration_fresh_db) -> None:
    name = "pmd.store.migrations"
    assert migration_db(f"{name}/0003").version == migration_db(3, source=name).version == 3
    assert migration_fresh_db(source=name).version == 12


def test_what_is_no_database_is_refused(tmp_path: Path, migration_upgrade) -> None:
    missing, text = tmp_path / "missing.db", tmp_path / "text.db"
    text.write_text("no database, but longer than a header is: " * 20)
    assert said(SettingError, migration_upgrade, missing) == (
        f"{missing} does not exist; expected a SQLite database file"
    )
    assert said(SettingError, migration_upgrade, text) == (
        f"{text} cannot be read as a SQLite database: file is not a database"
    )
    assert said(SettingError, migration_upgrade, 7) == (
        "a int cannot be upgraded or compared; expected a database of the fixtures, a sqlite3"
        " connection or the path of a file"
    )


@pytest.mark.parametrize("how", ["path", "text", "dots", "link", "hard link", "connection"])
def test_a_stored_snapshot_itself_is_never_upgraded(
    how: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    migration_upgrade,
    assert_schema_matches_fresh,
) -> None:
    stored = STORED / "0011.db"
    link = tmp_path / "link.db"
    if how == "hard link":
        # On the repository's own device: the temporary folder may be on another.
        folder = request.config.rootpath / ".pytest_cache" / tmp_path.name
        folder.mkdir(parents=True)
        request.addfinalizer(lambda: shutil.rmtree(folder))
        link = folder / "link.db"
    conn = sqlite3.connect(stored)
    if how == "link":
        link.symlink_to(stored)
    elif how == "hard link":
        link.hardlink_to(stored)
    subject = {
        "path": stored,
        "text": str(stored),
        "dots": STORED / ".." / STORED.name / "0011.db",
        "connection": conn,
    }.get(how, link)
    with closing(conn):
        assert said(SettingError, migration_upgrade, subject) == (
            f"{stored} is a stored snapshot, which nothing may change; upgrade a copy:"
            ' migration_db("0011").upgrade()'
        )
        assert_schema_matches_fresh(subject)


def test_a_schema_that_differs_is_told_whole(migration_db, assert_schema_matches_fresh) -> None:
    db = migration_db(12)
    db["extra"].insert({"a": 1})
    assert said(SchemaMismatchError, assert_schema_matches_fresh, db) == (
        "1 difference from fresh 0012\n"
        "\n"
        "only in upgraded   table extra (1 column)\n"
        "                   mend: DROP TABLE extra;"
    )
    with pytest.raises(AssertionError):
        assert_schema_matches_fresh(db.path)


def test_there_is_nothing_to_compare_an_unversioned_database_with(
    migration_db, assert_schema_matches_fresh
) -> None:
    assert said(SettingError, assert_schema_matches_fresh, migration_db("0000+u1")) == (
        "there is no fresh database at version 0 to compare with; versions are 0001..0012."
        " Upgrade it first"
    )


def test_a_step_that_fails_keeps_its_cause(migration_db, migration_upgrade) -> None:
    db = migration_db(5)
    db["llm_cache"].insert({"in": "the way"})
    with pytest.raises(StepFailedError) as caught:
        migration_upgrade(db)
    assert caught.value.version == 6
    assert caught.value.__cause__ is not None
    (note,) = caught.value.__notes__
    assert "versions/0006_rename_cache.py:" in note.splitlines()[0]
    assert note.splitlines() == list(caught.value.lines)


def test_databases_are_closed_by_whoever_opened_them(tmp_path: Path, pytestconfig) -> None:
    databases = DatabaseFactory(pytestconfig, tmp_path)
    db = databases.stored(1)
    with connection_to(db, db.history.application) as conn:
        assert conn is db.conn
    with connection_to(db.path, db.history.application) as own:
        assert main_file(own) == db.path
    with pytest.raises(sqlite3.ProgrammingError):
        own.execute("SELECT 1")
    databases.close()
    with pytest.raises(sqlite3.ProgrammingError):
        db.execute("SELECT 1")
    databases.close()


def test_a_database_in_memory_is_no_file(migration_upgrade) -> None:
    with closing(sqlite3.connect(":memory:")) as conn:
        assert main_file(conn) is None
        assert migration_upgrade(conn, to=2) == (1, 2)


def test_a_test_runs_once_for_every_stored_snapshot(migration_db, migration_version: str) -> None:
    assert isinstance(migration_db(migration_version), MigrationDatabase)
    assert (STORED / f"{migration_version}.db").is_file()


class OtherDriver:
    """A connection as another driver makes one, which knows no serialize()."""

    def cursor(self) -> None:
        raise AssertionError("nobody asks it anything")


def test_a_connection_of_another_driver_is_refused_in_one_line(
    migration_upgrade, assert_schema_matches_fresh
) -> None:
    other = OtherDriver()
    expected = (
        f"a connection of another driver ({__name__}.OtherDriver) cannot be upgraded or compared;"
        " expected one of Python's sqlite3. Commit, and give the path of its file in its place"
    )
    wrapped = sqlite_utils.Database(memory=True)
    wrapped.conn.close()
    wrapped.conn = other
    for work in (migration_upgrade, assert_schema_matches_fresh):
        assert said(SettingError, work, other) == expected
        assert said(SettingError, work, wrapped) == expected


def test_a_deserialized_database_is_no_file_that_happens_to_be_called_x(
    migration_upgrade, migration_db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = migration_db(11).path.read_bytes()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").symlink_to(STORED / "0001.db")
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.deserialize(content)
        assert main_file(conn) is None
        assert migration_upgrade(conn) == (12,)
