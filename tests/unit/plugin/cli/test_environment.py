"""The commands where the machine or somebody else spoils something: one message, nothing half."""

from __future__ import annotations

import importlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from pytest_pmd_migrations import image
from pytest_pmd_migrations.connections.connection import Preparation
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.schema import compare_databases, read_schema

from tests.full_disk import full_disk
from tests.unit.plugin.cli.conftest import COMMAND, FIRST, SECOND, Project
from tests.unit.plugin.twin_text import twin_text
from tests.warm_python import CAN_FORK, Run

Make = Callable[..., Project]

FULL = Path("/dev/full")
AWAY = "Move it away, and restore the file from version control: git checkout HEAD -- "


APPLICATION = """
from pathlib import Path

def write_file(text):
    Path(__file__).with_name("called").write_text(text)
    return text

def prepare(conn):
    conn.create_function("write_file", 1, write_file, deterministic=True)
"""
STRANGE = """
INSERT INTO notes VALUES (7, 'x');
ALTER TABLE notes ADD COLUMN made AS (write_file('made'));
CREATE TABLE checked(a CHECK (write_file('checked')), b DEFAULT (write_file('default')));
CREATE VIEW shown AS SELECT write_file('shown');
CREATE INDEX by_file ON notes(write_file(title));
CREATE INDEX some ON notes(title) WHERE write_file(title) IS NULL;
CREATE TRIGGER told AFTER INSERT ON notes BEGIN SELECT write_file('told'); END;
"""


def in_its_place(file: Path, make: Callable[[Path], object]) -> None:
    file.unlink()
    make(file)


def test_a_pipe_or_a_dangling_link_in_the_place_of_a_file_is_told_and_not_waited_for(
    stored: Make,
) -> None:
    made = stored(FIRST, SECOND)
    snapshot, twin = made.snapshots / "0001.db", made.snapshots / "0002.sql"
    in_its_place(snapshot, lambda file: file.symlink_to("none.db"))
    in_its_place(twin, os.mkfifo)
    assert made.run("check") == (
        1,
        "snapshot 0001 cannot be read: fixtures/snapshots/0001.db: it is a link to none.db, which"
        f" does not exist; expected a SQLite database. {AWAY}fixtures/snapshots/0001.db Or build"
        " it anew.  pmd-migrations snapshot --rewrite 0001\n"
        "the text twin of snapshot 0002 cannot be read: fixtures/snapshots/0002.sql: it is a named"
        " pipe, no file. Restore it from version control.\n",
    )
    in_its_place(snapshot, os.mkfifo)
    code, text = made.run("snapshot")
    assert code == 1
    assert (
        "snapshot 0001 cannot be read: fixtures/snapshots/0001.db: it is a named pipe, no file;"
        f" expected a SQLite database. {AWAY}fixtures/snapshots/0001.db"
    ) in text
    in_its_place(made.lock, os.mkfifo)
    assert made.run("release") == (
        1,
        "Error: fixtures/snapshots/frozen.toml cannot be read: it is a named pipe, no file;"
        " expected the file that pmd-migrations writes. Move it away, and restore the file:"
        " git checkout HEAD -- fixtures/snapshots/frozen.toml\n",
    )


def test_a_pipe_as_the_file_of_declarations_is_refused(stored: Make) -> None:
    made = stored(FIRST)
    os.mkfifo(made.path / "rows.toml")
    settings = made.path / "pyproject.toml"
    settings.write_text(f'{settings.read_text()}migration_rows = "rows.toml"\n')
    code, text = made.run("check")
    assert (code, text) == (
        2,
        "Error: migration_rows 'ROOT/rows.toml' cannot be read: it is a named pipe, no file;"
        " expected a TOML file\n",
    )


def test_settings_that_are_no_utf8_are_named_with_their_line(project: Make) -> None:
    made = project(FIRST)
    settings = made.path / "pyproject.toml"
    settings.write_bytes(settings.read_bytes() + b"# caf\xe9\n")
    assert made.run("check") == (
        2,
        "Error: the settings cannot be read: pyproject.toml, line 3: byte 0xe9 is no UTF-8."
        " Save the file as UTF-8\n",
    )


def start_snapshot(made: Project, output: Path) -> tuple[Run, Path]:
    """Start `snapshot`, which prints into ``output``; return it and the file of its errors."""
    errors = made.write("errors.txt", "")
    run = made.python.start(
        [COMMAND, "snapshot"],
        cwd=made.path,
        env={**os.environ},
        stdout=SimpleNamespace(name=str(output)),
        stderr=SimpleNamespace(name=str(errors)),
    )
    return run, errors


@pytest.mark.skipif(not FULL.exists() or not CAN_FORK, reason="no device here is always full")
def test_a_warning_of_the_applications_is_shown_once_and_not_once_a_database(project: Make) -> None:
    made = project(FIRST)
    made.write(
        "db/sql/0002_step_2.py",
        "import warnings\n\nVERSION = 2\nDESCRIPTION = 'Warn'\n\n\ndef up(db):\n"
        "    for what in ('old', 'slow'):\n"
        "        warnings.warn_explicit(f'{what} driver', UserWarning, 'driver.py', 3)\n"
        "    db.execute('CREATE TABLE more(a)')\n",
    )
    code, _, errors = made.run_apart("snapshot")
    shown = [line for line in errors.splitlines() if "Warning" in line]
    assert (code, shown) == (
        0,
        ["driver.py:3: UserWarning: old driver", "driver.py:3: UserWarning: slow driver"],
    )


def test_an_output_that_takes_nothing_is_told_and_what_was_to_be_done_is_done(
    project: Make,
) -> None:
    made = project(FIRST, SECOND)
    run, errors = start_snapshot(made, FULL)
    assert (run.wait(), errors.read_text(encoding="utf-8")) == (
        1,
        "Error: the standard output cannot be written: No space left on device. What was to be"
        " done is done\n",
    )
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")


@pytest.mark.skipif(not CAN_FORK, reason="processes are not forked here")
def test_a_pipe_that_nobody_reads_stops_nothing_halfway(project: Make) -> None:
    made = project(FIRST, SECOND)
    pipe = made.path / "pipe"
    os.mkfifo(pipe)
    run, errors = start_snapshot(made, pipe)
    # Opened when the command opens it, and gone before it has anything to print.
    os.close(os.open(pipe, os.O_RDONLY))
    assert (run.wait(), errors.read_text(encoding="utf-8")) == (1, "")
    assert made.run("check") == (0, "2 versions, 2 snapshots: all in order\n")


def test_declare_without_room_says_that_and_proposes_nothing(
    stored: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = stored(FIRST, SECOND)
    monkeypatch.setattr(image, "MEMORY_LIMIT", 0)
    with full_disk(4096):
        told = made.run("declare")
    assert told == (
        1,
        f"Error: the temporary folder {tempfile.gettempdir()} cannot be written: File too large;"
        " expected room for copies of the databases. Make room there, or name another folder:"
        " TMPDIR=...\n",
    )


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        (
            'migration_ignore = ["note"]\n',
            "migration_ignore 'note' hides nothing, neither in a stored snapshot nor in a fresh"
            " database; expected a glob on names of tables, indexes, views or triggers. Did you"
            " mean 'notes'?",
        ),
        (
            'migration_volatile = ["notes.titel"]\n',
            "migration_volatile 'notes.titel' names no column, neither in a stored snapshot nor in"
            " a fresh database; expected globs on \"table.column\". Did you mean 'notes.title'?",
        ),
    ],
)
def test_a_glob_that_says_nothing_is_refused_by_commands_and_matrix_alike(
    stored: Make, pytester: pytest.Pytester, setting: str, message: str
) -> None:
    made = stored(FIRST)
    settings = made.path / "pyproject.toml"
    settings.write_text(settings.read_text() + setting)
    before = made.files()
    for command in ("check", "snapshot", "release", "declare"):
        assert made.run(command) == (2, f"Error: {message}\n")
    assert made.files() == before
    result = pytester.runpytest_inprocess("--migration-matrix", "-p", "no:cacheprovider")
    assert result.stderr.str().strip() == f"ERROR: {message}"


def test_what_a_strangers_snapshot_calls_is_not_called_where_it_is_only_read(
    stored: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function is the application's own, and what it is given comes from the snapshot."""
    made = stored(FIRST, SECOND)
    monkeypatch.syspath_prepend(made.path)
    made.write("strange_app.py", APPLICATION)
    settings = made.path / "pyproject.toml"
    settings.write_text(f'{settings.read_text()}migration_connection = "strange_app:prepare"\n')
    strange = made.snapshots / "0001+strange.db"
    shutil.copy(made.snapshots / "0001.db", strange)
    application = importlib.import_module("strange_app")
    with closing(sqlite3.connect(strange)) as conn:
        application.prepare(conn)
        conn.executescript(STRANGE)
    called = made.path / "called"
    assert called.exists()
    called.unlink()
    code, text = made.run("show", "1", "1+strange")
    assert (code, text.count("only in 0001+strange")) == (0, 6)
    prepared = Image.of_file(strange).prepared_as(Preparation((("p", application.prepare),)))
    with closing(prepared.connect()) as conn:
        assert {one.kind for one in read_schema(conn).objects} >= {"view", "trigger", "index"}
        assert compare_databases(conn, conn).differences == ()
        assert 'INSERT INTO "notes"("id", "title") VALUES (7, \'x\');' in twin_text(conn)
        assert conn.execute("PRAGMA trusted_schema").fetchone() == (1,)
        assert not called.exists()
        # Whoever asks for the values has them: the application gave the function on purpose.
        assert conn.execute("SELECT * FROM shown").fetchall() == [("shown",)]
    assert called.exists()
