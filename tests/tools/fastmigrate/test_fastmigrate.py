"""A project of fastmigrate, from nothing to the matrix in three commands, and what is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.tried_project import TriedProject

PROJECT = Path(__file__).parent / "projects/notes"
VERSIONS = {f"000{number}" for number in range(1, 7)}

pytest.importorskip("fastmigrate", reason="fastmigrate is not installed")


@pytest.fixture
def project(tmp_path: Path) -> TriedProject:
    found = TriedProject(PROJECT, tmp_path)
    printed = found.run("pmd-migrations", "init")
    assert printed.text == (
        "found    fastmigrate:migrations  fastmigrate\n"
        'wrote    pyproject.toml  migration_source = "fastmigrate:migrations"\n'
        "next     pmd-migrations snapshot\n"
    )
    return found.released()


def test_six_steps_are_green_but_for_what_no_runner_without_transactions_can_be(
    project: TriedProject,
) -> None:
    """It commits between the statements of a script, and sets the version in another transaction."""
    printed = project.matrix("-n2")
    assert "migrations 0001..0006 by fastmigrate" in printed.text
    assert "6 failed, 24 passed" in printed.text, printed.text
    assert {check for _, check in printed.failed} == {"atomic"}
    assert "0004-tag-notes.py is not atomic: torn by crash" in printed.text


def test_an_edited_script_alone_is_blamed(project: TriedProject) -> None:
    project.edit("migrations/0002-add-pinned.sql", "DEFAULT 0", "DEFAULT 1")
    printed = project.matrix("--migration-checks=frozen")
    assert printed.failed == {("0002", "frozen")}, printed.text
    assert "0002-add-pinned.sql was edited after release" in printed.text


def test_what_fastmigrate_only_prints_is_the_reason(project: TriedProject) -> None:
    (project.path / "migrations/0007-twice.sql").write_text("CREATE TABLE notes (id);\n")
    (project.path / "migrations/0008-raises.py").write_text("raise SystemExit('no way')\n")
    printed = project.matrix("--migration-checks=schema", "-k", "0006..0008")
    assert (
        "the step to 0007 raised RunnerFailedError: Error executing SQL script" in printed.text
    ), printed.text
    assert "table notes already exists" in printed.text
    (project.path / "migrations/0007-twice.sql").write_text("CREATE TABLE more (id);\n")
    printed = project.matrix("--migration-checks=schema", "-k", "0006..0008")
    assert "no way" in printed.text, printed.text
    unmanaged = project.path / "fixtures/snapshots/0000+old.db"
    unmanaged.write_bytes((project.path / "precious.db").read_bytes())
    printed = project.matrix("--migration-checks=schema", "-k", "0000+old")
    assert "This is because it is not managed by fastmigrate" in printed.text, printed.text


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("0002-again.sql", "", "fastmigrate refuses the folder: Duplicate migration version 2"),
        ("config.py", "", "gives fastmigrate a database of its own"),
    ],
)
def test_a_folder_that_cannot_be_run_is_one_line(
    tmp_path: Path, name: str, text: str, told: str
) -> None:
    project = TriedProject(PROJECT, tmp_path)
    (project.path / "migrations" / name).write_text(text)
    assert project.run("pmd-migrations", "init").code == 0
    printed = project.run("pmd-migrations", "snapshot")
    assert (printed.code, printed.text.count("\n")) == (2, 1)
    assert told in printed.text


def test_a_folder_without_scripts_is_one_line(tmp_path: Path) -> None:
    project = TriedProject(PROJECT, tmp_path)
    (project.path / "empty").mkdir()
    for folder, told in (("empty", "finds no script there"), ("gone", "is no folder")):
        (project.path / "pyproject.toml").unlink(missing_ok=True)
        project.run("pmd-migrations", "init", "--source", f"fastmigrate:{folder}")
        printed = project.run("pmd-migrations", "snapshot")
        assert (printed.code, printed.text.count("\n")) == (2, 1)
        assert told in printed.text
