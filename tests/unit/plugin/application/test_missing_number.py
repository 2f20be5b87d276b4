"""A number that is missing between others: where the file went, and what puts it right."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_pmd_migrations.application.missing_number import explain_gap
from pytest_pmd_migrations.errors import MissingNumberError
from pytest_pmd_migrations.snapshots.lock_file import (
    LockFile,
    VersionLine,
    text_digest,
    write_lock_file,
)
from pytest_pmd_migrations.sources import resolve_source

from tests.unit.plugin.application.test_doubled_number import RUNNER

MODULE = (
    "VERSION = {}\nDESCRIPTION = 'Tags'\n\n\ndef up(db):\n    db.execute('CREATE TABLE tags(a)')\n"
)


def lock(folder: Path, versions: dict[int, tuple[str, str]]) -> None:
    """Write a lock file that has these files and texts as released."""
    lines = {
        version: VersionLine(file, text_digest(text.encode()), "sha256:0", {}, released=True)
        for version, (file, text) in versions.items()
    }
    write_lock_file(folder / "frozen.toml", LockFile(lines))


@pytest.fixture
def explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Write these files, ask for the source, and return what is said of the gap."""
    monkeypatch.chdir(tmp_path)

    def explain(name: str, files: dict[str, str]) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text)
        with pytest.raises(MissingNumberError) as caught:
            resolve_source(name, root=tmp_path)
        return str(explain_gap(caught.value, tmp_path))

    return explain


def test_a_renumbered_file_is_known_by_its_text(tmp_path: Path, explained) -> None:
    lock(tmp_path, {1: ("0001_a.sql", "SELECT 1;"), 2: ("0002_tags.py", MODULE.format(2))})
    files = {"0001_a.sql": "SELECT 1;", "0003_b.sql": "SELECT 3;", "0004_tags.py": MODULE.format(4)}
    assert explained("sql", files) == (
        "0002_tags.py was renumbered to 0004_tags.py, and so 0002 is missing, which frozen.toml has"
        " as released. Give it its number back: git mv sql/0004_tags.py sql/0002_tags.py"
    )


def test_a_file_that_is_gone_is_restored(tmp_path: Path, explained) -> None:
    lock(tmp_path, {2: ("0002_tags.sql", "SELECT 2;")})
    assert explained("sql", {"0001_a.sql": "SELECT 1;", "0003_b.sql": "SELECT 3;"}) == (
        "0002_tags.sql is missing, which frozen.toml has as released 0002, and 0003_b.sql comes"
        " next. Restore it: git checkout HEAD -- sql/0002_tags.sql"
    )


def test_a_number_that_was_never_given_is_that_of_the_file_behind_it(
    tmp_path: Path, explained
) -> None:
    lock(tmp_path, {1: ("0001_a.sql", "SELECT 1;")})
    files = {"__init__.py": RUNNER, "0001_a.sql": "SELECT 1;", "0003_b.sql": "SELECT 3;"}
    assert explained("gapped_runner", files) == (
        "no migration has the number 0002, and 0003_b.sql comes next, which frozen.toml does not"
        " know. Restore the missing file, or give that one its number:"
        " git mv gapped_runner/0003_b.sql gapped_runner/0002_b.sql"
    )


def test_where_the_lock_file_knows_only_what_comes_next_nothing_is_guessed(
    tmp_path: Path, explained
) -> None:
    lock(tmp_path, {3: ("0003_b.sql", "SELECT 3;")})
    said = explained("sql", {"0001_a.sql": "SELECT 1;", "0003_b.sql": "SELECT 3;"})
    assert said.endswith(
        "0003_b.sql: version 0002 is missing before it; expected it after 0001_a.sql. Restore the"
        " missing file, or renumber this one."
    )
