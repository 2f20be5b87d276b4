"""Which database a command works on, how an old one is upgraded, and what is refused."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pmd.store.files.backup import find_backups
from tests.every import for_every

SNAPSHOTS = Path(__file__).parents[3] / "fixtures" / "snapshots"
COMMANDS = (["index"], ["search", "x"], ["get", "x"], ["ls"], ["tags"])


def test_the_option_goes_before_the_environment(pmd, notes):
    pmd("--db", "other.db", "add", "notes", "notes")
    assert Path("other.db").exists()
    assert not Path("notes.db").exists()
    pmd("add", "notes", "notes")
    assert Path("notes.db").exists()


def test_without_both_it_is_in_the_data_folder_of_the_platform(pmd, notes, home, monkeypatch):
    for unset in (monkeypatch.delenv, lambda name: monkeypatch.setenv(name, "")):
        unset("PMD_DB")
        shutil.rmtree("data", ignore_errors=True)
        assert pmd("ls", code=2)[1].replace("\n", " ") == (
            "Error: there is no database ~/data/pmd/pmd.db. Make it: pmd add NAME FOLDER "
        )
        assert not Path("data").exists()
        pmd("add", "notes", "notes")
        assert Path("data/pmd/pmd.db").exists()


def test_commands_to_type_next_name_the_database_that_was_given(pmd, notes):
    out, _ = pmd("--db", "my notes.db", "add", "my notes", "notes")
    assert out.splitlines()[-1] == "next      pmd --db 'my notes.db' index 'my notes'"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_only_add_makes_a_database(pmd, home, command):
    _, err = pmd(*command, code=2)
    assert err.replace("\n", " ") == (
        "Error: there is no database ~/notes.db. Make it: pmd add NAME FOLDER "
    )
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("command", [["add", "mine", "."], *COMMANDS], ids=lambda one: one[0])
def test_an_old_database_is_upgraded_after_a_backup_and_that_is_told(pmd, home, command):
    shutil.copyfile(SNAPSHOTS / "0003.db", "notes.db")
    told = (
        "backup    ~/notes.db.TIME-0003.backup\n"
        "upgraded  ~/notes.db from version 3 to 12, 9 steps\n"
    )
    out, err = pmd(*command, code={"index": 1, "get": 1}.get(command[0], 0))
    assert (err if command[0] == "get" else out).startswith(told)
    (backup,) = find_backups(home / "notes.db")
    with closing(sqlite3.connect(backup.path)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (3,)
    out, err = pmd(*command, code={"index": 1, "get": 1, "add": 2}.get(command[0], 0))
    assert "upgraded" not in out + err


def test_json_is_alone_on_standard_output_while_an_old_database_is_upgraded(pmd, home):
    shutil.copyfile(SNAPSHOTS / "0003.db", "notes.db")
    out, err = pmd("search", "xyz", "--json")
    assert out == "[]\n"
    assert "upgraded  ~/notes.db from version 3 to 12, 9 steps\n" in err


@for_every("stored", sorted(path.stem for path in SNAPSHOTS.glob("*.db")))
def test_every_stored_database_is_a_pmd_database(pmd, home, stored):
    shutil.copyfile(SNAPSHOTS / f"{stored}.db", "notes.db")
    pmd("ls")
    pmd("tags")
    pmd("search", "winter", "--json")


def foreign_application(path):
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA application_id = 7")
        conn.execute("CREATE TABLE t (a)")


def other_tables(path):
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE visits (a)")
        conn.execute("CREATE TABLE places (a)")
        conn.execute("PRAGMA user_version = 12")


REFUSED = {
    "text": (
        lambda path: path.write_text("no database at all" * 100),
        "the database ~/notes.db is no SQLite database, or is encrypted. Nothing was changed;"
        " check the path.",
    ),
    "folder": (
        Path.mkdir,
        "cannot open the database ~/notes.db: it is a folder. Give the path of a file in it.",
    ),
    "another application": (
        foreign_application,
        "the database ~/notes.db belongs to another program: its application_id is 0x00000007,"
        " and pmd's databases have none. Nothing was changed; give the path of a pmd database.",
    ),
    "other tables": (
        other_tables,
        "the database ~/notes.db is no pmd database: it has tables of another program (places,"
        " visits), and no documents. Nothing was changed; give the path of a pmd database, or of a"
        " new file.",
    ),
}


@pytest.mark.parametrize("command", [["add", "mine", "."], *COMMANDS], ids=lambda one: one[0])
@pytest.mark.parametrize(("make", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_pmd_database_is_refused_and_left_alone(pmd, home, command, make, message):
    path = home / "notes.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    out, err = pmd(*command, code=2)
    assert (out, " ".join(err.split())) == ("", f"Error: {message}")
    assert [file.name for file in home.iterdir()] == ["notes.db"]
    if before is not None:
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("gone/x.db", "cannot open the database ~/gone/x.db: the folder ~/gone does not exist."),
        (":memory:", ":memory: is no file, and would be forgotten at the end. Give a file's path."),
    ],
)
def test_a_path_that_leads_to_no_file_is_refused(pmd, home, given, message):
    _, err = pmd("--db", given, "add", "mine", ".", code=2)
    assert message in " ".join(err.replace(str(home), "~").split())
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_path_that_cannot_be_looked_at_is_refused(pmd, home, command):
    _, err = pmd("--db", "x" * 300, *command, code=2)
    assert " ".join(err.split()) == (
        f"Error: cannot open the database ~/{'x' * 300}: unable to open database file. Check that"
        " you may read and write the file and its folder."
    )


def test_a_newer_database_is_refused(pmd, home):
    shutil.copyfile(SNAPSHOTS / "0012.db", "notes.db")
    with closing(sqlite3.connect("notes.db")) as conn:
        conn.execute("PRAGMA user_version = 99")
    assert "update the application" in " ".join(pmd("ls", code=1)[1].split())


def test_an_empty_file_becomes_a_database(pmd, notes):
    Path("notes.db").touch()
    out, _ = pmd("add", "notes", "notes")
    assert out.startswith("added     notes")


def test_pmd_db_takes_its_database_at_the_end(pmd, home):
    shutil.copyfile(SNAPSHOTS / "0012.db", "notes.db")
    _, err = pmd("--db", "my notes.db", "db", "status", code=2)
    assert (
        "Error: pmd db takes its database at the end, not as --db: pmd db status 'my notes.db'\n"
        in err
    )
    assert pmd("db", "status", "notes.db")[0].startswith("database  notes.db\n")
