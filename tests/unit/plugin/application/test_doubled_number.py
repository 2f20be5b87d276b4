"""Two files of one number: the one is accused that the lock file does not know."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.application.doubled_number import accuse_newcomer
from pytest_pmd_migrations.errors import DoubledNumberError
from pytest_pmd_migrations.snapshots.lock_file import (
    LockFile,
    VersionLine,
    text_digest,
    write_lock_file,
)
from pytest_pmd_migrations.sources import resolve_source

RUNNER = """
class MigrationRunner:
    def __init__(self, conn):
        self.conn = conn

    def run_migrations(self, target=None):
        self.conn.execute(f"PRAGMA user_version = {target}")
"""


def refused(folder: Path, names: list[str]) -> DoubledNumberError:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"CREATE TABLE t{len(name)}(a);\n")
    with pytest.raises(DoubledNumberError) as caught:
        resolve_source(folder.name, root=folder.parent)
    return caught.value


def lock_line(path: Path, file: str, *, version: int = 2, released: bool = False) -> None:
    line = VersionLine(file, "sha256:0", "sha256:0", {}, released)
    write_lock_file(path / "frozen.toml", LockFile({version: line}))


@pytest.mark.parametrize("known", ["0002_ours.sql", "0002_theirs.sql"])
def test_the_file_that_the_lock_file_does_not_know_is_accused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["0001_a.sql", "0002_ours.sql", "0002_theirs.sql", "0003_c.sql"]
    error = refused(tmp_path / "sql", names)
    other = next(name for name in names if "0002" in name and name != known)
    lock_line(tmp_path, known)
    new = other.replace("0002", "0004")
    assert str(accuse_newcomer(error, tmp_path)) == (
        f"{other} has the number of {known}, which frozen.toml has as stored 0002. Give {other} the"
        f" next free number: git mv sql/{other} sql/{new}"
    )


def test_a_package_with_a_runner_of_its_own_is_told_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "twice_numbered"
    package.mkdir()
    (package / "__init__.py").write_text(RUNNER)
    for name in ("20260101_a.sql", "20260101_b.sql"):
        (package / name).write_text("SELECT 1;\n")
    with pytest.raises(DoubledNumberError) as caught:
        resolve_source("twice_numbered", root=tmp_path)
    lock_line(tmp_path, "20260101_b.sql", version=20260101, released=True)
    assert str(accuse_newcomer(caught.value, tmp_path)) == (
        "20260101_a.sql has the number of 20260101_b.sql, which frozen.toml has as released"
        " 20260101. Give 20260101_a.sql the next free number: git mv twice_numbered/20260101_a.sql"
        " twice_numbered/20260102_a.sql"
    )


def test_where_the_lock_file_knows_neither_the_newer_is_left_to_a_person(tmp_path: Path) -> None:
    error = refused(tmp_path / "sql", ["0001_a.sql", "0002_ours.sql", "0002_theirs.sql"])
    assert str(accuse_newcomer(error, tmp_path)) == str(error)
    lock_line(tmp_path, "0002_gone.sql")
    assert str(accuse_newcomer(error, tmp_path)) == str(error)
    assert "its number is taken by 0002_ours.sql" in str(error)
    (tmp_path / "frozen.toml").write_text("<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    in_merge = str(accuse_newcomer(error, tmp_path))
    assert "frozen.toml has a merge conflict in line 1. Take all snapshots of the side" in in_merge


def test_a_renamed_file_is_known_by_its_text(tmp_path: Path) -> None:
    error = refused(tmp_path / "sql", ["0001_a.sql", "0002_ours.sql", "0002_theirs.sql"])
    text = (tmp_path / "sql/0002_theirs.sql").read_bytes()
    line = VersionLine("0002_was.sql", text_digest(text), "sha256:0", {})
    write_lock_file(tmp_path / "frozen.toml", LockFile({2: line}))
    assert str(accuse_newcomer(error, tmp_path)).startswith(
        "0002_ours.sql has the number of 0002_theirs.sql, which frozen.toml has as stored 0002."
    )


def test_other_files_that_begin_with_a_digit_hinder_no_answer(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "2024-01_notes.txt").write_text("")
    error = refused(folder, ["0002_a.sql", "0002_bb.sql"])
    lock_line(tmp_path, "0002_a.sql")
    assert "0003_bb.sql" in str(accuse_newcomer(error, tmp_path))
