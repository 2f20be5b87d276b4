"""The rows of every stored database, upgraded, are read and changed through the repositories."""

from __future__ import annotations

from pmd.metadata.store.repository import DocumentMetadataRepository
from pmd.store.repositories.cache import CacheRepository
from pmd.store.repositories.content import ContentRepository
from pmd.store.repositories.contexts import ContextRepository
from pmd.store.repositories.documents import DocumentRepository
from pmd.store.repositories.embeddings import EmbeddingRepository
from pmd.store.repositories.search import SearchRepository
from pmd.store.repositories.source_collections import CollectionRepository
from pmd.store.repositories.source_metadata import SourceMetadataRepository


def column(store, sql):
    return [value for (value,) in store.execute(sql)]


def test_every_document_is_read_with_its_text(stored_stores):
    for store in stored_stores:
        documents = DocumentRepository(store)
        stored = store.execute(
            "SELECT documents.id, title, active, doc FROM documents JOIN content USING (hash)"
        ).fetchall()
        assert stored
        for document_id, title, active, text in stored:
            document = documents.get(document_id)
            assert (document.title, document.active) == (title, bool(active))
            assert documents.text(document_id) == text
            assert documents.find(document.collection_id, document.path) == document
        listed = documents.list_documents(include_removed=True)
        assert {document.id for document in listed} == {row[0] for row in stored}


def test_every_collection_is_read_with_its_contexts(stored_stores):
    for store in stored_stores:
        collections = CollectionRepository(store)
        contexts = ContextRepository(store)
        stored = store.execute(
            "SELECT id, name, json_array_length(contexts) FROM source_collections"
        ).fetchall()
        assert any(count for *_, count in stored)
        for collection_id, name, count in stored:
            assert collections.find(name) == collections.get(collection_id)
            listed = contexts.list_contexts(collection_id)
            assert len(listed) == (count or 0)
            for context in listed:
                # The longest prefix of a prefix is itself, or one that differs by its slashes.
                found = contexts.find(collection_id, context.path_prefix)
                assert found.path_prefix.strip("/") == context.path_prefix.strip("/")


def test_every_answer_is_read(stored_stores):
    for store in stored_stores:
        cache = CacheRepository(store)
        # A key that is no integer may be NULL in SQLite, and old files hold one.
        stored = store.execute(
            "SELECT hash, result FROM llm_cache WHERE hash IS NOT NULL"
        ).fetchall()
        assert stored
        for question, answer in stored:
            assert cache.get(question).result == answer


def test_every_embedding_is_read_and_every_other_text_is_listed(stored_stores):
    for store in stored_stores:
        embeddings = EmbeddingRepository(store)
        stored = store.execute(
            "SELECT hash, count(*) FROM content_vectors GROUP BY hash"
        ).fetchall()
        assert stored
        for text, chunks in stored:
            assert len(embeddings.get(text)) == chunks
        in_use = column(store, "SELECT DISTINCT hash FROM documents WHERE active = 1 ORDER BY hash")
        assert list(embeddings.list_unembedded("a model that nobody has")) == in_use


def test_every_source_is_read_and_found_by_its_uri(stored_stores):
    found = 0
    for store in stored_stores:
        sources = SourceMetadataRepository(store)
        stored = dict(store.execute("SELECT id, source_uri FROM documents").fetchall())
        for document_id, uri in stored.items():
            source = sources.get(document_id)
            assert (source and source.source_uri) == uri
            if uri is not None:
                assert document_id in sources.find_documents(uri)
                found += 1
    assert found


def test_all_metadata_is_read_and_every_document_is_found_by_its_tags(stored_stores):
    profiled = found_by_tags = 0
    for store in stored_stores:
        documents = DocumentRepository(store)
        metadata = DocumentMetadataRepository(store)
        profiles = dict(store.execute("SELECT document_id, profile_name FROM document_metadata"))
        tagged = set(store.execute("SELECT document_id, tag FROM document_tags"))
        for document in documents.list_documents(include_removed=True):
            found = metadata.get(document.id)
            assert (found and found.profile_name) == profiles.get(document.id)
            profiled += found is not None
            tags = {tag for document_id, tag in tagged if document_id == document.id}
            assert set(metadata.get_tags(document.id)) == tags
            if document.active and tags:
                assert document.id in metadata.find_with_all(tags)
                found_by_tags += 1
    assert profiled
    assert found_by_tags


def test_stored_documents_are_changed_removed_and_restored_and_the_index_follows(
    stored_stores, check_index
):
    for store in stored_stores:
        documents = DocumentRepository(store)
        search = SearchRepository(store)
        stored = documents.list_documents(include_removed=True)
        assert stored
        for document in stored:
            changed = documents.update(document.id, title="zyxtitle", text=f"zyxword{document.id}")
            restored = documents.restore(documents.remove(changed.id).id)
            assert (restored.id, restored.title, restored.active) == (document.id, "zyxtitle", True)
            assert [hit.document_id for hit in search.search(f"zyxword{document.id}")] == [
                document.id
            ]
        check_index(store)
        assert ContentRepository(store).delete_unused() > 0


def test_stored_collections_are_deleted_with_all_that_hangs_on_them(stored_stores, check_index):
    for store in stored_stores:
        collections = CollectionRepository(store)
        stored = collections.list_collections()
        assert stored
        for collection in stored:
            collections.update(collection.id, pwd="/zyx")
            assert collections.get(collection.id).pwd == "/zyx"
            collections.delete(collection.id)
        for table in ("documents", "document_tags", "document_metadata", "documents_fts"):
            assert column(store, f"SELECT count(*) FROM {table}") == [0], table
        check_index(store)
