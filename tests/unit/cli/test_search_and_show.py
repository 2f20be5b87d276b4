"""`pmd search`, `pmd tags`, `pmd get` and `pmd ls`: what they find and what they print."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmd.cli import main
from pmd.store.database import Database
from pmd.store.repositories.documents import DocumentRepository
from pmd.store.repositories.search import SearchRepository
from tests.every import for_every


def scoreless(text):
    """The output of a search, with each score left out."""
    return [line.rpartition("  (score ")[0] or line for line in text.splitlines()]


def test_documents_are_found_by_all_words_best_first(pmd, indexed):
    out, err = pmd("search", "red", "tree")
    assert err == ""
    assert scoreless(out) == [
        "notes/garden/apple.md  Apple tree",
        "    --- tags: plants --- # Apple [tree] A [red] apple from the [tree].",
        "notes/work.md  work",
        "    Call about the [tree], and the [red] car.",
    ]
    assert scoreless(pmd("search", "etude")[0]) == [
        "notes/ünï 練習.md  Übung",
        "    # Übung [Étude].",
    ]


def test_words_in_quotes_stand_side_by_side(pmd, indexed):
    assert len(pmd("search", '"red apple"')[0].splitlines()) == 2
    assert pmd("search", '"apple red"') == ('nothing   found for "apple red"\n', "")


def test_the_number_of_documents_and_tags_limit_a_search(pmd, indexed):
    assert scoreless(pmd("search", "tree", "-n", "1")[0])[0] == "notes/garden/apple.md  Apple tree"
    assert len(pmd("search", "tree", "-n", "1")[0].splitlines()) == 2
    assert scoreless(pmd("search", "--tag", "plants", "the")[0])[::2] == [
        "notes/garden/roses.md  Pruning",
        "notes/garden/apple.md  Apple tree",
    ]
    found = pmd("search", "--tag", "plants", "--tag", "todo", "the")[0]
    assert scoreless(found)[::2] == ["notes/garden/roses.md  Pruning"]
    assert pmd("search", "--tag", "plants", "--tag", "#todo", "the")[0] == found
    with closing(sqlite3.connect("notes.db")) as conn:
        conn.execute("UPDATE document_tags SET tag = '#todo' WHERE tag = 'todo'")
        conn.commit()
    assert pmd("search", "--tag", "plants", "--tag", "#todo", "the")[0] == found
    assert pmd("search", "the", "--tag", "none") == ("nothing   found for the, tag none\n", "")


def test_json_has_all_of_a_hit_and_nothing_else_on_standard_output(pmd, indexed):
    out, err = pmd("search", "--json", "red", "AND", "apple", code=0)
    assert (json.loads(out), err) == (
        [],
        "note      AND was searched for as a word; to use it: pmd search --fts 'red AND apple'\n",
    )
    (hit,) = json.loads(pmd("search", "--json", "red", "apple")[0])
    score = hit.pop("score")
    assert score > 0
    assert hit == {
        "collection": "notes",
        "path": "garden/apple.md",
        "title": "Apple tree",
        "snippet": ("---\ntags: plants\n---\n# [Apple] tree\n\nA [red] [apple] from the tree.\n"),
    }


def test_the_language_of_fts5_is_read_when_asked_for(pmd, indexed):
    assert scoreless(pmd("search", "--fts", "title: pru* OR car")[0])[::2] == [
        "notes/garden/roses.md  Pruning",
        "notes/work.md  work",
    ]


@for_every(
    "query, reason",
    [
        ("a AND", 'syntax error near ""'),
        ('"a', "unterminated string"),
        ("a b)", 'syntax error near ")"'),
        ("colour: red", "no such column: colour"),
        ("NEAR(a b, x)", 'expected integer, got "x"'),
    ],
)
def test_a_query_that_fts5_cannot_read_is_told(pmd, indexed, query, reason):
    out, err = pmd("search", "--fts", query, code=2)
    assert out == ""
    assert err.replace("\n", " ") == (
        f'Error: {query!r} is no query of FTS5: {reason}. Expected words, "phrases", word*, AND,'
        " OR, NOT, NEAR(...), title: ... "
    )


@for_every("fts, words", product(([], ["--fts"]), ("", " ", "*", '"', '""', "-- ()", "🗂")))
def test_words_without_a_word_are_refused(pmd, indexed, words, fts):
    assert pmd("search", *fts, "--", words, code=2) == (
        "",
        f"Error: {words!r} has no word to search for. Give at least one.\n",
    )


@pytest.mark.parametrize(
    ("words", "operator"),
    [("tree AND", "AND"), ("tree OR car", "OR"), ("NOT tree", "NOT"), ("tre* car", "tre*")],
)
def test_operators_are_words_and_that_is_said(pmd, indexed, words, operator):
    _, err = pmd("search", words)
    assert err == (
        f"note      {operator} was searched for as a word; to use it: pmd search --fts '{words}'\n"
    )


def test_a_quote_without_a_partner_is_told(pmd, indexed):
    out, err = pmd("search", '"red car')
    assert scoreless(out)[0] == "notes/work.md  work"
    assert err == "note      one double quote has no partner; it was left out\n"


@for_every(
    "words", ["O'Brien", "a:b", "--", "(tree", "^tree", "tree\0car", "NEAR(", "title:tree", "{x}"]
)
def test_nothing_else_that_is_typed_is_an_error(pmd, indexed, words):
    pmd("search", "--", f"x{words}")


def test_text_that_is_found_does_not_command_the_terminal(pmd, indexed):
    (indexed / "work.md").write_text("# Red \x1b[31m\x07\n\nalert\x1b]0;x\x07 word\n")
    pmd("index")
    out = pmd("search", "alert")[0]
    assert scoreless(out) == [
        "notes/work.md  Red \ufffd[31m\ufffd",
        "    # Red \ufffd[31m\ufffd [alert]\ufffd]0;x\ufffd word",
    ]


def test_tags_are_listed_with_the_most_used_first(pmd, indexed):
    assert pmd("tags") == ("      2  plants\n      1  todo\n", "")
    for path in ("garden/roses.md", "garden/apple.md"):
        (indexed / path).write_text("no tags")
    pmd("index")
    assert pmd("tags") == (
        "nothing   is tagged. Tags are read from the front matter of documents\n",
        "",
    )


@pytest.mark.parametrize(
    "path",
    [
        "notes/garden/roses.md",
        "garden/roses.md",
        "./notes/garden/roses.md",
        "notes/../notes/garden/roses.md",
    ],
)
def test_a_document_is_printed_byte_for_byte(pmd, indexed, path):
    content = "---\r\na: b\n---\n# Ünï\0\r\n\n  no line at the end".encode()
    (indexed / "garden/roses.md").write_bytes(content)
    pmd("index")
    ran = CliRunner().invoke(main, ["get", path])
    assert (ran.exit_code, ran.stdout_bytes, ran.stderr) == (0, content, "")


def test_a_document_that_is_not_there_is_told(pmd, indexed):
    out, err = pmd("get", "garden/rose.md", code=1)
    assert (out, err.replace("\n", " ")) == (
        "",
        "Error: no document has the path 'garden/rose.md'. List those of a collection: pmd ls"
        " NAME ",
    )
    (indexed / "work.md").unlink()
    pmd("index")
    assert pmd("get", "work.md", code=1)[1].replace("\n", " ") == (
        "Error: notes/work.md is not in the index any more: its file had vanished when the"
        " collection was indexed. "
    )


def test_a_path_that_several_collections_have_is_told(pmd, indexed, home):
    (home / "more").mkdir()
    (home / "more/work.md").write_text("other work")
    pmd("add", "more", "more")
    pmd("index", "more")
    assert pmd("get", "work.md", code=2)[1].replace("\n", " ") == (
        "Error: 'work.md' is in several collections. Give one of more/work.md, notes/work.md. "
    )
    assert pmd("get", "more/work.md") == ("other work", "")


def test_the_name_of_a_collection_goes_before_a_folder_of_that_name(pmd, indexed, home):
    (indexed / "notes").mkdir()
    (indexed / "notes/work.md").write_text("deeper")
    pmd("index")
    assert pmd("get", "notes/work.md")[0].startswith("Call about")
    assert pmd("get", "notes/notes/work.md")[0] == "deeper"


def test_a_document_that_lost_its_collection_is_found_all_the_same(pmd, indexed):
    with closing(sqlite3.connect("notes.db")) as conn:
        conn.execute("DELETE FROM source_collections")
        conn.commit()
    assert scoreless(pmd("search", "bud")[0])[0] == "?/garden/roses.md  Pruning"
    assert json.loads(pmd("search", "bud", "--json")[0])[0]["collection"] is None


def test_a_blob_in_the_place_of_a_text_is_printed(pmd, indexed):
    with Database("notes.db") as database:
        (document, *_) = DocumentRepository(database).list_documents()
        database.execute("UPDATE content SET doc = x'ff00' WHERE hash = ?", (document.hash,))
    ran = CliRunner().invoke(main, ["get", document.path])
    assert ran.stdout_bytes == b"\xff\x00"


def test_collections_and_their_documents_are_listed(pmd, indexed, home):
    (home / "x").mkdir()
    pmd("add", "a longer name", "x", "--glob", "*.md", "--glob", "*.txt")
    assert pmd("ls") == (
        "a longer name        0  *.md *.txt in ~/x\nnotes                4  **/*.md in ~/notes\n",
        "",
    )
    assert pmd("ls", "notes") == (
        "notes/garden/apple.md\nnotes/garden/roses.md\nnotes/work.md\nnotes/ünï 練習.md\n",
        "",
    )
    assert pmd("ls", "none", code=2) == (
        "",
        "Error: there is no collection 'none'. See which there are: pmd ls\n",
    )


def test_an_empty_index_says_how_to_begin(pmd, home):
    Database("notes.db").connect().close()
    assert pmd("ls") == (
        "nothing   is here: there is no collection\nnext      pmd add NAME FOLDER\n",
        "",
    )
    assert pmd("search", "x") == ("nothing   found for x\n", "")


def test_scores_are_shown_however_small_they_are(pmd, indexed):
    scores = [
        line.rpartition("(score ")[2].rstrip(")")
        for line in pmd("search", "the")[0].splitlines()[::2]
    ]
    assert len(scores) == 3
    assert all(float(score) > 0 for score in scores)


def test_damage_is_told_and_how_to_find_out_more(pmd, indexed, home):
    with closing(sqlite3.connect("notes.db")) as conn:
        (page,) = conn.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'documents'"
        ).fetchone()
        (size,) = conn.execute("PRAGMA page_size").fetchone()
    content = bytearray(Path("notes.db").read_bytes())
    content[(page - 1) * size : page * size] = bytes(size)
    Path("notes.db").write_bytes(content)
    out, err = pmd("ls", "notes", code=1)
    assert (out, " ".join(err.split())) == (
        "",
        "Error: the database ~/notes.db cannot be used: database disk image is malformed. Check its"
        " file, its folder and the room on its disk, then: pmd db check ~/notes.db",
    )


def test_a_lock_is_told_as_one(pmd, indexed, monkeypatch):
    monkeypatch.setattr("pmd.cli.chosen_database.TIMEOUT", 0)
    with closing(sqlite3.connect("notes.db", isolation_level=None)) as conn:
        conn.execute("BEGIN EXCLUSIVE")
        for command in (["search", "x"], ["index"], ["ls"]):
            out, err = pmd(*command, code=1)
            assert out == ""
            assert "notes.db is locked: another connection kept its lock" in err.replace("\n", " ")


def test_a_lock_that_comes_later_is_told_as_one_too(pmd, indexed, monkeypatch):
    """Only when FTS5 reads its tables: it says that it could not be constructed."""
    monkeypatch.setattr("pmd.cli.chosen_database.TIMEOUT", 0)
    find = SearchRepository.search
    with closing(sqlite3.connect("notes.db", isolation_level=None)) as conn:

        def lock_and_find(*arguments, **options):
            conn.execute("BEGIN EXCLUSIVE")
            return find(*arguments, **options)

        monkeypatch.setattr(SearchRepository, "search", lock_and_find)
        _, err = pmd("search", "tree", code=1)
    assert "notes.db is locked: another connection kept its lock" in " ".join(err.split())
