"""`pmd add` and `pmd index`: what they print, how they exit, and what they refuse."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pmd.store.database import Database
from pmd.store.repositories.source_collections import CollectionRepository
from tests.every import for_every


def test_a_collection_is_added_and_indexed(pmd, notes):
    assert pmd("add", "notes", "notes") == (
        "added     notes: **/*.md in ~/notes\nnext      pmd index notes\n".replace(
            "~/notes", str(notes).replace(f"{notes.parent}/", "~/")
        ),
        "",
    )
    assert pmd("index") == ("indexed   notes: 4 added\n", "")
    assert pmd("index", "notes") == ("indexed   notes: 4 unchanged\n", "")


def test_every_count_is_told(pmd, indexed, home):
    (indexed / "work.md").rename(indexed / "home.md")
    (indexed / "garden/apple.md").write_text("changed")
    (indexed / "bad.md").write_bytes(b"\xff")
    (indexed / "ünï 練習.md").unlink()
    assert pmd("index", code=1) == (
        "indexed   notes: 1 unchanged, 1 added, 1 changed, 2 vanished, 1 skipped\n",
        "skipped   notes/bad.md: it is no UTF-8 (line 1 has the byte 0xFF). Save it as UTF-8.\n",
    )
    (indexed / "work.md").write_text("again")
    (indexed / "bad.md").unlink()
    assert pmd("index") == ("indexed   notes: 3 unchanged, 1 back again\n", "")


def test_patterns_choose_the_files(pmd, notes):
    assert pmd("add", "some", "notes", "--glob", "*.md", "--glob", "*.txt")[0].startswith(
        "added     some: *.md *.txt in"
    )
    assert pmd("index") == ("indexed   some: 2 added\n", "")
    pmd("add", "none", "notes", "--glob", "*.rst")
    assert pmd("index", "none") == ("indexed   none: no files\n", "")


def test_broken_front_matter_is_told_and_the_text_indexed(pmd, notes):
    (notes / "work.md").write_text("---\ntags: [a\n---\nbroken")
    pmd("add", "notes", "notes")
    assert pmd("index", code=1) == (
        "indexed   notes: 4 added, 1 skipped\n",
        "skipped   notes/work.md: its front matter is no YAML (line 3: did not find expected ','"
        " or ']'). Mend it; its text is indexed.\n",
    )
    assert "notes/work.md" in pmd("search", "broken")[0]


def test_a_folder_that_is_gone_is_told_and_the_other_collections_are_indexed(pmd, indexed, home):
    (home / "more").mkdir()
    (home / "more/a.md").touch()
    pmd("add", "zebra", "more")
    shutil.move(indexed, home / "away")
    out, err = pmd("index", code=1)
    assert out == "indexed   zebra: 1 added\n"
    assert err == (
        "skipped   notes: the folder ~/notes is gone. Its documents stay in the index as they are."
        " Bring it back (is its disk mounted?), or add it from where it is now under another"
        " name.\n"
    )
    assert pmd("index", "notes", code=1)[0] == ""
    assert len(pmd("ls", "notes")[0].splitlines()) == 4


def test_an_emptied_folder_is_indexed_when_told_so(pmd, indexed):
    shutil.rmtree(indexed)
    indexed.mkdir()
    out, err = pmd("index", code=1)
    assert (out, err) == (
        "",
        "skipped   notes: the folder ~/notes holds no file that matches **/*.md, but 4 of its files"
        " are indexed. Nothing of the collection was changed. Is its disk not mounted? Mount it and"
        " index again. Was the folder emptied on purpose? Index it by its name with"
        " --allow-empty.\n",
    )
    assert pmd("index", "notes", "--allow-empty") == ("indexed   notes: 4 vanished\n", "")


def test_collections_that_hold_no_files_are_told(pmd, home):
    with Database("notes.db") as database:
        CollectionRepository(database).add("web", "https://example.com", source_type="http")
    assert pmd("index", code=1) == (
        "",
        "skipped   web: its documents come from 'http', not from files\n",
    )


def test_nothing_to_index_says_how_to_begin(pmd, home):
    Database("notes.db").connect().close()
    assert pmd("index") == (
        "nothing   to index: there is no collection\nnext      pmd add NAME FOLDER\n",
        "",
    )


def test_a_collection_that_does_not_exist_is_told(pmd, indexed):
    assert pmd("index", "nots", code=2) == (
        "",
        "Error: there is no collection 'nots'. See which there are: pmd ls\n",
    )


@for_every("name", ["", " ", "a/b", " a", "a\nb", "\x1b[31m", "\udcff"], ids=repr)
def test_a_name_that_cannot_be_typed_or_stored_is_refused(pmd, notes, name):
    out, err = pmd("add", name, "notes", code=2)
    assert out == ""
    assert err.replace("\n", " ") == (
        f"Error: {name!r} is no name for a collection. Expected a text without '/', without"
        " characters that cannot be shown, and without spaces around it. "
    )
    assert not Path("notes.db").exists()


@pytest.mark.parametrize(
    ("folder", "what"), [("gone", "does not exist"), ("notes/work.md", "is no folder")]
)
def test_a_folder_that_is_none_is_refused(pmd, notes, folder, what):
    _, err = pmd("add", "notes", folder, code=2)
    assert err.replace("\n", " ") == (
        f"Error: ~/{folder} {what}. Give the folder that holds the Markdown files. "
    )
    assert not Path("notes.db").exists()


def test_a_folder_whose_name_is_no_text_is_refused(pmd, home):
    name = os.fsdecode(b"caf\xe9")
    (home / name).mkdir()
    _, err = pmd("add", "notes", name, code=2)
    assert " ".join(err.split()) == (
        f"Error: {f'{home}/{name}'!r} is no UTF-8 and cannot be stored. Rename the folder."
    ).replace(f"{home}/", "~/")


def test_names_in_any_script_can_be_used(pmd, home):
    name = "日本\u3000語 👩\u200d🌾 \u0645\u06cc\u200c\xa0x"
    (home / name).mkdir()
    (home / name / f"{name}.md").write_text(f"# {name}\n", encoding="utf-8")
    pmd("add", name, name)
    assert pmd("index", name) == (f"indexed   {name}: 1 added\n", "")
    assert pmd("ls", name)[0] == f"{name}/{name}.md\n"
    assert pmd("get", f"{name}/{name}.md")[0] == f"# {name}\n"
    assert pmd("search", "日本")[0].startswith(f"{name}/{name}.md  {name}  (score ")


@pytest.mark.parametrize(
    "command",
    [["index", "\udcff"], ["ls", "\udcff"], ["get", "\udcff"], ["search", "x", "--tag", "\udcff"]],
    ids=lambda command: command[0],
)
def test_an_argument_that_is_no_text_is_told(pmd, indexed, command):
    out, err = pmd(*command, code=2)
    assert (out, " ".join(err.split())) == (
        "",
        "Error: '\\udcff' is no UTF-8, and nothing in the database is called so. Check how it is"
        " typed.",
    )


def test_a_folder_that_cannot_be_looked_at_is_refused(pmd, home):
    for folder, why in (
        ("x" * 300, "File name too long"),
        ("~nobody of this name/x", "Could not determine home directory."),
    ):
        _, err = pmd("add", "notes", folder, code=2)
        assert " ".join(err.split()) == (
            f"Error: {folder} cannot be looked at ({why}). Give the folder that holds the Markdown"
            " files."
        )


def test_all_collections_are_not_taken_for_empty_at_once(pmd, indexed):
    _, err = pmd("index", "--allow-empty", code=2)
    assert err.endswith(
        "Error: --allow-empty is for one collection at a time. Give its NAME, so that no other"
        " folder is taken for empty.\n"
    )


def test_an_empty_folder_name_is_not_the_folder_of_the_day(pmd, notes):
    assert pmd("add", "notes", "", code=2) == (
        "",
        "Error: FOLDER is empty. Give the folder that holds the Markdown files.\n",
    )


def test_a_pattern_that_matches_nothing_is_refused(pmd, notes):
    _, err = pmd("add", "notes", "notes", "--glob", "*.{md,txt}", code=2)
    assert err.replace("\n", " ") == (
        "Error: the pattern '*.{md,txt}' can match no file: braces are not read. Give --glob once"
        " for each alternative. Expected one such as '**/*.md'. "
    )


def test_a_name_is_taken_once(pmd, indexed, home):
    (home / "other").mkdir()
    _, err = pmd("add", "notes", "other", code=2)
    assert err.replace("\n", " ") == (
        "Error: there is a collection 'notes' already, of ~/notes. Choose another name, or index"
        " it: pmd index notes "
    )


@pytest.mark.parametrize("way", ["notes", "notes/../notes", "link"])
def test_a_folder_is_added_once_with_the_same_patterns(pmd, indexed, home, way):
    (home / "link").symlink_to(indexed)
    _, err = pmd("add", "again", way, code=2)
    assert "the collection 'notes' already. Index that one: pmd index notes " in err.replace(
        "\n", " "
    )


def test_a_folder_is_added_again_with_other_patterns(pmd, indexed):
    out, err = pmd("add", "top", "notes", "--glob", "*.md")
    assert out.startswith("added     top: *.md in ")
    assert err == (
        "note      notes has the same folder; what the patterns of both match is found twice\n"
    )
    assert pmd("index") == ("indexed   notes: 4 unchanged\nindexed   top: 2 added\n", "")
    with Database("notes.db") as database:
        database.execute("UPDATE source_collections SET pwd = ?", (f"/{'x' * 300}",))
    # Whether a folder that cannot be looked at is the same, nobody knows.
    assert pmd("add", "again", "notes")[1] == ""


def test_names_of_files_do_not_command_the_terminal(pmd, notes):
    (notes / "\x1b[31mred\n.md").write_bytes(b"\xff")
    (notes / os.fsdecode(b"caf\xe9.md")).touch()
    pmd("add", "notes", "notes")
    _, err = pmd("index", code=1)
    assert err == (
        "skipped   notes/\ufffd[31mred .md: it is no UTF-8 (line 1 has the byte 0xFF)."
        " Save it as UTF-8.\n"
        "skipped   notes/caf\ufffd.md: its name is no UTF-8, and cannot be stored. Rename it.\n"
    )


def test_progress_is_shown_on_a_terminal(pmd, notes):
    """The real command, whose standard error is a terminal."""
    pmd("add", "notes", "notes")
    master, slave = pty.openpty()
    command = [str(Path(sys.executable).with_name("pmd")), "index"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=slave, text=True)
    os.close(slave)
    bar = os.read(master, 10_000).decode()
    os.close(master)
    assert (ran.returncode, ran.stdout) == (0, "indexed   notes: 4 added\n")
    assert "indexing" in bar
    assert "100%" in bar
