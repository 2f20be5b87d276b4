"""An open pmd database, for the repositories' tests: a fresh one, and two that were upgraded.

The migration matrix proves that every stored database is upgraded to one and the same schema, so
two are enough to show what old rows and old shapes do to the repositories:

- `0000+grown` went the longest way: the oldest release, over which every later script ran, with a
  contentless full-text index and without the columns that the others had. Every step changes it.
- `0008` has rows in every table, among them NULL, blobs, broken JSON and the largest integers, and
  a document that version 8 left out of the full-text index.

What each of the twenty stored databases holds is read through the repositories in
`repositories/test_stored_rows.py`. A test that no row can change runs `on_fresh` alone.

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
from tests.unit.store.origins import FRESH, ORIGINS, STORED

VECTOR_TABLE = "content_vectors_vec"
DDL = {
    getattr(sqlite3, name)
    for name in dir(sqlite3)
    if name.startswith(("SQLITE_CREATE_", "SQLITE_DROP_", "SQLITE_ALTER_"))
}


def pytest_generate_tests(metafunc):
    """Run a test of a store on each of ORIGINS, unless the test names other ones itself."""
    chosen = {mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")}
    if "origin" in metafunc.fixturenames and "origin" not in chosen:
        metafunc.parametrize("origin", ORIGINS)


@pytest.fixture(scope="session")
def upgraded_files():
    """The content of each upgraded file by its origin: made once a process, then copied."""
    return {}


@pytest.fixture
def open_store(upgraded_files, tmp_path, migration_db, migration_fresh_db):
    """A context manager: the pmd database of an origin, at the latest version."""

    @contextlib.contextmanager
    def open_one(origin):
        if origin not in upgraded_files:
            made = migration_fresh_db() if origin == FRESH else migration_db(origin)
            made.upgrade()
            made.close()
            upgraded_files[origin] = Path(made.path).read_bytes()
        file = tmp_path / f"{origin}.db"
        file.write_bytes(upgraded_files[origin])
        made = []

        def authorize(action, name, other, *_):
            if action in DDL and VECTOR_TABLE not in f"{name} {other}":
                made.append((action, name, other))
            return sqlite3.SQLITE_OK

        with Database(file) as database:
            # A test's file need not outlive a power cut, and syncing takes most of a test's time.
            database.execute("PRAGMA synchronous = OFF")
            database.connection.set_authorizer(authorize)
            yield database
            database.close()
        assert made == [], "the store made, changed or dropped something by itself"

    return open_one


@pytest.fixture
def store(origin, open_store):
    """The pmd database that `origin` names, at the latest version."""
    with open_store(origin) as database:
        yield database


@pytest.fixture
def stored_stores(open_store):
    """Every stored database, upgraded: opened one after the other while a test goes through them.

    For what only the rows of an upgraded database can show.
    """

    def each():
        for origin in STORED:
            with open_store(origin) as database:
                yield database

    return each()


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
