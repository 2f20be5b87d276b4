"""Path contexts live in their collection's row, and the longest prefix wins."""

from __future__ import annotations

import json

import pytest

from pmd.store.errors import NotFoundError
from pmd.store.repositories.contexts import ContextRepository, PathContext
from tests.unit.store.origins import on_fresh

NOON = "2026-01-02T12:00:00+00:00"  # what conftest.py's clock says


@pytest.fixture
def contexts(store, clock):
    return ContextRepository(store, clock=clock)


def stored(store, collection_id):
    row = store.execute("SELECT contexts FROM source_collections WHERE id = ?", (collection_id,))
    return row.fetchone()[0]


def test_a_context_is_what_was_given(contexts, notes):
    added = contexts.put(notes, "docs/api", "The API — reference", created_at="c")
    assert added == PathContext("docs/api", "The API — reference", "c")
    assert contexts.list_contexts(notes) == (added,)


def test_contexts_are_stored_as_a_json_list(store, contexts, notes):
    contexts.put(notes, "a", "A")
    contexts.put(notes, "b", "B")
    assert json.loads(stored(store, notes)) == [
        {"path_prefix": "a", "context": "A", "created_at": NOON},
        {"path_prefix": "b", "context": "B", "created_at": NOON},
    ]


def test_a_prefix_has_one_context(contexts, notes):
    contexts.put(notes, "a", "old")
    contexts.put(notes, "a", "new")
    assert [context.context for context in contexts.list_contexts(notes)] == ["new"]


def test_a_collection_without_contexts_has_null(store, contexts, notes):
    assert stored(store, notes) is None
    assert contexts.list_contexts(notes) == ()
    contexts.put(notes, "a", "A")
    contexts.delete(notes, "a")
    assert stored(store, notes) is None


def test_the_longest_prefix_wins(contexts, notes):
    for prefix in ("", "docs", "/docs/api/", "docs/apix"):
        contexts.put(notes, prefix, f"for {prefix}")
    found = {
        path: contexts.find(notes, path).context
        for path in (
            "readme.md",
            "docs",
            "docs/a.md",
            "docs/api/b.md",
            "docs/apiy.md",
            "docs2/c.md",
        )
    }
    assert found == {
        "readme.md": "for ",
        "docs": "for docs",
        "docs/a.md": "for docs",
        "docs/api/b.md": "for /docs/api/",
        "docs/apiy.md": "for docs",
        "docs2/c.md": "for ",
    }


@on_fresh
def test_a_path_below_no_prefix_has_no_context(contexts, notes):
    contexts.put(notes, "docs", "Docs")
    assert contexts.find(notes, "src/a.md") is None


@on_fresh
def test_deleting_a_context_that_is_not_there_is_said(contexts, notes):
    with pytest.raises(NotFoundError) as caught:
        contexts.delete(notes, "nowhere")
    assert str(caught.value) == f"collection {notes} has no context for the prefix 'nowhere'."


@on_fresh
def test_an_unknown_collection_is_said(contexts):
    with pytest.raises(NotFoundError) as caught:
        contexts.put(2**40, "a", "A")
    assert str(caught.value) == f"no collection has the id {2**40}."


def test_items_no_reader_expects_are_left_alone(store, contexts, notes):
    strange = ["word", 7, {"path_prefix": 8, "context": "x", "created_at": ""}, {"context": "y"}]
    store.execute(
        "UPDATE source_collections SET contexts = ? WHERE id = ?", (json.dumps(strange), notes)
    )
    assert contexts.list_contexts(notes) == ()
    contexts.put(notes, "a", "A")
    assert json.loads(stored(store, notes))[:4] == strange
    assert [context.path_prefix for context in contexts.list_contexts(notes)] == ["a"]
