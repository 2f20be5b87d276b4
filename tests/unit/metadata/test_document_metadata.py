"""Metadata is saved, read and deleted; documents are found by their tags."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmd.metadata.store.repository import DocumentMetadata, DocumentMetadataRepository
from pmd.store.errors import InvalidValueError, NotFoundError
from tests.every import for_every
from tests.unit.store.origins import on_fresh

NOON = "2026-01-02T12:00:00+00:00"  # what the clock says


@pytest.fixture
def metadata(store, clock):
    return DocumentMetadataRepository(store, clock=clock)


@pytest.fixture
def add(documents, notes):
    """Add a document of this name, and return its id."""
    return lambda name: documents.add(notes, name, name, "text").id


def test_what_is_saved_comes_back(metadata, add):
    document = add("a.md")
    saved = metadata.save(
        DocumentMetadata(
            document_id=document,
            profile_name="obsidian",
            tags=("test/b", "test/a"),
            source_tags=("#Test/B", "#Test/A ü"),
            attributes={"aliases": ["x"], "rank": 2**70},
            extracted_at="e",
        )
    )
    assert saved == metadata.get(document)
    assert saved == DocumentMetadata(
        document,
        "obsidian",
        ("test/b", "test/a"),
        ("#Test/B", "#Test/A ü"),
        {"aliases": ["x"], "rank": 2**70},
        "e",
    )
    assert metadata.get_tags(document) == ("test/a", "test/b")


def test_little_is_enough(metadata, add):
    document = add("a.md")
    saved = metadata.save(DocumentMetadata(document, "plain"))
    assert saved == DocumentMetadata(document, "plain", (), (), {}, NOON)
    assert metadata.get_tags(document) == ()
    assert metadata.save(DocumentMetadata(document, "plain", attributes=None)).attributes is None


@on_fresh
def test_the_clock_is_a_real_one_by_default(store, add):
    saved = DocumentMetadataRepository(store).save(DocumentMetadata(add("a.md"), "plain"))
    assert saved.extracted_at.endswith("+00:00")


def test_saving_again_takes_the_place_of_the_old(metadata, add):
    document = add("a.md")
    metadata.save(DocumentMetadata(document, "one", tags=("test/old", "test/both")))
    metadata.save(DocumentMetadata(document, "two", tags=("test/both", "test/new", "test/new")))
    assert metadata.get(document).profile_name == "two"
    assert metadata.get_tags(document) == ("test/both", "test/new")


@on_fresh
@for_every("what, tags", product(("tags", "source_tags"), ("todo", (1,), ("test/a", None))))
def test_tags_that_are_no_list_of_texts_are_not_saved(metadata, add, what, tags):
    document = add(f"{what} {tags}.md")
    with pytest.raises(InvalidValueError) as caught:
        metadata.save(DocumentMetadata(document, "plain", **{what: tags}))
    assert str(caught.value) == f"{what} is {tags!r}. Expected a list of texts."
    assert metadata.get(document) is None
    assert metadata.get_tags(document) == ()


def test_deleting_takes_the_tags_along(metadata, add):
    document = add("a.md")
    metadata.save(DocumentMetadata(document, "plain", tags=("test/a",)))
    assert metadata.delete(document) is True
    assert metadata.delete(document) is False
    assert metadata.get(document) is None
    assert metadata.get_tags(document) == ()


def test_metadata_goes_with_its_collection(store, collections, metadata, notes, add):
    document = add("a.md")
    metadata.save(DocumentMetadata(document, "plain", tags=("test/a",)))
    collections.delete(notes)
    assert metadata.get(document) is None
    assert metadata.get_tags(document) == ()


@on_fresh
def test_an_unknown_document_is_said(metadata):
    with pytest.raises(NotFoundError) as caught:
        metadata.save(DocumentMetadata(2**40, "plain"))
    assert str(caught.value) == f"no document has the id {2**40}."
    assert metadata.get(2**40) is None


def test_documents_are_found_by_all_or_any_of_their_tags(metadata, documents, add):
    both, one, other, removed = (add(f"{name}.md") for name in ("both", "one", "other", "removed"))
    for document, tags in (
        (both, ("test/x", "test/y")),
        (one, ("test/x",)),
        (other, ("test/y",)),
        (removed, ("test/x", "test/y")),
    ):
        metadata.save(DocumentMetadata(document, "plain", tags=tags))
    documents.remove(removed)
    assert metadata.find_with_all(["test/x", "test/y"]) == (both,)
    assert metadata.find_with_all(["test/x"]) == (both, one)
    assert metadata.find_with_any(["test/x", "test/y"]) == (both, one, other)
    assert metadata.find_with_any(iter(["test/nowhere", "test/y"])) == (both, other)
    assert metadata.find_with_all(["test/x", "test/nowhere"]) == ()
    counted = metadata.count_tags()
    assert (counted["test/x"], counted["test/y"]) == (2, 2)
    assert list(counted.values()) == sorted(counted.values(), reverse=True)


@on_fresh
@for_every("method, tags", product(["find_with_all", "find_with_any"], ["todo", [], ()]))
def test_tags_are_a_list_of_at_least_one(metadata, method, tags):
    with pytest.raises(InvalidValueError) as caught:
        getattr(metadata, method)(tags)
    assert str(caught.value) == f"tags is {tags!r}. Expected a list of at least one tag."


@given(tags=st.frozensets(st.text(st.characters(exclude_categories=["Cs"])), max_size=4))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_document_is_found_by_each_of_its_tags(metadata, documents, notes, tags):
    there = documents.find(notes, "tagged.md")
    document = there or documents.add(notes, "tagged.md", "Tagged", "text")
    metadata.save(DocumentMetadata(document.id, "plain", tags=tuple(tags)))
    assert set(metadata.get_tags(document.id)) == tags
    assert set(metadata.get(document.id).tags) == tags
    for tag in tags:
        assert document.id in metadata.find_with_any([tag])
    if tags:
        assert document.id in metadata.find_with_all(tags)


def test_values_no_reader_expects_do_not_stop_it(store, metadata, add):
    document = add("a.md")
    metadata.save(DocumentMetadata(document, "plain", tags=("test/a",)))
    store.execute(
        "UPDATE document_metadata SET tags_json = x'00', source_tags_json = '[1, \"b\"]', "
        "attributes_json = '{half', profile_name = x'ff' WHERE document_id = ?",
        (document,),
    )
    store.execute("INSERT INTO document_tags VALUES (?, x'fe')", (document,))
    found = metadata.get(document)
    assert (found.tags, found.source_tags) == ((), ("b",))
    assert (found.attributes, found.profile_name) == ("{half", b"\xff")
    assert metadata.get_tags(document) == ("test/a", b"\xfe")
    assert metadata.count_tags()[b"\xfe"] == 1


def test_the_repository_makes_no_table(store, metadata, add):
    before = store.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    metadata.save(DocumentMetadata(add("a.md"), "plain", tags=("test/a",)))
    assert store.execute("SELECT count(*) FROM sqlite_schema").fetchone() == before


def test_the_attributes_of_one_profile_are_listed_by_document(
    store, collections, documents, notes, metadata
):
    found = {}
    for number, profile in enumerate(("one", "two", "one")):
        document = documents.add(notes, f"{number}.md", "T", "text").id
        metadata.save(DocumentMetadata(document, profile, attributes={"n": number}))
        found[document] = profile
    first, _, third = found
    other = documents.add(collections.add("other", "/other").id, "a.md", "T", "text").id
    metadata.save(DocumentMetadata(other, "one"))
    documents.remove(third)
    assert metadata.list_attributes(notes, "one") == {first: {"n": 0}, third: {"n": 2}}
    store.execute(
        "UPDATE document_metadata SET attributes_json = '{' WHERE document_id = ?", (first,)
    )
    assert metadata.list_attributes(notes, "one") == {first: "{", third: {"n": 2}}
    assert metadata.list_attributes(notes, "three") == {}
