"""Collections are added, changed, listed and deleted with all that hangs on them."""

from __future__ import annotations

import pytest

from pmd.store.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from pmd.store.repositories.source_collections import Collection, CollectionRepository
from tests.unit.store.origins import on_fresh

NOON = "2026-01-02T12:00:00+00:00"  # what conftest.py's clock says


def test_an_added_collection_is_what_was_given(collections):
    added = collections.add(
        "test-web",
        "/somewhere",
        glob_patterns=["*.md", "docs/**"],
        source_type="http",
        source_config={"url": "https://example.org/ü"},
        created_at="c",
    )
    assert added == Collection(
        id=added.id,
        name="test-web",
        pwd="/somewhere",
        glob_patterns=("*.md", "docs/**"),
        source_type="http",
        source_config={"url": "https://example.org/ü"},
        created_at="c",
        updated_at="c",
    )
    assert collections.get(added.id) == collections.find("test-web") == added


def test_a_collection_is_of_markdown_files_by_default(collections):
    added = collections.add("test-plain", "/somewhere")
    assert (added.glob_patterns, added.source_type) == (("**/*.md",), "filesystem")
    assert (added.source_config, added.created_at) == (None, NOON)


@on_fresh
def test_the_clock_is_a_real_one_by_default(store):
    added = CollectionRepository(store).add("test-plain", "/somewhere")
    assert added.created_at.endswith("+00:00")


def test_collections_are_listed_by_name(collections):
    collections.add("test-b", "/b")
    collections.add("test-a", "/a")
    names = [collection.name for collection in collections.list_collections()]
    assert [name for name in names if name in ("test-a", "test-b")] == ["test-a", "test-b"]


@on_fresh
def test_a_name_that_is_not_there_finds_nothing(collections):
    assert collections.find("test-nobody") is None


def test_update_changes_what_is_given(collections, notes):
    before = collections.get(notes)
    after = collections.update(notes, pwd="/new", updated_at="u")
    assert (after.pwd, after.updated_at) == ("/new", "u")
    assert (after.name, after.glob_patterns) == (before.name, before.glob_patterns)
    changed = collections.update(notes, glob_patterns=["*.txt"], source_config={"depth": 2})
    assert (changed.pwd, changed.updated_at) == ("/new", NOON)
    assert (changed.glob_patterns, changed.source_config) == (("*.txt",), {"depth": 2})
    moved = collections.update(notes, pwd="/newer")
    assert (moved.pwd, moved.source_type) == ("/newer", before.source_type)
    assert (moved.glob_patterns, moved.source_config) == (("*.txt",), {"depth": 2})


def test_update_renames(collections, notes):
    assert collections.update(notes, name="test-renamed").name == "test-renamed"
    assert collections.update(notes, name="test-renamed").id == notes


def test_a_taken_name_is_refused(collections, notes):
    message = (
        f"a collection named 'test-notes' exists already, with the id {notes}. "
        "Choose another name, or update that one."
    )
    with pytest.raises(AlreadyExistsError) as caught:
        collections.add("test-notes", "/elsewhere")
    assert str(caught.value) == message
    other = collections.add("test-other", "/other").id
    with pytest.raises(AlreadyExistsError) as caught:
        collections.update(other, name="test-notes")
    assert str(caught.value) == message


@on_fresh
@pytest.mark.parametrize("patterns", ["*.md", [], (), [1], ["*.md", None]])
def test_glob_patterns_are_a_list(collections, patterns):
    with pytest.raises(InvalidValueError) as caught:
        collections.add("test-patterns", "/somewhere", glob_patterns=patterns)
    assert str(caught.value) == (
        f"glob_patterns is {patterns!r}. Expected a list of at least one pattern, each a text, "
        "such as ['**/*.md']."
    )


@on_fresh
def test_a_source_config_that_is_no_json_is_refused(collections):
    with pytest.raises(InvalidValueError) as caught:
        collections.add("test-config", "/somewhere", source_config={"when": {1, 2}})
    assert str(caught.value) == (
        "source_config cannot be written as JSON: Object of type set is not JSON serializable. "
        "Expected dicts with text keys, lists, text, numbers, booleans or None."
    )
    assert collections.find("test-config") is None


def test_deleting_a_collection_deletes_its_documents(collections, documents, notes):
    added = documents.add(notes, "a.md", "A", "text")
    collections.delete(notes)
    assert collections.find("test-notes") is None
    with pytest.raises(NotFoundError):
        documents.get(added.id)


@on_fresh
@pytest.mark.parametrize("method", ["get", "update", "delete"])
def test_an_unknown_id_is_said(collections, method):
    with pytest.raises(NotFoundError) as caught:
        getattr(collections, method)(2**40)
    assert str(caught.value) == f"no collection has the id {2**40}."


def test_values_no_reader_expects_come_back_as_stored(store, collections, notes):
    store.execute(
        "UPDATE source_collections SET pwd = x'00ff', source_config = '{half', "
        "glob_patterns = '[\"*.md\", 7, null]' WHERE id = ?",
        (notes,),
    )
    found = collections.get(notes)
    assert (found.pwd, found.source_config) == (b"\x00\xff", "{half")
    assert found.glob_patterns == ("*.md",)
    assert found in collections.list_collections()
