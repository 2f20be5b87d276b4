"""A folder of notes and a database of the test's own, for the tests of the command."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from pmd.cli import main
from pmd.store.database import Database

TIME = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{3}Z")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty folder to work in; the database is notes.db in it, named by PMD_DB."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PMD_DB", "notes.db")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path


@pytest.fixture
def pmd(home):
    """A function that runs the command: exit code, and both outputs without times and folders."""

    def run(*arguments, code=0):
        ran = CliRunner().invoke(main, arguments)
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exc_info
        assert ran.exit_code == code, ran.output
        return tuple(
            TIME.sub("TIME", text).replace(f"{home}/", "~/") for text in (ran.stdout, ran.stderr)
        )

    return run


@pytest.fixture
def notes(home):
    """Four documents in the folder `notes`."""
    texts = {
        "garden/roses.md": "---\ntags: [plants, '#todo']\n---\n# Pruning\n\nCut above the bud.\n",
        "garden/apple.md": "---\ntags: plants\n---\n# Apple tree\n\nA red apple from the tree.\n",
        "work.md": "Call about the tree, and the red car.\n",
        "ünï 練習.md": "# Übung\n\nÉtude.\n",
    }
    for path, text in texts.items():
        file = home / "notes" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return home / "notes"


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """The bytes of a database at the latest version: made once a process."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    Database(path).connect().close()
    return path.read_bytes()


@pytest.fixture
def indexed(pmd, notes, empty_database):
    """These documents in the index, as the collection `notes`."""
    (notes.parent / "notes.db").write_bytes(empty_database)
    pmd("add", "notes", "notes")
    pmd("index")
    return notes
