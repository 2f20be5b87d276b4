"""An application that migrates by a command of its own, from nothing to the matrix."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.tools.tried_project import TriedProject

PROJECT = Path(__file__).parent / "projects/notes"
TOLD = "command: python migrate.py --to {to} --db {db}"
UNTOLD = "command: python migrate.py --db {db}"
SEVENTH = '    7: "CREATE TABLE more (id INTEGER PRIMARY KEY);",\n}\nparser'


def tried(folder: Path, source: str) -> TriedProject:
    project = TriedProject(PROJECT, folder)
    printed = project.run("pmd-migrations", "init", "--source", source)
    assert printed.text == (
        f'wrote    pyproject.toml  migration_source = "{source}"\n'
        "next     pmd-migrations snapshot\n"
    )
    return project


def add_setting(project: TriedProject, line: str) -> None:
    with (project.path / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"{line}\n")


@pytest.mark.parametrize("versions", ["", 'migration_versions = "python versions.py"'])
def test_six_steps_are_green_and_an_edited_one_is_blamed(tmp_path: Path, versions: str) -> None:
    project = tried(tmp_path, TOLD)
    (project.path / "versions.py").write_text("print(*range(1, 7), sep='\\n')\n")
    add_setting(project, versions)
    good = project.released().matrix("-n2", "-rs")
    assert good.code == 0, good.text
    assert "migrate 0001..0006 by migrate.py" in good.text
    assert "6 snapshots, 6 migrations: 30 ok" in good.text
    project.edit("migrate.py", "DEFAULT 0;", "DEFAULT 1;")
    edited = project.matrix("--migration-checks=frozen")
    assert edited.failed == {("0002", "frozen")}, edited.text
    assert "step 0002 of migrate.py no longer does what it did" in edited.text


def test_a_command_killed_between_its_two_transactions_is_wedged(tmp_path: Path) -> None:
    project = tried(tmp_path, TOLD)
    add_setting(project, 'migration_versions = "seq 6"')
    in_one = (
        'conn.executescript(f"BEGIN IMMEDIATE; {STEPS[number]}'
        ' PRAGMA user_version = {number}; COMMIT;")'
    )
    # Whoever watches has set the file's time back, and does so again once the change was seen.
    in_two = """import os
    watched = not os.stat(given.db).st_mtime_ns
    conn.executescript(f"BEGIN IMMEDIATE; {STEPS[number]} COMMIT;")
    while watched and os.stat(given.db).st_mtime_ns:
        pass
    conn.execute(f"PRAGMA user_version = {number}")"""
    project.edit("migrate.py", in_one, in_two)
    bad = project.released().matrix("--migration-checks=atomic", "-k", "0002 or 0004")
    assert bad.failed == {("0002", "atomic"), ("0004", "atomic")}, bad.text
    told = " ".join(bad.text.split())
    assert "step 0002 of migrate.py is not atomic: wedged by kill" in told
    # A signal that was sent inside the transaction may come after its COMMIT, as is told then. And
    # the first transaction seen may be the second one.
    where = r"after (change 1 of 2|transaction 1 of 1)|inside transaction 1 of \d"
    struck = f"killed ({where}) seen reopened at version 0001:"
    assert re.search(struck, told), bad.text
    assert "only in found column notes.pinned INTEGER" in told
    assert "ended with 1: sqlite3.OperationalError: duplicate column name: pinned" in told
    assert "step 0004 of migrate.py is not atomic: torn by kill" in told
    project.edit("migrate.py", in_two, in_one)
    good = project.matrix("--migration-checks=atomic", "-v")
    assert good.code == 0, good.text
    assert "0 broken (kill" in good.text


def test_a_migration_that_fails_shows_what_the_command_printed(tmp_path: Path) -> None:
    project = tried(tmp_path, TOLD)
    add_setting(project, 'migration_versions = "seq 7"')
    project.edit("migrate.py", "}\nparser", '    7: "CREATE TABLE notes (x);",\n}\nparser')
    printed = project.run("pmd-migrations", "snapshot")
    assert printed.code == 1
    assert "ended with 1: sqlite3.OperationalError: table notes already exists" in printed.text
    assert "Traceback (most recent call last)" in printed.text
    assert not (project.path / "fixtures").exists()


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    project = tried(tmp_path, TOLD).released()
    add_setting(project, 'migration_versions = "seq 6"')
    add_setting(project, 'migration_step_timeout = "1"')
    project.edit("migrate.py", "conn = sqlite3", "import time\ntime.sleep(1000)\nconn = sqlite3")
    printed = project.matrix("--migration-checks=schema", "-k", "0005..0006")
    assert "migrate.py makes no progress for 1 s" in printed.text, printed.text


def test_what_is_latest_is_all_that_a_command_without_a_target_knows(tmp_path: Path) -> None:
    """Old shapes, and what was latest at an earlier release, are upgraded straight to it."""
    project = tried(tmp_path, UNTOLD)
    old = project.path / "fixtures/snapshots/0000+old.db"
    old.parent.mkdir(parents=True)
    with closing(sqlite3.connect(old)) as conn:
        conn.executescript(
            "CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL);"
            "INSERT INTO notes (title) VALUES ('one'), ('two'); PRAGMA user_version = 1"
        )
    good = project.released().matrix()
    assert good.code == 0, good.text
    assert "2 snapshots, 1 migration: 7 ok" in good.text
    project.edit("migrate.py", "}\nparser", SEVENTH)
    grown = project.released().matrix()
    assert grown.code == 0, grown.text
    assert "migrate 0002..0002 by migrate.py, 3 snapshots" in grown.text
    assert project.run("pmd-migrations", "check").code == 0
    project.edit("migrate.py", "DEFAULT 0;", "DEFAULT 1;")
    edited = project.matrix()
    assert ("0002", "frozen") in edited.failed, edited.text
    assert "0000+old" in edited.text
    assert "migrate.py no longer does what it did at release" in edited.text
