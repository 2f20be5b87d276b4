"""sqlite-vec is loaded where it can be; where not, the error says what is missing."""

from __future__ import annotations

import sqlite3
import sys
from types import SimpleNamespace

import pytest

from pmd.store.errors import VectorsUnavailableError
from pmd.store.repositories.embeddings import EmbeddingRepository
from pmd.store.vector_extension import load_vector_extension
from tests.unit.store.origins import on_fresh

NOT_BUILT_IN = (
    "sqlite-vec cannot be loaded: this Python's sqlite3 was built without loadable "
    "extensions. Use a Python that has them; everything but vector search works."
)


class Connection:
    """A connection's surface, for what SQLite does not do on request: load, or be without loading.

    Pythons differ in whether their sqlite3 can load extensions at all.
    """

    def __init__(self):
        self.enabled = []

    def execute(self, sql):  # noqa: ARG002  # a connection's signature
        raise sqlite3.OperationalError("no such function: vec_version")

    def enable_load_extension(self, enabled):
        self.enabled.append(enabled)


class ConnectionWithoutLoading:
    execute = Connection.execute


@on_fresh
def test_an_extension_that_is_there_is_not_loaded_again(vector_extension, store):
    load_vector_extension(store.connection)
    assert store.execute("SELECT vec_version()").fetchone()[0].startswith("v")


def test_a_python_without_loadable_extensions_is_said():
    with pytest.raises(VectorsUnavailableError) as caught:
        load_vector_extension(ConnectionWithoutLoading())
    assert str(caught.value) == NOT_BUILT_IN


def test_a_missing_package_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlite_vec", None)
    connection = Connection()
    with pytest.raises(VectorsUnavailableError) as caught:
        load_vector_extension(connection)
    assert str(caught.value) == (
        "sqlite-vec is not installed: pip install 'pmd[vectors]'. "
        "Everything but vector search works without it."
    )
    assert connection.enabled == []


def test_an_extension_that_does_not_load_is_said(monkeypatch):
    def load(connection):
        raise sqlite3.OperationalError("vec0.so: wrong ELF class")

    monkeypatch.setitem(sys.modules, "sqlite_vec", SimpleNamespace(load=load))
    connection = Connection()
    with pytest.raises(VectorsUnavailableError) as caught:
        load_vector_extension(connection)
    assert str(caught.value) == (
        f"sqlite-vec cannot be loaded into SQLite {sqlite3.sqlite_version}: "
        "vec0.so: wrong ELF class. Everything but vector search works without it."
    )
    assert connection.enabled == [True, False]


def test_loading_is_switched_off_again(monkeypatch):
    loaded = []
    monkeypatch.setitem(sys.modules, "sqlite_vec", SimpleNamespace(load=loaded.append))
    connection = Connection()
    load_vector_extension(connection)
    assert loaded == [connection]
    assert connection.enabled == [True, False]


@on_fresh
def test_the_repository_works_without_the_extension(monkeypatch, store):
    monkeypatch.setitem(sys.modules, "sqlite_vec", None)
    repository = EmbeddingRepository(store, dimension=3)
    assert repository.vectors_available is False
    assert repository.why_no_vectors.startswith("sqlite-vec ")
    assert store.execute("SELECT 1 FROM sqlite_schema WHERE name LIKE '%_vec'").fetchall() == []
