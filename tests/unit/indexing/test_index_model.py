"""The law of indexing: whatever became of the files, the index is what a new index would be."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pmd.indexing.index_collection import IndexReport, index_collection
from pmd.metadata.store.repository import DocumentMetadataRepository
from pmd.store.repositories.documents import DocumentRepository
from pmd.store.repositories.search import SearchRepository
from pmd.store.repositories.source_collections import CollectionRepository

PATHS = ("a.md", "b.md", "sub/deep/c.md", ".hidden.md", "a.txt")
TEXTS = (
    "",
    "apple",
    "pear",
    "# Heading\n\napple and pear",
    "---\ntags: [x, y]\n---\napple",
    "---\ntags: [x, y]\n---\npear",
    "---\ntags: [y, z]\ntitle: Title\n---\napple",
    "---\ntags: [y, [z]]\n---\npear",
    "---\ntags: [y\n---\nplum",
)

paths = st.sampled_from(PATHS)
changes = st.one_of(
    st.tuples(st.just("write"), paths, st.sampled_from(TEXTS)),
    st.tuples(st.just("delete"), paths),
    st.tuples(st.just("rename"), paths, paths),
    st.tuples(st.just("back"), paths),
    st.tuples(st.just("index")),
    st.tuples(st.just("index")),
)
TWO = (("write", "a.md", TEXTS[4]), ("write", "b.md", TEXTS[6]))
numbers = itertools.count()


def change(folder, before, kind, path, *more):
    """Change one file; `before` keeps the last text of each path, for it to come back."""
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if kind == "write":
        file.unlink(missing_ok=True)
        file.write_text(more[0], encoding="utf-8")
    elif kind == "delete":
        file.unlink(missing_ok=True)
    elif kind == "back":
        file.write_text(before.get(path, ""), encoding="utf-8")
    elif file.is_file() and path != more[0]:
        other = folder / more[0]
        other.parent.mkdir(parents=True, exist_ok=True)
        file.replace(other)
    before.update({one: (folder / one).read_text() for one in PATHS if (folder / one).exists()})


def content(database, collection):
    """What a collection holds for its users: all but ids and times."""
    documents = DocumentRepository(database)
    metadata = DocumentMetadataRepository(database)
    listed = documents.list_documents(collection_id=collection.id)
    shown = [
        (
            document.path,
            document.title,
            document.hash,
            documents.text(document.id),
            metadata.get_tags(document.id),
            (kept := metadata.get(document.id)).tags,
            kept.source_tags,
            kept.attributes,
        )
        for document in listed
    ]
    search = SearchRepository(database)
    hits = [
        sorted((hit.path, hit.title) for hit in search.search(word, collection_id=collection.id))
        for word in ("apple", "pear", "plum", "heading", "title", "tags")
    ]
    return shown, hits


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(changes, min_size=3, max_size=40))
@example([*TWO, ("index",), ("delete", "a.md"), ("index",), ("back", "a.md")])
@example([*TWO, ("index",), ("delete", "a.md"), ("delete", "b.md")])
@example([*TWO, ("index",), ("rename", "a.md", "b.md"), ("index",), ("back", "a.md")])
@example([*TWO, ("index",), ("rename", "b.md", "sub/deep/c.md"), ("write", "b.md", "apple")])
def test_after_any_changes_the_index_is_what_a_new_one_is(database, tmp_path, sequence):
    collections = CollectionRepository(database)
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    before: dict[str, str] = {}
    grown = collections.add(f"grown {next(numbers)}", str(folder))
    for kind, *arguments in [*sequence, ("index",)]:
        if kind != "index":
            change(folder, before, kind, *arguments)
            continue
        report = index_collection(database, grown, allow_empty=True)
        new = collections.add(f"new {next(numbers)}", str(folder))
        from_scratch = index_collection(database, new, allow_empty=True)
        assert content(database, grown) == content(database, new)
        assert report.problems == from_scratch.problems
        assert report.unchanged + report.added + report.changed + report.returned == (
            from_scratch.added
        )
        written = database.connection.total_changes
        assert index_collection(database, grown, allow_empty=True) == IndexReport(
            unchanged=from_scratch.added, problems=report.problems
        )
        assert database.connection.total_changes == written
        collections.delete(new.id)
    collections.delete(grown.id)
