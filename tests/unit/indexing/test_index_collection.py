"""Indexing brings the documents to what the files say, and loses nothing on the way."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from pmd.indexing import index_collection as module
from pmd.indexing.document_index import DocumentIndex
from pmd.indexing.errors import FolderError, Problem
from pmd.indexing.index_collection import IndexReport, index_collection
from pmd.metadata.store.repository import DocumentMetadata, DocumentMetadataRepository
from pmd.store.database import Database
from pmd.store.repositories.documents import DocumentRepository
from pmd.store.repositories.search import SearchRepository
from pmd.store.repositories.source_collections import CollectionRepository


@pytest.fixture
def collection(database, folder):
    return CollectionRepository(database).add("notes", str(folder))


@pytest.fixture
def index(database, collection):
    """A function that indexes the collection."""
    return lambda **options: index_collection(database, collection, **options)


@pytest.fixture
def documents(database):
    return DocumentRepository(database)


@pytest.fixture
def metadata(database):
    return DocumentMetadataRepository(database)


@pytest.fixture
def found(database):
    """A function that returns the paths a word finds."""
    return lambda word: sorted(hit.path for hit in SearchRepository(database).search(word))


def paths(documents):
    return [document.path for document in documents.list_documents()]


def rows(database):
    """Every row of every table that holds documents, as it is stored."""
    tables = ("source_collections", "documents", "content", "document_metadata", "document_tags")
    return {
        table: database.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
        for table in (*tables, "documents_fts")
    }


def test_files_become_documents_with_title_text_and_tags(
    index, write, documents, metadata, found, collection
):
    text = "---\ntags: ['#todo', work]\n---\n# Garden\r\n\nRoses\0and ünï.\n"
    write("sub/a.md", text)
    assert index() == IndexReport(added=1)
    (document,) = documents.list_documents()
    assert (document.path, document.title) == ("sub/a.md", "Garden")
    assert document.hash == hashlib.sha256(text.encode()).hexdigest()
    assert documents.text(document.id) == text
    assert metadata.get_tags(document.id) == ("todo", "work")
    kept = metadata.get(document.id)
    assert (kept.tags, kept.source_tags) == (("todo", "work"), ("#todo", "work"))
    assert found("roses") == found("uni") == found("garden") == ["sub/a.md"]


def test_a_second_run_writes_nothing(index, write, database):
    write("a.md", "# A")
    write("b.md", "---\ntags: [x\n---\n# B")
    index()
    before, changes = rows(database), database.connection.total_changes
    report = index()
    assert (report.unchanged, report.added, report.changed) == (2, 0, 0)
    assert database.connection.total_changes == changes
    assert rows(database) == before


def test_a_change_that_keeps_size_and_time_is_seen(index, write, documents, found):
    file = write("a.md", "one apple")
    index()
    times = file.stat()
    write("a.md", "two pears")
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file.stat().st_size == times.st_size
    assert index() == IndexReport(changed=1)
    assert (found("apple"), found("pears")) == ([], ["a.md"])


def test_a_file_that_was_only_touched_is_unchanged(index, write):
    file = write("a.md", "same")
    index()
    os.utime(file, (0, 0))
    assert index() == IndexReport(unchanged=1)


def test_what_vanished_leaves_the_index_and_comes_back_as_it_was(
    index, write, folder, documents, metadata, found
):
    write("a.md", "---\ntags: [x]\n---\napple")
    write("b.md", "pear")
    index()
    (before, _) = documents.list_documents()
    (folder / "a.md").unlink()
    assert index() == IndexReport(unchanged=1, vanished=1)
    assert (paths(documents), found("apple"), metadata.count_tags()) == (["b.md"], [], {})
    assert documents.text(before.id).endswith("apple")
    assert index() == IndexReport(unchanged=1)
    write("a.md", "---\ntags: [y]\n---\ncherry")
    assert index() == IndexReport(unchanged=1, returned=1)
    after = documents.get(before.id)
    assert (after.created_at, after.path, after.active) == (before.created_at, "a.md", True)
    assert (found("cherry"), found("apple"), metadata.count_tags()) == (["a.md"], [], {"y": 1})


def test_what_comes_back_as_it_was_is_found_again(index, write, found):
    file = write("a.md", "---\ntags: [x\n---\napple")
    write("b.md", "pear")
    (problem,) = index().problems
    file.unlink()
    index()
    write("a.md", "---\ntags: [x\n---\napple")
    assert index() == IndexReport(unchanged=1, returned=1, problems=[problem])
    assert found("apple") == ["a.md"]


def test_tags_that_are_taken_out_of_a_file_go(index, write, metadata):
    write("a.md", "---\ntags: [x, y]\n---\n")
    index()
    write("a.md", "---\ntags: [y, z]\n---\n")
    index()
    assert metadata.count_tags() == {"y": 1, "z": 1}
    write("a.md", "text")
    index()
    assert metadata.count_tags() == {}


def test_documents_of_another_program_get_tags_and_keep_those_they_had(
    index, write, documents, metadata, collection
):
    """A database that was filled before `pmd index` existed: same text, tags of a profile."""
    text = "---\ntags: [front]\ntitle: Title\n---\n"
    write("a.md", text)
    old = documents.add(collection.id, "a.md", "old title", text)
    metadata.save(DocumentMetadata(old.id, "plain", tags=("own", "front"), attributes={"rank": 1}))
    assert index() == IndexReport(changed=1)
    assert metadata.get_tags(old.id) == ("front", "own")
    assert metadata.get(old.id).attributes == {"rank": 1}
    assert documents.get(old.id).title == "Title"
    write("a.md", "text")
    index()
    assert metadata.get_tags(old.id) == ("own",)


def test_texts_that_no_document_has_any_more_are_deleted(index, write, database, folder):
    write("a.md", "one")
    write("b.md", "two")
    index()
    write("a.md", "three")
    (folder / "b.md").unlink()
    index()
    texts = {text for (text,) in database.execute("SELECT doc FROM content")}
    assert texts == {"two", "three"}


UNREADABLE = {
    "latin-1": (
        b"one\ncaf\xe9\n",
        "it is no UTF-8 (line 2 has the byte 0xE9). Save it as UTF-8",
    ),
    "utf-16": (
        "é".encode("utf-16"),
        "it is no UTF-8 (line 1 has the byte 0xFF). Save it as UTF-8",
    ),
    "cut off": (
        "é".encode()[:1],
        "it is no UTF-8 (line 1 has the byte 0xC3). Save it as UTF-8",
    ),
}


@pytest.mark.parametrize(("content", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_utf8_is_told_and_the_rest_is_indexed(
    index, write, documents, content, reason
):
    write("bad.md", content)
    write("good.md", "good")
    expected = IndexReport(added=1, problems=[Problem("bad.md", reason)])
    assert index() == expected
    assert paths(documents) == ["good.md"]
    assert index().problems == expected.problems


def test_what_is_indexed_of_a_file_stays_when_it_becomes_unreadable(index, write, documents, found):
    write("a.md", "apple")
    index()
    write("a.md", b"\xff")
    assert index() == IndexReport(
        problems=[
            Problem(
                "a.md",
                "it is no UTF-8 (line 1 has the byte 0xFF). Save it as UTF-8. What is indexed of"
                " it stays",
            )
        ]
    )
    assert found("apple") == ["a.md"]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here fails on reading")
def test_a_file_that_cannot_be_read_is_told(index, write, folder, documents):
    write("good.md", "good")
    (folder / "bad.md").symlink_to("/proc/self/mem")
    assert index() == IndexReport(
        added=1,
        problems=[
            Problem(
                "bad.md",
                "it cannot be read: Input/output error. Make it readable, and index again",
            )
        ],
    )


def test_a_file_that_goes_away_during_the_run_is_told(index, write, folder, documents):
    write("a.md", "a")
    write("b.md", "b")
    index()
    write("a.md", "changed")
    write("c.md", "c")

    def remove(_, __):
        (folder / "b.md").unlink(missing_ok=True)

    report = index(progress=remove)
    assert report == IndexReport(
        added=1,
        changed=1,
        problems=[
            Problem(
                "b.md",
                "it went away while the folder was read. Index again. What is indexed of it stays",
            )
        ],
    )
    assert paths(documents) == ["a.md", "b.md", "c.md"]
    assert index() == IndexReport(unchanged=2, vanished=1)


def test_a_problem_of_the_front_matter_is_told_at_each_run_until_it_is_mended(
    index, write, metadata, found
):
    write("a.md", "---\ntags: [x, [y]]\n---\napple")
    (problem,) = index().problems
    assert problem.reason.startswith("one of its tags is a list (line 2)")
    assert index() == IndexReport(unchanged=1, problems=[problem])
    assert (found("apple"), metadata.count_tags()) == (["a.md"], {"x": 1})
    write("a.md", "---\ntags: [x, y]\n---\napple")
    assert index() == IndexReport(changed=1)
    assert index() == IndexReport(unchanged=1)


def test_a_text_that_sqlite_cannot_hold_is_told_and_the_rest_is_indexed(
    index, write, database, documents
):
    write("a.md", "a")
    write("b.md", "b" * 20_000)
    write("c.md", "c")
    database.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)
    assert index() == IndexReport(
        added=2,
        problems=[Problem("b.md", "SQLite cannot hold it: string or blob too big. Divide it")],
    )
    assert paths(documents) == ["a.md", "c.md"]


def test_a_document_whose_tags_sqlite_cannot_hold_is_not_half_written(
    index, write, database, documents
):
    """In JSON such a tag takes twice the room that it takes in the text."""
    write("a.md", f"---\ntags: [{'練' * 2000}]\n---\n")
    database.connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)
    assert index().problems == [
        Problem("a.md", "SQLite cannot hold it: string or blob too big. Divide it")
    ]
    assert documents.list_documents(include_removed=True) == ()
    assert database.execute("SELECT count(*) FROM content").fetchone() == (0,)


@pytest.fixture
def three(write, index):
    for name in ("a.md", "b.md", "c.md"):
        write(name, name)
    index()


def test_a_folder_that_is_gone_changes_nothing(index, folder, three, database):
    before = rows(database)
    shutil.rmtree(folder)
    with pytest.raises(FolderError) as caught:
        index(allow_empty=True)
    assert str(caught.value) == (
        f"the folder {folder} is gone. Its documents stay in the index as they are. Bring it back"
        " (is its disk mounted?), or add it from where it is now under another name."
    )
    folder.touch()
    with pytest.raises(FolderError, match="is no folder any more"):
        index(allow_empty=True)
    assert rows(database) == before


def test_a_folder_that_is_empty_all_of_a_sudden_changes_nothing(index, folder, three, database):
    """The folder where a disk is not mounted is there, and empty."""
    before = rows(database)
    for file in folder.iterdir():
        file.unlink()
    (folder / "other.txt").touch()
    with pytest.raises(FolderError) as caught:
        index()
    assert str(caught.value) == (
        f"the folder {folder} holds no file that matches **/*.md, but 3 of its files are indexed."
        " Nothing of the collection was changed. Is its disk not mounted? Mount it and index"
        " again. Was the folder emptied on purpose? Index it by its name with --allow-empty."
    )
    assert rows(database) == before
    assert index(allow_empty=True) == IndexReport(vanished=3)
    assert index() == IndexReport()


def test_documents_below_a_link_whose_disk_is_gone_stay(index, folder, write, documents, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    (disk / "x.md").write_text("x")
    (disk / "y.md").write_text("y")
    (folder / "linked").symlink_to(disk)
    write("a.md", "a")
    index()
    shutil.rmtree(disk)
    reason = "it is a link that leads nowhere (No such file or directory). Mend or remove it"
    assert index() == IndexReport(unchanged=1, problems=[Problem("linked", reason)])
    assert paths(documents) == ["a.md", "linked/x.md", "linked/y.md"]
    (folder / "linked").unlink()
    assert index() == IndexReport(unchanged=1, vanished=2)


def test_a_folder_that_cannot_be_looked_at_is_told(database):
    collection = CollectionRepository(database).add("long", "/" + "x" * 300)
    with pytest.raises(FolderError) as caught:
        index_collection(database, collection)
    assert str(caught.value).startswith(
        f"the folder {collection.pwd} cannot be looked at (File name too long). Its documents stay"
    )


@pytest.mark.parametrize("pwd", ["", "notes", "~/notes"])
def test_a_folder_that_is_no_absolute_path_is_refused(database, pwd, tmp_path, monkeypatch):
    """Old databases have such; what is below the folder of the day is another collection's."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.md").touch()
    collection = CollectionRepository(database).add("old", pwd)
    with pytest.raises(FolderError) as caught:
        index_collection(database, collection)
    assert str(caught.value) == (
        f"the folder of the collection is {pwd!r}, which is no absolute path. Nothing of it was"
        " changed. Add the folder under another name."
    )


def test_a_collection_without_a_readable_pattern_takes_markdown(
    database, write, folder, collection
):
    database.execute("UPDATE source_collections SET glob_patterns = '{half'")
    write("a.md")
    write("a.txt")
    again = CollectionRepository(database).get(collection.id)
    assert again.glob_patterns == ()
    assert index_collection(database, again) == IndexReport(added=1)


def test_two_collections_of_one_folder_do_not_touch_each_other(
    database, collection, folder, write, documents
):
    write("a.md", "a")
    write("a.txt", "a")
    other = CollectionRepository(database).add("texts", str(folder), glob_patterns=["*.txt"])
    for one in (collection, other, collection, other):
        index_collection(database, one)
    assert [(d.collection_id, d.path) for d in documents.list_documents()] == [
        (collection.id, "a.md"),
        (other.id, "a.txt"),
    ]


def test_documents_are_written_some_at_a_time(index, write, documents, monkeypatch):
    """Whatever ends a run, what was written before is whole, and the next run does the rest."""
    monkeypatch.setattr(module, "FILES_AT_ONCE", 3)
    for number in range(8):
        write(f"{number}.md", f"text {number}")

    class Killed(BaseException):
        pass

    def kill(done, total):
        assert total == 8
        if done == 6:
            raise Killed

    with pytest.raises(Killed):
        index(progress=kill)
    assert paths(documents) == [f"{number}.md" for number in range(6)]
    assert index() == IndexReport(unchanged=6, added=2)


def test_large_files_are_written_before_they_fill_the_memory(index, write, monkeypatch):
    monkeypatch.setattr(module, "BYTES_AT_ONCE", 15)
    sizes = []
    write_batch = DocumentIndex.write

    def write_and_count(self, batch):
        sizes.append(len(batch))
        return write_batch(self, batch)

    monkeypatch.setattr(DocumentIndex, "write", write_and_count)
    for number in range(5):
        write(f"{number}.md", "0123456789")
    assert index() == IndexReport(added=5)
    assert sizes == [2, 2, 1]


@pytest.mark.parametrize("length", [0, 65_535, 65_536, 65_537, 300_000])
def test_a_file_of_any_length_is_read_to_its_end(length, index, write, documents):
    text = "x" * (length - 4) + "end\n" if length else ""
    write("a.md", text)
    assert index() == IndexReport(added=1)
    (document,) = documents.list_documents()
    assert documents.text(document.id) == text
    assert index() == IndexReport(unchanged=1)


def test_progress_counts_all_files_to_the_end(index, write, monkeypatch):
    monkeypatch.setattr(module, "FILES_AT_ONCE", 2)
    for number in range(5):
        write(f"{number}.md")
    seen = []
    index(progress=lambda *counts: seen.append(counts))
    assert seen == [(0, 5), (2, 5), (4, 5), (5, 5)]


def test_two_runs_at_once_write_each_document_once(tmp_path, folder, write):
    for number in range(3):
        write(f"{number}.md", f"---\ntags: [x]\n---\ntext {number}")
    with Database(tmp_path / "notes.db") as first, Database(tmp_path / "notes.db") as second:
        collection = CollectionRepository(first).add("notes", str(folder))

        def run_another(done, _):
            if done == 0:
                assert index_collection(second, collection) == IndexReport(added=3)

        # It has looked at the database before, and the other run has written since.
        assert index_collection(first, collection, progress=run_another) == IndexReport(changed=3)
        assert len(DocumentRepository(first).list_documents()) == 3
        assert DocumentMetadataRepository(first).count_tags() == {"x": 3}
        assert index_collection(second, collection) == IndexReport(unchanged=3)
