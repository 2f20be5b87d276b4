"""Anything at a database's path opens at the latest version, or is left as it was."""

from __future__ import annotations

import json
import re
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from click.testing import CliRunner

from pmd.cli import main
from pmd.store.database import Database
from pmd.store.migrations import DamagedDatabaseError, MigrationError, NotADatabaseError
from tests.every import for_every
from tests.unit.store.files.inputs import INPUTS, OLD, SNAPSHOTS

LATEST = 12
DOCS = (Path(__file__).parents[4] / "docs/MIGRATIONS.md").read_text(encoding="utf-8")


def files(folder):
    """Every file's content, but for SQLite's index of a WAL, which it may make at any time."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if not path.name.endswith("-shm")
    }


def table():
    """The rows of the table in the docs: what may lie there, and what happens."""
    section = DOCS.partition("## What may lie at the path")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", section, re.MULTILINE)
    return dict(rows[2:])


def test_every_row_of_the_table_has_its_test():
    elsewhere = {row for row in table() if row not in INPUTS}
    assert elsewhere == {
        *("cut off, at any 512 bytes", "one wrong byte in the header"),
        *("a read-only file", "a read-only folder", "a full disk"),
    }
    assert set(INPUTS) < set(table())


def test_the_table_names_the_errors():
    told = {name: re.findall(r"`(\w+Error)`", table()[name]) for name in INPUTS}
    assert told == {
        name: [expected.error.__name__] if expected.error else []
        for name, expected in INPUTS.items()
    }


@for_every("name", INPUTS)
def test_it_opens_or_is_left_as_it_was(tmp_path, name):
    expected = INPUTS[name]
    for backup in (False, True):
        # Its name is short, since the path of a socket must be.
        folder = tmp_path / f"{backup:d}"
        folder.mkdir()
        with ExitStack() as stack:
            path = expected.make(folder, stack)
            if expected.error is None:
                with Database(path, timeout=0, backup=backup) as database:
                    check_content(database, expected.documents)
                continue
            before = files(folder)
            with pytest.raises(expected.error) as caught:
                Database(path, timeout=0, backup=backup).connect()
            assert isinstance(caught.value, MigrationError)
            assert expected.says in str(caught.value)
            assert files(folder) == before


def check_content(database, documents):
    assert database.execute("PRAGMA user_version").fetchone() == (LATEST,)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    found = database.execute(
        "SELECT count(*), count(*) FILTER (WHERE title = 'half') FROM documents"
    )
    assert found.fetchone() == (documents, 0)


COMMANDS = ["status", "check", "upgrade --dry-run", "backup", "upgrade", "restore"]


@for_every("name", INPUTS)
def test_a_command_says_in_a_message_what_is_wrong(tmp_path, name):
    with ExitStack() as stack:
        path = INPUTS[name].make(tmp_path, stack)
        for command in COMMANDS:
            before = files(tmp_path)
            ran = CliRunner().invoke(main, ["db", *command.split(), str(path), "--timeout", "0"])
            assert ran.exit_code in (0, 1)
            assert ran.exception is None or isinstance(ran.exception, SystemExit)
            if ran.exit_code:
                assert ran.stderr.startswith("Error: ") or "\nfound " in ran.stdout
            if ran.exit_code or command in COMMANDS[:3]:
                assert files(tmp_path) == before, command


def test_a_file_cut_off_anywhere_is_damaged_or_new(tmp_path):
    complete = OLD.read_bytes()
    path = tmp_path / "notes.db"
    path.write_bytes(b"")
    with Database(path) as database:
        check_content(database, 0)
    for length in [2, 99, *range(512, len(complete), 512)]:
        path.write_bytes(complete[:length])
        with pytest.raises((DamagedDatabaseError, NotADatabaseError)):
            Database(path).connect()
        assert path.read_bytes() == complete[:length]


# The bytes of the header that SQLite or pmd heeds, by what is found wrong:
# https://www.sqlite.org/fileformat2.html, "The Database Header".
NO_DATABASE = {*range(18), 19, 21, 22, 23}
DAMAGED = {20, *range(28, 40), 47, *range(52, 56), 59, *range(64, 68)}
REFUSED = {18, *range(60, 64), *range(68, 72)}


def test_one_wrong_byte_in_the_header_is_found_or_does_no_harm(tmp_path):
    sound = (SNAPSHOTS / "0011.db").read_bytes()
    path = tmp_path / "notes.db"
    found = {}
    for offset in range(100):
        wrong = bytearray(sound)
        wrong[offset] ^= 0xFF
        path.write_bytes(wrong)
        try:
            with Database(path) as database:
                check_content(database, 9)
        except MigrationError as error:
            found.setdefault(type(error), set()).add(offset)
            assert path.read_bytes() == wrong, offset
    assert found.pop(NotADatabaseError) | found.pop(DamagedDatabaseError) == NO_DATABASE | DAMAGED
    assert set().union(*found.values()) == REFUSED
    count = len(NO_DATABASE | DAMAGED | REFUSED)
    assert f"find {count} of 100;" in table()["one wrong byte in the header"]


# Opens databases without root's rights, or on a disk that files fill at a size, and tells what came
# of it. A module that a step imports may lie where only root can read, and so comes first.
OPENER = """
import json, os, resource, sqlite3, sys, tempfile, urllib.parse
from pathlib import Path
from pmd.store.database import Database
from pmd.store.migrations import MigrationError

Database(":memory:", backup=True).connect().close()
sys.dont_write_bytecode = True  # a compiled module that a limit cuts would stay so
user = os.geteuid()
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)

def open_it(content, read_only, limit, backup):
    folder = Path(made) / "inner"
    folder.mkdir()
    path = folder / "notes.db"
    path.write_bytes(content)
    path.chmod(0o444 if read_only == "file" else 0o666)
    folder.chmod(0o555 if read_only == "folder" else 0o777)
    if user == 0:
        os.seteuid(65534)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit or most, most))
    try:
        with Database(path, backup=backup):
            text = ""
    except MigrationError as error:
        text = f"{type(error).__name__} {error}".replace(str(folder), "")
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    os.seteuid(user)
    unchanged, names = path.read_bytes() == content, len(list(folder.iterdir()))
    conn = sqlite3.connect(path)
    version, sound = conn.execute("PRAGMA user_version"), conn.execute("PRAGMA integrity_check")
    told = [text, unchanged, names, *version.fetchone(), *sound.fetchone()]
    conn.close()
    folder.rename(Path(made) / str(len(list(Path(made).iterdir()))))
    return told

with tempfile.TemporaryDirectory() as made:
    Path(made).chmod(0o777)
    contents = {name: (Path(sys.argv[1]) / f"{name}.db").read_bytes() for name in ("0007", "0012")}
    cases = json.loads(sys.argv[2])
    print(json.dumps([open_it(contents[name], *case) for name, *case in cases]))
"""
posix = pytest.mark.skipif(sys.platform == "win32", reason="rights and limits are POSIX's")


@pytest.fixture
def told(warm_python):
    """A function that returns what came of opening databases in such ways."""

    def run(*cases):
        arguments = (str(SNAPSHOTS), json.dumps(cases))
        ran = warm_python.run(sys.executable, "-c", OPENER, *arguments)
        assert ran.returncode == 0, ran.stderr
        return json.loads(ran.stdout)

    return run


@posix
def test_what_is_read_only_opens_if_it_needs_no_upgrade(told):
    options = [(kind, 0, backup) for kind in ("file", "folder") for backup in (False, True)]
    said = told(*[(name, *option) for name in ("0012", "0007") for option in options])
    assert said[:4] == [["", True, 1, LATEST, "ok"]] * 4
    texts = [text for text, *_ in said[4:]]
    assert said[4:] == [[text, True, 1, 7, "ok"] for text in texts]
    for text in texts:
        assert text.startswith(
            "ReadOnlyDatabaseError the database /notes.db has migrations to run and cannot be"
            " written. Nothing was changed; make the file and its folder writable"
        )


@posix
def test_a_full_disk_leaves_a_whole_version(told):
    (asked, *rest), (bare, *more), (later, *most) = told(
        ("0007", "", 20_000, True), ("0007", "", 20_000, False), ("0007", "", 36_000, True)
    )
    assert rest == more == [True, 1, 7, "ok"]
    assert asked.startswith("BackupError no backup of /notes.db could be made: "), asked
    assert bare.startswith("MigrationFailedError migration 0008 "), bare
    _, names, version, sound = most
    assert (names, sound) == (2, "ok")
    assert later.startswith("MigrationFailedError")
    assert 7 <= version < LATEST
