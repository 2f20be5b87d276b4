"""An open pmd database, for the repositories' tests.

Tests never assume that its tables are empty: they make collections of their own, and count from
what was there.
"""

from __future__ import annotations

import pytest
from pmd.store.database import Database
from pmd.store.documents import DocumentRepository
from pmd.store.source_collections import CollectionRepository

NOON = "2026-01-02T12:00:00+00:00"


def at_noon():
    return NOON


@pytest.fixture
def store(tmp_path):
    with Database(tmp_path / "store.db") as database:
        yield database


@pytest.fixture
def collections(store):
    return CollectionRepository(store, clock=at_noon)


@pytest.fixture
def documents(store):
    return DocumentRepository(store, clock=at_noon)


@pytest.fixture
def notes(collections):
    """The id of a collection of the test's own."""
    return collections.add("test-notes", "/test/notes").id


def check_index(database):
    """Fail if the full-text index does not hold exactly the active documents."""
    database.execute(
        "INSERT INTO documents_fts (documents_fts, rank) VALUES ('integrity-check', 1)"
    )
    active = database.execute("SELECT id FROM documents WHERE active = 1 ORDER BY id").fetchall()
    assert database.execute("SELECT rowid FROM documents_fts ORDER BY rowid").fetchall() == active
