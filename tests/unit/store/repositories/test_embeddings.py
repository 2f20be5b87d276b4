"""Chunks are known everywhere; their vectors where sqlite-vec is."""

from __future__ import annotations

import pytest

from pmd.store.database import Database
from pmd.store.errors import InvalidValueError, VectorsUnavailableError
from pmd.store.repositories.content import ContentRepository
from pmd.store.repositories.embeddings import Chunk, Embedding, EmbeddingRepository
from tests.unit.store.origins import on_fresh

NOON = "2026-01-02T12:00:00+00:00"  # what conftest.py's clock says

HERE, THERE, FAR = (1.0, 0.0, 0.0), (0.9, 0.1, 0.0), (0.0, 0.0, 1.0)


@pytest.fixture
def embeddings(store, clock):
    return EmbeddingRepository(store, clock=clock)


@pytest.fixture
def vectors(vector_extension, store, clock):
    return EmbeddingRepository(store, dimension=3, clock=clock)


@pytest.fixture
def content(documents, notes):
    """The hash of an active document's text."""
    return documents.add(notes, "a.md", "A", "a text of the test's own").hash


def test_chunks_are_numbered_and_counted(embeddings, content):
    saved = embeddings.save(content, [Chunk(0), Chunk(512)], model="m", fingerprint="f")
    assert saved == (
        Embedding(content, 0, 0, "m", NOON, "f", 2),
        Embedding(content, 1, 512, "m", NOON, "f", 2),
    )
    assert embeddings.get(content) == saved


def test_saving_again_takes_the_place_of_the_old(embeddings, content):
    embeddings.save(content, [Chunk(0), Chunk(512)], model="m")
    saved = embeddings.save(content, [Chunk(0)], model="n", embedded_at="e")
    assert saved == (Embedding(content, 0, 0, "n", "e", None, 1),)
    assert embeddings.get(content) == saved


def test_embeddings_can_be_deleted(embeddings, content):
    embeddings.save(content, [Chunk(0), Chunk(512)], model="m")
    assert embeddings.delete(content) == 2
    assert embeddings.get(content) == ()


def test_texts_not_embedded_in_full_by_this_model_and_fingerprint_are_listed(
    store, embeddings, content
):
    def missing(model, fingerprint=None):
        return content in embeddings.list_unembedded(model, fingerprint=fingerprint)

    assert missing("m")
    embeddings.save(content, [Chunk(0), Chunk(512)], model="m", fingerprint="f")
    assert not missing("m", "f")
    assert missing("m", "g")
    assert missing("m")
    assert missing("n", "f")
    store.execute("DELETE FROM content_vectors WHERE hash = ? AND seq = 1", (content,))
    assert missing("m", "f")


def test_chunks_without_a_fingerprint_need_no_second_embedding(embeddings, content):
    """Those of databases older than version 11 have none."""
    embeddings.save(content, [Chunk(0), Chunk(512)], model="m")
    assert content not in embeddings.list_unembedded("m")
    assert content in embeddings.list_unembedded("m", fingerprint="f")


def test_removed_documents_need_no_embedding(documents, notes, embeddings, content):
    documents.remove(documents.find(notes, "a.md").id)
    assert content not in embeddings.list_unembedded("m")


@on_fresh
def test_without_a_dimension_there_are_no_vectors(embeddings, content):
    reason = "no vectors here: the EmbeddingRepository was made without a dimension."
    assert embeddings.vectors_available is False
    assert embeddings.why_no_vectors == reason
    embeddings.save(content, [Chunk(0)], model="m")
    with pytest.raises(VectorsUnavailableError) as caught:
        embeddings.find_nearest(HERE)
    assert str(caught.value) == reason
    with pytest.raises(VectorsUnavailableError):
        embeddings.save(content, [Chunk(0), Chunk(9, HERE)], model="n")
    assert [embedding.model for embedding in embeddings.get(content)] == ["m"]


@on_fresh
def test_a_dimension_is_at_least_one(store):
    with pytest.raises(InvalidValueError) as caught:
        EmbeddingRepository(store, dimension=0)
    assert str(caught.value) == "dimension is 0. Expected at least 1."


def test_the_nearest_chunks_are_found_nearest_first(vectors, documents, notes, content):
    other = documents.add(notes, "b.md", "B", "another text of the test's own").hash
    vectors.save(content, [Chunk(0, FAR), Chunk(512, HERE)], model="m")
    vectors.save(other, [Chunk(7, THERE)], model="m")
    found = vectors.find_nearest(HERE, limit=3)
    assert [(hit.hash, hit.seq, hit.pos) for hit in found] == [
        (content, 1, 512),
        (other, 0, 7),
        (content, 0, 0),
    ]
    assert found[0].distance == pytest.approx(0.0)
    assert vectors.find_nearest(HERE, limit=1) == found[:1]


def test_vectors_go_with_their_chunks(vectors, store, content):
    vectors.save(content, [Chunk(0, HERE), Chunk(512, FAR)], model="m")
    vectors.save(content, [Chunk(0, THERE)], model="m")
    assert store.execute("SELECT count(*) FROM content_vectors_vec").fetchone() == (1,)
    vectors.delete(content)
    assert store.execute("SELECT count(*) FROM content_vectors_vec").fetchone() == (0,)
    assert vectors.find_nearest(HERE) == ()


def test_a_text_that_was_deleted_can_be_embedded_again(vectors, store):
    content = ContentRepository(store)
    unused = content.put("used by nobody")
    vectors.save(unused, [Chunk(0, FAR)], model="m")
    content.delete_unused()
    vectors.save(unused, [Chunk(0, HERE)], model="m")
    (found,) = vectors.find_nearest(HERE)
    assert found.distance == pytest.approx(0.0)


def test_vectors_outlive_the_connection(tmp_path, vector_extension):
    for content in ("one", "two"):
        with Database(tmp_path / "kept.db") as database:
            repository = EmbeddingRepository(database, dimension=3)
            assert repository.vectors_available
            repository.save(content, [Chunk(0, HERE)], model="m")
    with Database(tmp_path / "kept.db") as database:
        assert len(EmbeddingRepository(database, dimension=3).find_nearest(HERE)) == 2


@on_fresh
def test_a_vector_of_another_dimension_is_refused_and_nothing_is_saved(vectors, content):
    with pytest.raises(InvalidValueError) as caught:
        vectors.save(content, [Chunk(0, HERE), Chunk(1, (1.0,))], model="m")
    assert str(caught.value) == (
        "the vector has 1 numbers, where 3 are expected. "
        "Embed with the model that the dimension belongs to."
    )
    assert vectors.get(content) == ()
    assert vectors.find_nearest(HERE) == ()


@on_fresh
@pytest.mark.parametrize("limit", [0, -1, 4097])
def test_a_limit_that_sqlite_vec_does_not_take_is_refused(embeddings, limit):
    with pytest.raises(InvalidValueError) as caught:
        embeddings.find_nearest(HERE, limit=limit)
    assert str(caught.value) == f"limit is {limit}. Expected 1 to 4096."


@on_fresh
def test_the_highest_limit_is_taken(vectors, content):
    vectors.save(content, [Chunk(0, HERE)], model="m")
    assert [found.hash for found in vectors.find_nearest(HERE, limit=4096)] == [content]


@on_fresh
def test_another_dimension_than_the_files_is_refused(vectors, store):
    with pytest.raises(InvalidValueError) as caught:
        EmbeddingRepository(store, dimension=4)
    declared = store.execute(
        "SELECT sql FROM sqlite_schema WHERE name = 'content_vectors_vec'"
    ).fetchone()[0]
    assert str(caught.value) == (
        f"dimension is 4, but the vectors in {store.path} have another: {declared}. "
        "Use theirs, or drop the table content_vectors_vec and embed again."
    )


def test_a_file_with_vectors_works_without_the_extension_too(tmp_path, vector_extension_switch):
    path = tmp_path / "kept.db"
    with vector_extension_switch(), Database(path) as database:
        repository = EmbeddingRepository(database, dimension=3)
        repository.save("one", [Chunk(0, HERE)], model="m")
    with Database(path) as database:
        repository = EmbeddingRepository(database)
        assert len(repository.get("one")) == 1
        assert repository.delete("one") == 1
    with vector_extension_switch(), Database(path) as database:
        repository = EmbeddingRepository(database, dimension=3)
        assert database.execute("SELECT count(*) FROM content_vectors_vec").fetchone() == (0,)
        repository.save("one", [Chunk(0, THERE)], model="m")
        assert len(repository.find_nearest(HERE)) == 1
