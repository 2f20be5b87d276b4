"""Databases made before versioning began are adopted, and lose nothing that no step declares."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pmd.store.database import Database
from pmd.store.repositories.contexts import ContextRepository
from pmd.store.repositories.documents import DocumentRepository
from pmd.store.repositories.search import SearchRepository
from pmd.store.repositories.source_collections import CollectionRepository

SNAPSHOTS = Path(__file__).parents[3] / "fixtures" / "snapshots"
FORMS = [
    "0000+u1",
    "0000+u2",
    "0000+u3",
    "0000+u4",
    "0000+u5",
    "0000+ensured",
    "0000+grown",
    "0001+adopted",
]
LATEST = 12


def rows(connection, table, sql):
    """Return the rows of a query on `table`, or none where the old form lacks it."""
    there = connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    return connection.execute(sql).fetchall() if there else []


def in_json(value):
    """Return a value as a JSON text can hold it: a blob is its text, or its hexadecimals."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


@pytest.fixture(scope="module", params=FORMS)
def form(request):
    """The name of a stored database of one form."""
    return request.param


@pytest.fixture(scope="module")
def adopted_bytes(form, tmp_path_factory):
    """The file of that form after it was opened, and so adopted, once."""
    file = tmp_path_factory.mktemp("adopted") / f"{form}.db"
    shutil.copyfile(SNAPSHOTS / file.name, file)
    with Database(file):
        pass
    return file.read_bytes()


@pytest.fixture
def file(form, adopted_bytes, tmp_path):
    """A private copy of the adopted database."""
    file = tmp_path / f"{form}.db"
    file.write_bytes(adopted_bytes)
    return file


@pytest.fixture
def old(form):
    """A connection that reads the database as it was."""
    stored = f"file:{SNAPSHOTS / form}.db?mode=ro&immutable=1"
    with closing(sqlite3.connect(stored, uri=True)) as connection:
        yield connection


@pytest.fixture
def adopted(file):
    with Database(file) as database:
        yield database


def test_it_is_at_the_latest_version_and_sound(adopted):
    assert adopted.execute("PRAGMA user_version").fetchone() == (LATEST,)
    assert adopted.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert adopted.execute("PRAGMA foreign_key_check").fetchall() == []


def test_it_holds_what_its_users_wrote(adopted):
    """Said here in full, whatever the stored file and its builder say."""
    documents = DocumentRepository(adopted).list_documents(include_removed=True)
    assert {d.id: (d.collection_id, d.path, d.active) for d in documents} == {
        1: (1, "winter.md", True),
        2: (1, "o'brien.md", True),
        3: (2, "same.md", True),
        4: (2, "old.md", False),
        5: (4, "naïve/façade 練習.md", True),
        6: (1, "twice.md", True),
        8: (4, "", True),
        9: (2, "nul.md", True),
        12: (1, "q.md", False),
    }
    names = {c.id: c.name for c in CollectionRepository(adopted).list_collections()}
    assert names == {1: "notes", 2: "O'Brien's \"wiki\"", 4: "Übungen 練習 🗂 e\u0301", 7: ""}
    search = SearchRepository(adopted)
    for words, expected in [
        ("gulls", {1}),
        ('"word for word"', {2, 3, 6}),
        ("facade", {5}),
        ("練習", {5}),
        ("harbour nothing", {1}),
        ("percent", set()),
    ]:
        assert {hit.document_id for hit in search.search(words)} == expected, words
    for table, count in [("content", 6), ("content_vectors", 4)]:
        assert adopted.execute(f"SELECT count(*) FROM {table}").fetchone() == (count,)


def test_it_is_adopted_once(adopted, file, adopted_bytes):
    adopted.close()
    assert file.read_bytes() == adopted_bytes


def test_every_active_document_is_found_by_full_text_search(old, adopted, check_index):
    search = SearchRepository(adopted)
    active = old.execute(
        "SELECT documents.id, documents.title, content.doc FROM documents "
        "JOIN content ON content.hash = documents.hash WHERE documents.active <> 0"
    ).fetchall()
    assert active
    searched = 0
    for document_id, title, text in active:
        for words in (title, text):
            if isinstance(words, str) and any(word.isalnum() for word in words.split()):
                searched += 1
                found = search.search(words, limit=1000)
                assert document_id in [hit.document_id for hit in found], words
    assert searched >= len(active)
    check_index(adopted)


def test_no_removed_document_is_found(old, adopted):
    removed = {row[0] for row in old.execute("SELECT id FROM documents WHERE active = 0")}
    indexed = {row[0] for row in adopted.execute("SELECT rowid FROM documents_fts")}
    assert removed
    assert not removed & indexed


def test_every_document_is_there_with_its_text(old, adopted):
    before = old.execute(
        "SELECT id, collection_id, path, title, documents.hash, active <> 0, modified_at, doc "
        "FROM documents JOIN content ON content.hash = documents.hash ORDER BY id"
    ).fetchall()
    assert before
    documents = DocumentRepository(adopted)
    after = [
        (
            document.id,
            document.collection_id,
            document.path,
            document.title,
            document.hash,
            document.active,
            document.modified_at,
            documents.text(document.id),
        )
        for document in documents.list_documents(include_removed=True)
    ]
    assert sorted(after) == before


def test_every_collection_is_there(old, adopted):
    before = old.execute("SELECT id, name, pwd, created_at, updated_at FROM collections").fetchall()
    assert before
    collections = CollectionRepository(adopted).list_collections()
    after = {(c.id, c.name, c.pwd, c.created_at, c.updated_at) for c in collections}
    assert after == set(before)
    patterns = {c.id: c.glob_patterns for c in collections}
    for collection_id, pattern in old.execute("SELECT id, glob_pattern FROM collections"):
        assert patterns[collection_id] == (in_json(pattern),)


def test_every_collection_has_its_kind_of_source(old, adopted):
    kinds = "SELECT id, source_type, source_config FROM"
    columns = {row[1] for row in old.execute("PRAGMA table_info(collections)")}
    if "source_type" in columns:
        before = old.execute(f"{kinds} collections").fetchall()
    else:
        before = [(row[0], "filesystem", None) for row in old.execute("SELECT id FROM collections")]
    assert set(adopted.execute(f"{kinds} source_collections")) == set(before)


def test_only_texts_that_no_document_names_went(old, adopted):
    used = "SELECT hash, doc, created_at FROM content WHERE hash IN (SELECT hash FROM documents)"
    before = set(old.execute(used))
    assert before
    assert set(adopted.execute("SELECT hash, doc, created_at FROM content")) == before


def test_every_context_is_there(old, adopted):
    before = rows(
        old,
        "path_contexts",
        "SELECT collection_id, path_prefix, context, created_at FROM path_contexts "
        "WHERE collection_id IN (SELECT id FROM collections)",
    )
    assert before
    contexts = ContextRepository(adopted)
    for collection_id, *values in before:
        after = [
            (c.path_prefix, c.context, c.created_at) for c in contexts.list_contexts(collection_id)
        ]
        assert tuple(map(in_json, values)) in after


def test_every_answer_is_there(old, adopted):
    before = rows(old, "ollama_cache", "SELECT hash, result, created_at, NULL FROM ollama_cache")
    assert before
    after = adopted.execute("SELECT hash, result, created_at, model FROM llm_cache").fetchall()
    assert set(after) == set(before)


def test_every_embedding_of_a_text_in_use_is_there(old, adopted):
    columns = "hash, seq, pos, model, embedded_at"
    before = old.execute(
        f"SELECT {columns} FROM content_vectors WHERE hash IN (SELECT hash FROM documents)"
    ).fetchall()
    assert before
    assert set(adopted.execute(f"SELECT {columns} FROM content_vectors")) == set(before)


def test_every_source_of_a_document_is_there(old, adopted):
    columns = (
        "source_uri, etag, last_modified, last_fetched_at, fetch_duration_ms, http_status, "
        "content_type, extra_metadata"
    )
    before = rows(
        old,
        "source_metadata",
        f"SELECT document_id, {columns} FROM source_metadata "
        "WHERE document_id IN (SELECT id FROM documents)",
    )
    after = adopted.execute(f"SELECT id, {columns} FROM documents WHERE source_uri IS NOT NULL")
    assert set(after) == set(before)


def test_every_tag_is_there(old, adopted):
    in_use = "WHERE document_id IN (SELECT id FROM documents)"
    before = set(rows(old, "document_tags", f"SELECT document_id, tag FROM document_tags {in_use}"))
    for document_id, tags in rows(
        old, "document_metadata", f"SELECT document_id, tags_json FROM document_metadata {in_use}"
    ):
        try:
            listed = json.loads(tags) if isinstance(tags, str) else []
        except ValueError:
            continue
        if isinstance(listed, list):
            before |= {(document_id, tag) for tag in listed if isinstance(tag, str)}
    assert set(adopted.execute("SELECT document_id, tag FROM document_tags")) == before


def test_all_document_metadata_is_there(old, adopted):
    sql = (
        "SELECT id, document_id, profile_name, tags_json, source_tags_json, attributes_json, "
        "extracted_at FROM document_metadata WHERE document_id IN (SELECT id FROM documents)"
    )
    assert set(adopted.execute(sql)) == set(rows(old, "document_metadata", sql))


def test_no_new_document_takes_the_id_of_a_deleted_one(old, adopted):
    highest = dict(old.execute("SELECT name, seq FROM sqlite_sequence"))["documents"]
    assert highest == 1000
    collection = CollectionRepository(adopted).add("test-notes", "/test/notes")
    added = DocumentRepository(adopted).add(collection.id, "a.md", "A", "text")
    assert added.id == highest + 1
