"""An open pmd database, for the repositories' tests: a fresh one, and every stored one upgraded.

Tests never assume that its tables are empty: they make collections of their own, and count from
what was there.
"""

from __future__ import annotations

import contextlib
import ctypes
import sqlite3
from pathlib import Path

import pytest

from pmd.store.database import Database
from pmd.store.repositories.documents import DocumentRepository
from pmd.store.repositories.source_collections import CollectionRepository

SNAPSHOTS = Path(__file__).parents[3] / "fixtures" / "snapshots"
FRESH = "fresh"
VECTOR_TABLE = "content_vectors_vec"
DDL = {
    getattr(sqlite3, name)
    for name in dir(sqlite3)
    if name.startswith(("SQLITE_CREATE_", "SQLITE_DROP_", "SQLITE_ALTER_"))
}


def pytest_generate_tests(metafunc):
    """Run a test of a store once on a fresh database, and once on each stored one, upgraded."""
    if "origin" in metafunc.fixturenames:
        stored = sorted(file.stem for file in SNAPSHOTS.glob("*.db"))
        metafunc.parametrize("origin", [FRESH, *stored])


@pytest.fixture(scope="session")
def upgraded_files():
    """The content of each upgraded file by its origin: made once a process, then copied."""
    return {}


@pytest.fixture
def store(origin, upgraded_files, tmp_path, migration_db, migration_fresh_db):
    """The pmd database that `origin` names, at the latest version."""
    if origin not in upgraded_files:
        made = migration_fresh_db() if origin == FRESH else migration_db(origin)
        made.upgrade()
        made.close()
        upgraded_files[origin] = Path(made.path).read_bytes()
    file = tmp_path / "store.db"
    file.write_bytes(upgraded_files[origin])
    made = []

    def authorize(action, name, other, *_):
        if action in DDL and VECTOR_TABLE not in f"{name} {other}":
            made.append((action, name, other))
        return sqlite3.SQLITE_OK

    with Database(file) as database:
        database.connection.set_authorizer(authorize)
        yield database
        database.close()
    assert made == [], "the store made, changed or dropped something by itself"


@pytest.fixture
def clock():
    """A clock that stands still."""
    return lambda: "2026-01-02T12:00:00+00:00"


@pytest.fixture
def collections(store, clock):
    return CollectionRepository(store, clock=clock)


@pytest.fixture
def documents(store, clock):
    return DocumentRepository(store, clock=clock)


@pytest.fixture
def notes(collections):
    """The id of a collection of the test's own."""
    return collections.add("test-notes", "/test/notes").id


@pytest.fixture
def check_index():
    """A function that fails if the full-text index holds other than the active documents."""

    def check(database):
        database.execute(
            "INSERT INTO documents_fts (documents_fts, rank) VALUES ('integrity-check', 1)"
        )
        active = database.execute("SELECT id FROM documents WHERE active = 1 ORDER BY id")
        indexed = database.execute("SELECT rowid FROM documents_fts ORDER BY rowid")
        assert indexed.fetchall() == active.fetchall()

    return check


@pytest.fixture
def vector_extension_switch():
    """A context manager in which every new connection has sqlite-vec.

    Many Pythons cannot load extensions, so SQLite itself is told to start it, which works
    wherever sqlite3 uses a shared libsqlite3; elsewhere the test is skipped.
    """
    sqlite_vec = pytest.importorskip("sqlite_vec", reason="sqlite-vec is not installed")
    import _sqlite3

    @contextlib.contextmanager
    def switch():
        library = ctypes.CDLL(_sqlite3.__file__)
        if not hasattr(library, "sqlite3_auto_extension"):
            pytest.skip("this Python's sqlite3 does not show SQLite's own functions")
        path = sqlite_vec.loadable_path()
        start = ctypes.CDLL(path + (".so" if not path.endswith(".so") else "")).sqlite3_vec_init
        library.sqlite3_auto_extension(start)
        try:
            yield
        finally:
            library.sqlite3_cancel_auto_extension(start)

    return switch


@pytest.fixture
def vector_extension(vector_extension_switch):
    """Every connection opened from here on has sqlite-vec."""
    with vector_extension_switch():
        yield
