"""Documents are found by their words, best first, whatever a user types."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pmd.store.errors import InvalidValueError
from pmd.store.repositories.search import SearchRepository, quote_query
from tests.unit.store.origins import on_fresh


@pytest.fixture
def search(store):
    return SearchRepository(store)


def ids(hits):
    return [hit.document_id for hit in hits]


def test_a_document_is_found_by_text_title_and_path(documents, notes, search):
    added = documents.add(notes, "garden/roses.md", "Pruning", "Cut above the zyxbud.")
    for word in ("zyxbud", "pruning", "roses"):
        assert ids(search.search(word, collection_id=notes)) == [added.id]
    (hit,) = search.search("zyxbud")
    assert (hit.collection_id, hit.path, hit.title) == (notes, "garden/roses.md", "Pruning")
    assert hit.snippet == "Cut above the [zyxbud]."
    assert hit.score > 0


def test_case_and_accents_do_not_matter(documents, notes, search):
    added = documents.add(notes, "a.md", "A", "Crème Brûlée")
    assert ids(search.search("creme brulee", collection_id=notes)) == [added.id]


def test_the_best_hit_is_first(documents, notes, search):
    weak = documents.add(notes, "1.md", "One", "zyxword " + "filler " * 200)
    strong = documents.add(notes, "2.md", "Zyxword", "zyxword zyxword")
    hits = search.search("zyxword", collection_id=notes)
    assert ids(hits) == [strong.id, weak.id]
    assert hits[0].score > hits[1].score


def test_equal_hits_come_in_the_order_of_their_ids(documents, notes, search):
    added = [documents.add(notes, f"{n}.md", "Same", "zyxsame") for n in (3, 1, 2)]
    assert ids(search.search("zyxsame")) == [document.id for document in added]


def test_every_word_must_be_there_and_quoted_words_side_by_side(documents, notes, search):
    near = documents.add(notes, "1.md", "One", "zyxred zyxapple")
    far = documents.add(notes, "2.md", "Two", "zyxapple and not zyxred")
    assert set(ids(search.search("zyxred zyxapple"))) == {near.id, far.id}
    assert ids(search.search('"zyxred zyxapple"')) == [near.id]
    assert search.search("zyxred zyxpear") == ()


def test_hits_can_be_limited_to_a_collection_and_a_number(collections, documents, notes, search):
    other = collections.add("test-other", "/test/other").id
    here = documents.add(notes, "a.md", "A", "zyxword")
    there = documents.add(other, "a.md", "A", "zyxword")
    assert ids(search.search("zyxword", collection_id=other)) == [there.id]
    assert ids(search.search("zyxword", limit=1)) == [here.id]


@on_fresh
@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(search, limit):
    with pytest.raises(InvalidValueError) as caught:
        search.search("word", limit=limit)
    assert str(caught.value) == f"limit is {limit}. Expected at least 1."


def test_the_index_follows_every_change(store, documents, notes, search, check_index):
    added = documents.add(notes, "a.md", "A", "zyxfirst")
    documents.update(added.id, text="zyxsecond")
    assert search.search("zyxfirst") == ()
    assert ids(search.search("zyxsecond")) == [added.id]
    documents.rename(added.id, "zyxplace.md")
    assert ids(search.search("zyxplace")) == [added.id]
    documents.remove(added.id)
    assert search.search("zyxsecond") == ()
    documents.restore(added.id)
    assert ids(search.search("zyxsecond")) == [added.id]
    check_index(store)


@on_fresh
def test_a_removed_document_is_not_found_even_where_the_index_holds_it(
    store, documents, notes, search
):
    removed = documents.remove(documents.add(notes, "a.md", "A", "zyxword").id)
    store.execute(
        "INSERT INTO documents_fts (rowid, filepath, title, body) VALUES (?, 'a.md', 'A', ?)",
        (removed.id, "zyxword"),
    )
    indexed = "SELECT rowid FROM documents_fts WHERE documents_fts MATCH 'zyxword'"
    assert store.execute(indexed).fetchall() == [(removed.id,)]
    assert search.search("zyxword") == ()


def test_deleting_a_collection_takes_its_documents_out_of_the_index(
    store, collections, documents, notes, search, check_index
):
    documents.add(notes, "a.md", "A", "zyxword")
    collections.delete(notes)
    assert search.search("zyxword") == ()
    check_index(store)


def test_a_failed_transaction_leaves_no_trace_in_the_index(
    store, documents, notes, search, check_index
):
    def run():
        with store.transaction():
            documents.add(notes, "a.md", "A", "zyxword")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run()
    assert search.search("zyxword") == ()
    check_index(store)


WORDS = "and not zyx or near title open a b c"
"""The words of a document, and of every query below that has words."""


@on_fresh
@pytest.mark.parametrize(
    "text",
    [
        "AND", "NOT zyx", "zyx OR", "NEAR(", "title:", "^zyx", "zyx*", "-zyx", '"open', "a\0b",
        "{a b}:c",
    ],
)  # fmt: skip
def test_what_fts5_reads_as_syntax_is_searched_as_words(documents, notes, search, text):
    added = documents.add(notes, "a.md", "A", WORDS)
    assert ids(search.search(text)) == [added.id]
    assert search.search(f"{text} zyxnowhere") == ()


@on_fresh
@pytest.mark.parametrize(
    "text", ["(", ")", '"', '""', "\0", "", "   ", "'", ";--", "+", "\udcff", "%", "\\", '" "']
)
def test_a_text_without_a_word_finds_nothing(documents, notes, search, text):
    documents.add(notes, "a.md", "A", f"{WORDS} ( ) ' ; + % \\")
    assert search.search(text) == ()


@on_fresh
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_text_is_a_syntax_error_and_each_finds_a_document_of_its_words(
    documents, notes, search, text
):
    there = documents.find(notes, "a.md")
    document = there or documents.add(notes, "a.md", "A", "")
    documents.update(document.id, text=text)
    found = ids(search.search(text))
    if re.search("[A-Za-z0-9]", text):
        assert found == [document.id]
    else:
        assert set(found) <= {document.id}


@on_fresh
def test_a_very_long_query_is_answered(documents, notes, search):
    words = " ".join(f"zyx{number}" for number in range(3000))
    added = documents.add(notes, "a.md", "A", words)
    assert ids(search.search(words, collection_id=notes)) == [added.id]


def test_a_query_quotes_words_and_keeps_phrases():
    assert quote_query('one "two  three" four"five') == '"one" "two  three" "four" "five"'


def test_values_no_reader_expects_are_found_as_stored(store, documents, notes, search):
    added = documents.add(notes, "a.md", "zyxtitle", "text")
    store.execute("UPDATE content SET doc = x'7a7978ff00fe' WHERE hash = ?", (added.hash,))
    store.execute("UPDATE documents SET path = x'ff' WHERE id = ?", (added.id,))
    (hit,) = search.search("zyxtitle")
    assert hit.path == b"\xff"
    assert isinstance(hit.snippet, str | bytes)


@on_fresh
def test_hits_can_be_limited_to_some_documents(documents, notes, search):
    added = [documents.add(notes, f"{n}.md", "Same", "zyxonly").id for n in range(4)]
    assert ids(search.search("zyxonly", only=added[1:3])) == added[1:3]
    assert ids(search.search("zyxonly", only=iter(added[:1]))) == added[:1]
    assert ids(search.search_fts("zyxon*", only=added[2:])) == added[2:]
    assert search.search("zyxonly", only=[]) == ()


def test_a_query_of_fts5_may_use_its_operators(documents, notes, search):
    title = documents.add(notes, "1.md", "Zyxtitle", "zyxbody")
    other = documents.add(notes, "2.md", "Two", "zyxtitle zyxbodies")
    assert ids(search.search_fts("title: zyxtitle")) == [title.id]
    assert ids(search.search_fts("zyxbody OR zyxbodies")) == [title.id, other.id]
    assert ids(search.search_fts("zyxtitle NOT zyxbody")) == [other.id]
    assert ids(search.search_fts("zyxbod*", limit=1)) == [title.id]


@on_fresh
@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("a AND", 'syntax error near ""'),
        ("*", "unknown special query: "),
        ("", 'syntax error near ""'),
        ("nothing: a", "no such column: nothing"),
        ('"\udcff', "unterminated string"),
    ],
)
def test_a_query_that_fts5_cannot_read_is_refused(search, query, reason):
    with pytest.raises(InvalidValueError) as caught:
        search.search_fts(query)
    assert str(caught.value) == (
        f'{query!r} is no query of FTS5: {reason}. Expected words, "phrases", word*, AND, OR, NOT,'
        " NEAR(...), title: ..."
    )


@on_fresh
def test_a_lock_is_no_fault_of_the_query(search, store):
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        store.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(sqlite3.OperationalError) as caught:
            search.search_fts("word")
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_BUSY


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@on_fresh
@given(query=st.text() | st.text(alphabet="ab \"*^:+-(){},ANDORT\0'", max_size=12))
def test_any_query_of_fts5_finds_something_or_is_refused(documents, notes, search, query):
    if not documents.list_documents():
        documents.add(notes, "a.md", "a b", "a b ab")
    refused = f"{query!r} is no query of FTS5: "
    try:
        search.search_fts(query)
    except InvalidValueError as error:
        refused = str(error)
    assert refused.startswith(f"{query!r} is no query of FTS5: ")
