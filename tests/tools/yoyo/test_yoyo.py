"""A project of yoyo, from nothing to the matrix in three commands, and what is found."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.yoyo import make_source

from tests.every import for_every
from tests.tools.tried_project import TriedProject

PROJECT = Path(__file__).parent / "projects/notes"
# What is to be judged without the faults, of which there are more than a thousand.
QUICK = "--migration-checks=schema,data,again,frozen"

LockTimeout = pytest.importorskip(
    "yoyo.exceptions", reason="yoyo-migrations is not installed"
).LockTimeout


@pytest.fixture
def project(tmp_path: Path) -> TriedProject:
    found = TriedProject(PROJECT, tmp_path, files=("precious.db", "notes.db"))
    printed = found.run("pmd-migrations", "init")
    assert printed.text == (
        "found    yoyo:migrations  yoyo\n"
        'wrote    pyproject.toml  migration_source = "yoyo:migrations"\n'
        "next     pmd-migrations snapshot\n"
    )
    return found.released()


def test_six_steps_are_green_and_a_killed_run_locks_all_later_ones_out(
    project: TriedProject,
) -> None:
    good = project.matrix("-n2", QUICK)
    assert good.code == 0, good.text
    assert "migrations 0001..0006 by yoyo" in good.text
    assert "6 snapshots, 6 migrations: 24 ok" in good.text
    found = project.matrix("--migration-checks=atomic", "-k", "0002")
    assert found.failed == {("0002", "atomic")}, found.text
    assert "0002-add-pinned.py is not atomic: wedged by crash" in found.text
    assert "a plain retry raises LockTimeout: Process" in found.text
    assert "Not tried" not in found.text


def test_an_edited_migration_alone_is_blamed(project: TriedProject) -> None:
    project.edit("migrations/0002-add-pinned.py", "NOT NULL DEFAULT 0", "NOT NULL DEFAULT 1")
    printed = project.matrix("--migration-checks=frozen")
    assert printed.failed == {("0002", "frozen")}, printed.text
    assert "0002-add-pinned.py was edited after release" in printed.text


def test_a_migration_without_a_transaction_is_torn(tmp_path: Path) -> None:
    """Without one, a step stands before the next one: but for the lock, a retry meets it."""
    project = TriedProject(PROJECT, tmp_path)
    script = project.path / "migrations/0005-rebuild-tags.sql"
    script.write_text("-- transactional: false\n" + script.read_text())
    project.run("pmd-migrations", "init")
    printed = project.released().matrix("--migration-checks=atomic", "-k", "0005")
    assert printed.failed == {("0005", "atomic")}, printed.text
    assert "torn" in printed.text, printed.text


def test_a_migration_that_is_inserted_after_release_takes_the_next_number(
    project: TriedProject,
) -> None:
    (project.path / "migrations/0001a-colours.sql").write_text(
        "-- depends: 0001-create-notes\nCREATE TABLE colours (id INTEGER PRIMARY KEY);\n"
    )
    printed = project.matrix(QUICK)
    assert "0007 0001a-colours" in printed.text, printed.text
    assert not {row for row, _ in printed.failed} - {"0007"}, printed.text


def test_a_step_goes_down_where_yoyo_can(project: TriedProject) -> None:
    printed = project.matrix("-o", "migration_down=true", "--migration-checks=down", "-rs")
    assert "6 snapshots, 6 migrations: 1 ok, 5 none" in printed.text, printed.text
    assert "0004-tag-notes has no rollback step" in printed.text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("-- depends: gone\nSELECT 1;\n", "Could not resolve dependencies"),
        ("-- depends: 0007-odd\nSELECT 1;\n", "Dependency graph loop detected"),
    ],
)
def test_a_folder_that_cannot_be_read_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    project = TriedProject(PROJECT, tmp_path)
    (project.path / "migrations/0007-odd.sql").write_text(text)
    assert project.run("pmd-migrations", "init").code == 0
    printed = project.run("pmd-migrations", "snapshot")
    assert (printed.code, printed.text.count("\n")) == (2, 1), printed.text
    assert told in printed.text


def _made_of(root: Path, **files: str) -> Path:
    folder = root / "migrations"
    folder.mkdir()
    for name, text in files.items():
        path = root / "yoyo.ini" if name == "ini" else folder / f"0001-{name}"
        path.write_text(text)
    return root


USED = {
    "no folder": ({}, "yoyo:nowhere", r"^it is no folder: .*/nowhere does not exist$"),
    "no file": ({}, "yoyo:", r"^it: yoyo finds no migration there; expected files \.py or \.sql$"),
    "a broken ini": (
        {"a.sql": "SELECT 1;", "ini": "nothing"},
        "yoyo:migrations",
        r"^it: yoyo cannot read .*/yoyo\.ini: MissingSectionHeaderError: ",
    ),
}


@for_every("files, text, told", USED.values(), ids=USED)
def test_what_yoyo_cannot_use_is_named(
    tmp_path: Path, files: Mapping[str, str], text: str, told: str
) -> None:
    with pytest.raises(SourceError, match=told):
        make_source(text, _made_of(tmp_path, **files), "it")


def test_an_interrupt_in_a_migration_goes_through(tmp_path: Path) -> None:
    root = _made_of(tmp_path, **{"a.py": "raise KeyboardInterrupt"})
    with pytest.raises(KeyboardInterrupt):
        make_source("yoyo", root, "it")


GROUPED = """
from yoyo import group, step
steps = [group([step("CREATE TABLE t (a)", "DROP TABLE t")])]
"""


def test_steps_in_a_group_go_back_and_what_a_killed_run_left_locks_out(tmp_path: Path) -> None:
    source = make_source("yoyo", _made_of(tmp_path, **{"a.py": GROUPED}), "it")
    path = tmp_path / "app.db"
    source.upgrade_file(path, 1)
    with closing(sqlite3.connect(path)) as conn:
        assert source.applied(conn) == ["0001-a"]
        source.downgrade_file(path, 1)
        assert source.applied(conn) == []
        assert not conn.execute("SELECT 1 FROM sqlite_schema WHERE name = 't'").fetchone()
        conn.execute("INSERT INTO yoyo_lock (locked, ctime, pid) VALUES (1, '2020-01-01', -1)")
        conn.commit()
        with pytest.raises(LockTimeout):
            source.upgrade_file(path, 1)
        assert source.applied(conn) == []
