"""The command `pmd` as people run it: a large folder, an old database, and a run that is killed."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from pmd.store.database import Database
from pmd.store.files.backup import find_backups

OLD = Path(__file__).parents[2] / "fixtures/snapshots/0003.db"
PMD = str(Path(sys.executable).with_name("pmd"))
FILES = 2000
TABLES = (
    *("source_collections", "documents", "content", "document_metadata", "document_tags"),
    *("llm_cache", "content_vectors", "documents_fts"),
)


@pytest.fixture(scope="module")
def notes(tmp_path_factory):
    """A folder of 2,000 Markdown files in forty folders; the number of a file is in its text."""
    folder = tmp_path_factory.mktemp("large") / "notes"
    for number in range(40):
        (folder / f"folder {number}").mkdir(parents=True)
    for number in range(FILES):
        (folder / f"folder {number % 40}/{number}.md").write_text(
            f"---\ntags: [all, last{number % 10}]\n---\n# Note {number}\n\n"
            f"The number is {number}, and its square is square{number * number}.\n"
        )
    return folder


@pytest.fixture
def run(tmp_path, monkeypatch, warm_python):
    """A function that runs a command in an empty folder and returns what it prints."""
    monkeypatch.chdir(tmp_path)

    def run_to_the_end(*command, code=0):
        ran = warm_python.run(*command, cwd=tmp_path)
        assert ran.returncode == code, ran.stdout + ran.stderr
        return ran.stdout

    return run_to_the_end


@pytest.fixture
def pmd(run):
    """A function that runs `pmd` with the database old.db."""
    return partial(run, PMD, "--db", "old.db")


def rows(path):
    """All rows of all tables, each with its rowid."""
    with closing(sqlite3.connect(path)) as conn:
        conn.text_factory = bytes
        return {
            table: conn.execute(f"SELECT rowid, * FROM {table} ORDER BY rowid").fetchall()
            for table in TABLES
        }


def test_a_large_folder_goes_into_an_old_database_that_loses_nothing(notes, tmp_path, run, pmd):
    shutil.copyfile(OLD, "old.db")
    shutil.copyfile(OLD, "only upgraded.db")
    Database("only upgraded.db").connect().close()

    added = pmd("add", "mine", str(notes)).splitlines()
    assert added[0].startswith(f"backup    {tmp_path}/old.db.")
    assert added[1:] == [
        f"upgraded  {tmp_path}/old.db from version 3 to 12, 9 steps",
        f"added     mine: **/*.md in {notes}",
        "next      pmd --db old.db index mine",
    ]
    (backup,) = find_backups(tmp_path / "old.db")
    with closing(sqlite3.connect(backup.path)) as kept, closing(sqlite3.connect(OLD)) as old:
        assert list(kept.iterdump()) == list(old.iterdump())

    assert pmd("index", "mine") == "indexed   mine: 2000 added\n"
    first = rows("old.db")
    (hit,) = json.loads(pmd("search", "square1522756", "--json"))
    assert (hit["collection"], hit["path"]) == ("mine", "folder 34/1234.md")
    assert hit["title"] == "Note 1234"
    assert "[square1522756]" in hit["snippet"]
    assert pmd("get", "mine/folder 34/1234.md") == (notes / "folder 34/1234.md").read_text()
    assert len(json.loads(pmd("search", "number", "--tag", "last7", "-n", "5000", "--json"))) == 200
    assert pmd("tags").startswith("   2000  all\n    200  last0\n")

    before = rows("only upgraded.db")
    for table, kept in before.items():
        assert [row for row in kept if row not in first[table]] == [], table
    assert len(first["documents"]) == len(before["documents"]) + FILES

    content = Path("old.db").read_bytes()
    assert pmd("index", "mine") == "indexed   mine: 2000 unchanged\n"
    assert rows("old.db") == first
    assert Path("old.db").read_bytes() == content
    assert find_backups(tmp_path / "old.db") == [backup]
    assert run(PMD, "db", "check", "old.db") == "sound     old.db, version 12 of 12\n"


KILLED = """
import os, signal
from pmd.cli import main
from pmd.indexing.document_index import DocumentIndex

put, written = DocumentIndex._put, []

def put_or_die(index, *arguments):
    # Without room in memory, pages go into the file before the transaction ends.
    index._database.execute("PRAGMA cache_size = 1")
    written.append(put(index, *arguments))
    if len(written) == 330:
        os.kill(os.getpid(), signal.SIGKILL)
    return written[-1]

DocumentIndex._put = put_or_die
main(["--db", "old.db", "index"])
"""


def test_a_run_that_is_killed_leaves_a_sound_database_and_the_next_one_completes_it(
    notes, tmp_path, run, pmd
):
    folder = tmp_path / "some"
    folder.mkdir()
    for number in range(10):
        shutil.copytree(notes / f"folder {number}", folder / f"{number}")
    pmd("add", "mine", "some")
    run(sys.executable, "-c", KILLED, code=-signal.SIGKILL)
    journal = Path("old.db-journal").read_bytes()
    assert int.from_bytes(journal[8:12], "big") > 0, "nothing is to be rolled back"
    listed = pmd("ls", "mine").splitlines()
    assert len(listed) == 200  # one batch: the second was under way
    assert run(PMD, "db", "check", "old.db") == "sound     old.db, version 12 of 12\n"
    assert pmd("index") == "indexed   mine: 200 unchanged, 300 added\n"
    assert pmd("index") == "indexed   mine: 500 unchanged\n"
