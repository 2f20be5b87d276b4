"""A document's row keeps all that is known of its source."""

from __future__ import annotations

import pytest

from pmd.store.errors import InvalidValueError, NotFoundError
from pmd.store.repositories.source_metadata import SourceMetadata, SourceMetadataRepository
from tests.every import for_every
from tests.unit.store.origins import on_fresh

FULL = SourceMetadata(
    source_uri="https://example.org/test",
    last_fetched_at="2026-01-01",
    etag='W/"1"',
    last_modified="Thu, 01 Jan 2026 00:00:00 GMT",
    fetch_duration_ms=2**40,
    http_status=200,
    content_type="text/markdown",
    extra_metadata={"redirects": ["a", "b"]},
)


@pytest.fixture
def sources(store):
    return SourceMetadataRepository(store)


@pytest.fixture
def document(documents, notes):
    return documents.add(notes, "a.md", "A", "text")


def test_a_document_has_no_source_at_first(sources, document):
    assert sources.get(document.id) is None


@for_every("source", [FULL, SourceMetadata("file:///x", "2026")])
def test_what_is_saved_comes_back(sources, documents, document, source):
    sources.save(document.id, FULL)
    sources.save(document.id, source)
    assert sources.get(document.id) == source
    assert documents.get(document.id) == document


def test_documents_are_found_by_their_source(sources, documents, notes, document):
    other = documents.add(notes, "b.md", "B", "text")
    for found in (document, other):
        sources.save(found.id, FULL)
    documents.remove(other.id)
    assert sources.find_documents(FULL.source_uri) == (document.id, other.id)
    assert sources.find_documents("https://example.org/nowhere") == ()


def test_a_source_can_be_forgotten(store, sources, document):
    sources.save(document.id, FULL)
    sources.clear(document.id)
    assert sources.get(document.id) is None
    left = store.execute(
        "SELECT coalesce(source_uri, etag, last_modified, last_fetched_at, fetch_duration_ms, "
        "http_status, content_type, extra_metadata) FROM documents WHERE id = ?",
        (document.id,),
    )
    assert left.fetchone() == (None,)


@on_fresh
def test_an_unknown_document_is_said(sources):
    for call in (
        lambda: sources.get(2**40),
        lambda: sources.save(2**40, FULL),
        lambda: sources.clear(2**40),
    ):
        with pytest.raises(NotFoundError) as caught:
            call()
        assert str(caught.value) == f"no document has the id {2**40}."


@on_fresh
def test_extra_metadata_that_is_no_json_is_refused(sources, document):
    with pytest.raises(InvalidValueError, match=r"^extra_metadata cannot be written as JSON: "):
        sources.save(document.id, SourceMetadata("x", "y", extra_metadata=object()))
