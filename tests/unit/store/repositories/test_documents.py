"""Documents are added, changed, removed, brought back and listed; the index follows."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from pmd.store.errors import AlreadyExistsError, InvalidValueError, NotFoundError
from pmd.store.repositories.content import ContentRepository, content_hash
from pmd.store.repositories.documents import Document, DocumentRepository
from tests.every import for_every
from tests.unit.store.origins import on_fresh

NOON = "2026-01-02T12:00:00+00:00"  # what conftest.py's clock says

LATER = "2026-03-04T05:06:07+00:00"


def test_an_added_document_is_what_was_given(documents, notes):
    added = documents.add(notes, "a/b.md", "Title", "text", created_at="c", modified_at="m")
    assert added == Document(
        added.id, notes, "a/b.md", "Title", content_hash("text"), True, "c", "m"
    )
    assert documents.get(added.id) == added
    assert documents.find(notes, "a/b.md") == added
    assert documents.text(added.id) == "text"


@on_fresh
def test_times_come_from_the_clock_when_the_caller_gives_none(documents, notes):
    added = documents.add(notes, "a.md", "A", "text")
    assert (added.created_at, added.modified_at) == (NOON, NOON)


@on_fresh
def test_the_clock_is_a_real_one_by_default(store, notes):
    added = DocumentRepository(store).add(notes, "a.md", "A", "text")
    assert added.created_at.endswith("+00:00")


@on_fresh
def test_a_document_is_frozen(documents, notes):
    with pytest.raises(FrozenInstanceError):
        documents.add(notes, "a.md", "A", "text").title = "B"


def test_equal_texts_are_kept_once(store, documents, notes):
    one = documents.add(notes, "one.md", "One", "the same words")
    two = documents.add(notes, "two.md", "Two", "the same words")
    assert one.hash == two.hash
    kept = store.execute("SELECT count(*) FROM content WHERE hash = ?", (one.hash,)).fetchone()
    assert kept == (1,)


@on_fresh
@pytest.mark.parametrize("text", ["", "a\0b", "ünïcode — 文字 🐍", "quotes ' \" `", "\r\n\t"])
def test_any_text_comes_back_as_it_was(documents, notes, text):
    added = documents.add(notes, f"{text}.md", text, text)
    assert documents.get(added.id) == added
    assert documents.text(added.id) == text
    assert (added.path, added.title) == (f"{text}.md", text)


@on_fresh
def test_texts_that_differ_in_an_accent_are_kept_apart(documents, notes):
    """A text is kept under its SHA-256, said here in full, since databases hold it."""
    accented = documents.add(notes, "1.md", "1", "café")
    plain = documents.add(notes, "2.md", "2", "caf")
    assert accented.hash == "850f7dc43910ff890f8879c0ed26fe697c93a067ad93a7d50f466a7028a9bf4e"
    assert (documents.text(accented.id), documents.text(plain.id)) == ("café", "caf")


def test_text_that_is_no_unicode_is_refused_and_nothing_is_kept(documents, notes):
    with pytest.raises(InvalidValueError) as caught:
        documents.add(notes, "a.md", "A", "bad \udcff")
    assert str(caught.value) == (
        "the text is not valid Unicode: 'utf-8' codec can't encode character '\\udcff' in "
        "position 4: surrogates not allowed. "
        "Decode the file with its own encoding, or with errors='replace'."
    )
    assert documents.find(notes, "a.md") is None


def test_a_document_of_no_collection_is_refused(store, documents):
    texts = store.execute("SELECT count(*) FROM content").fetchone()
    with pytest.raises(NotFoundError) as caught:
        documents.add(2**40, "a.md", "A", "a text that nobody has")
    assert str(caught.value) == f"no collection has the id {2**40}."
    assert store.execute("SELECT count(*) FROM content").fetchone() == texts


def test_a_taken_path_is_refused(documents, notes):
    added = documents.add(notes, "a.md", "A", "text")
    with pytest.raises(AlreadyExistsError) as caught:
        documents.add(notes, "a.md", "B", "other")
    assert str(caught.value) == (
        f"collection {notes} has a document at 'a.md' already, with the id {added.id}. "
        "Update that one, or choose another path."
    )
    assert documents.get(added.id) == added


def test_the_same_path_is_free_in_another_collection(collections, documents, notes):
    other = collections.add("test-other", "/test/other").id
    assert documents.add(notes, "a.md", "A", "1").id != documents.add(other, "a.md", "A", "2").id


def test_update_changes_what_is_given(store, documents, notes, check_index):
    added = documents.add(notes, "a.md", "A", "text")
    titled = documents.update(added.id, title="B", modified_at=LATER)
    assert (titled.title, titled.hash, titled.modified_at) == ("B", added.hash, LATER)
    written = documents.update(added.id, text="other")
    assert (written.title, written.modified_at, written.created_at) == ("B", NOON, NOON)
    assert documents.text(added.id) == "other"
    check_index(store)


def test_a_removed_document_is_out_of_listings_and_can_be_restored(
    store, documents, notes, check_index
):
    added = documents.add(notes, "a.md", "A", "text")
    assert documents.remove(added.id).active is False
    assert documents.list_documents(collection_id=notes) == ()
    removed = documents.list_documents(collection_id=notes, include_removed=True)
    assert [document.id for document in removed] == [added.id]
    check_index(store)
    assert documents.restore(added.id) == added
    assert documents.list_documents(collection_id=notes) == (added,)
    check_index(store)


def test_adding_at_a_removed_path_brings_the_document_back(store, documents, notes, check_index):
    added = documents.add(notes, "a.md", "A", "text")
    documents.remove(added.id)
    again = documents.add(notes, "a.md", "B", "other", modified_at=LATER)
    assert (again.id, again.title, again.active) == (added.id, "B", True)
    assert (again.created_at, again.modified_at) == (added.created_at, LATER)
    assert documents.text(added.id) == "other"
    check_index(store)


def test_rename_keeps_the_rest(store, documents, notes, check_index):
    added = documents.add(notes, "a.md", "A", "text")
    renamed = documents.rename(added.id, "b/c.md")
    assert (renamed.path, renamed.id, renamed.hash) == ("b/c.md", added.id, added.hash)
    assert documents.find(notes, "a.md") is None
    assert documents.rename(added.id, "b/c.md") == renamed
    check_index(store)


def test_rename_to_a_removed_documents_path_is_refused(documents, notes):
    removed = documents.add(notes, "old.md", "Old", "1")
    documents.remove(removed.id)
    added = documents.add(notes, "new.md", "New", "2")
    with pytest.raises(AlreadyExistsError) as caught:
        documents.rename(added.id, "old.md")
    assert str(caught.value) == (
        f"collection {notes} has a document at 'old.md' already, with the id {removed.id}. "
        "It was removed: restore it, or choose another path."
    )


def test_listing_is_by_path_and_of_one_collection_or_all(collections, documents, notes):
    other = collections.add("test-other", "/test/other").id
    last = documents.add(notes, "z.md", "Z", "1")
    first = documents.add(notes, "a.md", "A", "2")
    elsewhere = documents.add(other, "m.md", "M", "3")
    assert documents.list_documents(collection_id=notes) == (first, last)
    everywhere = documents.list_documents()
    assert {first, last, elsewhere} <= set(everywhere)
    assert all(document.active for document in everywhere)


@on_fresh
@for_every("method", ["get", "text", "remove", "restore", "update", "rename"])
def test_an_unknown_id_is_said(documents, method):
    extra = ("x.md",) if method == "rename" else ()
    with pytest.raises(NotFoundError) as caught:
        getattr(documents, method)(2**40, *extra)
    assert str(caught.value) == f"no document has the id {2**40}."


@on_fresh
def test_unknown_content_is_said(store):
    with pytest.raises(NotFoundError) as caught:
        ContentRepository(store).get("no such hash")
    assert str(caught.value) == "no content has the hash 'no such hash'."


def test_values_no_reader_expects_come_back_as_stored(store, documents, notes):
    added = documents.add(notes, "a.md", "A", "text")
    store.execute(
        "UPDATE documents SET title = x'ff00fe', path = CAST(x'62ff' AS TEXT) WHERE id = ?",
        (added.id,),
    )
    (found,) = documents.list_documents(collection_id=notes)
    assert (found.title, found.path) == (b"\xff\x00\xfe", "b\udcff")
    assert documents.remove(added.id).path == "b\udcff"
    assert documents.restore(added.id).title == b"\xff\x00\xfe"


def test_unused_texts_go_with_their_vectors(store, documents, notes):
    content = ContentRepository(store)
    content.delete_unused()
    kept = documents.add(notes, "a.md", "A", "kept, though removed")
    documents.remove(kept.id)
    unused = content.put("used by nobody", created_at=NOON)
    store.execute(
        "INSERT INTO content_vectors (hash, seq, pos, model, embedded_at) VALUES (?, 0, 0, '', '')",
        (unused,),
    )
    assert content.delete_unused() == 1
    assert documents.text(kept.id) == "kept, though removed"
    left = store.execute("SELECT count(*) FROM content_vectors WHERE hash = ?", (unused,))
    assert left.fetchone() == (0,)


def test_putting_a_text_twice_keeps_the_first_time(store):
    content = ContentRepository(store, clock=lambda: NOON)
    name = content.put("twice")
    assert content.put("twice", created_at=LATER) == name
    kept = store.execute("SELECT created_at FROM content WHERE hash = ?", (name,)).fetchall()
    assert kept == [(NOON,)]
