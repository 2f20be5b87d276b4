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


@pytest.fixture(scope="module")
def adopted_files(tmp_path_factory):
    """The content of each form's file after it was opened, and so adopted, once."""
    folder = tmp_path_factory.mktemp("adopted")
    contents = {}
    for form in FORMS:
        file = folder / f"{form}.db"
        shutil.copyfile(SNAPSHOTS / file.name, file)
        with Database(file):
            pass
        contents[form] = file.read_bytes()
    return contents


@pytest.fixture
def each(adopted_files, tmp_path):
    """Each form: its name, the database as it was, and a copy of the adopted one, both open.

    Opened one after the other while a test goes through them.
    """

    def open_each():
        for form, content in adopted_files.items():
            stored = f"file:{SNAPSHOTS / form}.db?mode=ro&immutable=1"
            file = tmp_path / f"{form}.db"
            file.write_bytes(content)
            with closing(sqlite3.connect(stored, uri=True)) as old, Database(file) as adopted:
                yield form, old, adopted

    return open_each()


def test_it_is_at_the_latest_version_and_sound(each):
    for form, _, adopted in each:
        assert adopted.execute("PRAGMA user_version").fetchone() == (LATEST,), form
        assert adopted.execute("PRAGMA integrity_check").fetchall() == [("ok",)], form
        assert adopted.execute("PRAGMA foreign_key_check").fetchall() == [], form


def test_it_holds_what_its_users_wrote(each):
    """Said here in full, whatever the stored file and its builder say."""
    for form, _, adopted in each:
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
        }, form
        collections = CollectionRepository(adopted).list_collections()
        names = {1: "notes", 2: "O'Brien's \"wiki\"", 4: "Übungen 練習 🗂 e\u0301", 7: ""}
        assert {c.id: c.name for c in collections} == names, form
        search = SearchRepository(adopted)
        for words, expected in [
            ("gulls", {1}),
            ('"word for word"', {2, 3, 6}),
            ("facade", {5}),
            ("練習", {5}),
            ("harbour nothing", {1}),
            ("percent", set()),
        ]:
            assert {hit.document_id for hit in search.search(words)} == expected, (form, words)
        for table, count in [("content", 6), ("content_vectors", 4)]:
            assert adopted.execute(f"SELECT count(*) FROM {table}").fetchone() == (count,), form


def test_it_is_adopted_once(each, adopted_files):
    for form, _, adopted in each:
        adopted.close()
        assert Path(adopted.path).read_bytes() == adopted_files[form], form


def test_every_active_document_is_found_by_full_text_search(each, check_index):
    for form, old, adopted in each:
        search = SearchRepository(adopted)
        active = old.execute(
            "SELECT documents.id, documents.title, content.doc FROM documents "
            "JOIN content ON content.hash = documents.hash WHERE documents.active <> 0"
        ).fetchall()
        assert active, form
        searched = 0
        for document_id, title, text in active:
            for words in (title, text):
                if isinstance(words, str) and any(word.isalnum() for word in words.split()):
                    searched += 1
                    found = search.search(words, limit=1000)
                    assert document_id in [hit.document_id for hit in found], (form, words)
        assert searched >= len(active), form
        check_index(adopted)


def test_no_removed_document_is_found(each):
    for form, old, adopted in each:
        removed = {row[0] for row in old.execute("SELECT id FROM documents WHERE active = 0")}
        indexed = {row[0] for row in adopted.execute("SELECT rowid FROM documents_fts")}
        assert removed, form
        assert not removed & indexed, form


def test_every_document_is_there_with_its_text(each):
    for form, old, adopted in each:
        before = old.execute(
            "SELECT id, collection_id, path, title, documents.hash, active <> 0, modified_at, doc "
            "FROM documents JOIN content ON content.hash = documents.hash ORDER BY id"
        ).fetchall()
        assert before, form
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
        assert sorted(after) == before, form


def test_every_collection_is_there(each):
    for form, old, adopted in each:
        before = old.execute(
            "SELECT id, name, pwd, created_at, updated_at FROM collections"
        ).fetchall()
        assert before, form
        collections = CollectionRepository(adopted).list_collections()
        after = {(c.id, c.name, c.pwd, c.created_at, c.updated_at) for c in collections}
        assert after == set(before), form
        patterns = {c.id: c.glob_patterns for c in collections}
        for collection_id, pattern in old.execute("SELECT id, glob_pattern FROM collections"):
            assert patterns[collection_id] == (in_json(pattern),), form


def test_every_collection_has_its_kind_of_source(each):
    kinds = "SELECT id, source_type, source_config FROM"
    for form, old, adopted in each:
        columns = {row[1] for row in old.execute("PRAGMA table_info(collections)")}
        if "source_type" in columns:
            before = old.execute(f"{kinds} collections").fetchall()
        else:
            before = [
                (row[0], "filesystem", None) for row in old.execute("SELECT id FROM collections")
            ]
        assert set(adopted.execute(f"{kinds} source_collections")) == set(before), form


def test_only_texts_that_no_document_names_went(each):
    used = "SELECT hash, doc, created_at FROM content WHERE hash IN (SELECT hash FROM documents)"
    for form, old, adopted in each:
        before = set(old.execute(used))
        assert before, form
        assert set(adopted.execute("SELECT hash, doc, created_at FROM content")) == before, form


def test_every_context_is_there(each):
    for form, old, adopted in each:
        before = rows(
            old,
            "path_contexts",
            "SELECT collection_id, path_prefix, context, created_at FROM path_contexts "
            "WHERE collection_id IN (SELECT id FROM collections)",
        )
        assert before, form
        contexts = ContextRepository(adopted)
        for collection_id, *values in before:
            after = [
                (c.path_prefix, c.context, c.created_at)
                for c in contexts.list_contexts(collection_id)
            ]
            assert tuple(map(in_json, values)) in after, form


def test_every_answer_is_there(each):
    for form, old, adopted in each:
        before = rows(
            old, "ollama_cache", "SELECT hash, result, created_at, NULL FROM ollama_cache"
        )
        assert before, form
        after = adopted.execute("SELECT hash, result, created_at, model FROM llm_cache").fetchall()
        assert set(after) == set(before), form


def test_every_embedding_of_a_text_in_use_is_there(each):
    columns = "hash, seq, pos, model, embedded_at"
    for form, old, adopted in each:
        before = old.execute(
            f"SELECT {columns} FROM content_vectors WHERE hash IN (SELECT hash FROM documents)"
        ).fetchall()
        assert before, form
        assert set(adopted.execute(f"SELECT {columns} FROM content_vectors")) == set(before), form


def test_every_source_of_a_document_is_there(each):
    columns = (
        "source_uri, etag, last_modified, last_fetched_at, fetch_duration_ms, http_status, "
        "content_type, extra_metadata"
    )
    for form, old, adopted in each:
        before = rows(
            old,
            "source_metadata",
            f"SELECT document_id, {columns} FROM source_metadata "
            "WHERE document_id IN (SELECT id FROM documents)",
        )
        after = adopted.execute(f"SELECT id, {columns} FROM documents WHERE source_uri IS NOT NULL")
        assert set(after) == set(before), form


def test_every_tag_is_there(each):
    in_use = "WHERE document_id IN (SELECT id FROM documents)"
    for form, old, adopted in each:
        before = set(
            rows(old, "document_tags", f"SELECT document_id, tag FROM document_tags {in_use}")
        )
        for document_id, tags in rows(
            old,
            "document_metadata",
            f"SELECT document_id, tags_json FROM document_metadata {in_use}",
        ):
            try:
                listed = json.loads(tags) if isinstance(tags, str) else []
            except ValueError:
                continue
            if isinstance(listed, list):
                before |= {(document_id, tag) for tag in listed if isinstance(tag, str)}
        assert set(adopted.execute("SELECT document_id, tag FROM document_tags")) == before, form


def test_all_document_metadata_is_there(each):
    sql = (
        "SELECT id, document_id, profile_name, tags_json, source_tags_json, attributes_json, "
        "extracted_at FROM document_metadata WHERE document_id IN (SELECT id FROM documents)"
    )
    for form, old, adopted in each:
        assert set(adopted.execute(sql)) == set(rows(old, "document_metadata", sql)), form


def test_no_new_document_takes_the_id_of_a_deleted_one(each):
    for form, old, adopted in each:
        highest = dict(old.execute("SELECT name, seq FROM sqlite_sequence"))["documents"]
        assert highest == 1000, form
        collection = CollectionRepository(adopted).add("test-notes", "/test/notes")
        added = DocumentRepository(adopted).add(collection.id, "a.md", "A", "text")
        assert added.id == highest + 1, form
