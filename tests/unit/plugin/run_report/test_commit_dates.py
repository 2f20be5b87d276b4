"""What a migration's file is for, and when it came into the repository, asked of a real git."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from pytest_pmd_migrations.git import asking
from pytest_pmd_migrations.run_report.commit_dates import added_dates
from pytest_pmd_migrations.run_report.written_migration import described

from tests.every import for_every


def git(folder: Path, *arguments: str, day: str = "2026-01-01") -> None:
    moment = f"{day}T12:00:00Z"
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    env = {**os.environ, "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
    subprocess.run(["git", *who, *arguments], cwd=folder, env=env, check=True, capture_output=True)


@for_every(
    "name, text, words",
    [
        ("0001_a.py", 'VERSION = 1\nDESCRIPTION = "Add notes"\n', "Add notes"),
        ("0001_a.py", 'DESCRIPTION: str = "Add\\x1b notes\\nand more"\n', "Add\\x1b notes"),
        ("0001_a.py", f'"""{"x" * 300}"""\nDESCRIPTION = 7\n', f"{'x' * 197}..."),
        ("0001_add_notes.py", "def up(db: pass", "add notes"),
        ("0001-add-notes.sql", "DESCRIPTION = 'x'", "add notes"),
    ],
)
def test_a_migration_s_file_says_what_it_is_for(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert described(path) == words


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_file_has_the_day_of_the_commit_that_added_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "repository/project"
    folder = project / "db"
    folder.mkdir(parents=True)
    git(tmp_path, "init", "-q", "repository")
    names = ["0001_eins.sql", "0002_zw\u00f6lf drei.sql", "0003_moved.sql", "0004_back.sql"]
    first, second, moved, back = (folder / name for name in names)
    days = {first: "2026-01-02", second: "2026-01-03", folder / "old.sql": "2026-01-04"}
    for path, day in {**days, back: "2026-01-05"}.items():
        path.write_text(f"-- {path.name}\n")
        git(project, "add", ".")
        git(project, "commit", "-q", "-m", "Add\n\n\x01 2020-01-01", day=day)
    (folder / "old.sql").rename(moved)
    back.unlink()
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "Move", day="2026-01-06")
    back.write_text("-- back\n")
    first.write_text("-- changed\n")
    git(project, "add", ".")
    git(project, "commit", "-q", "-m", "Take back", day="2026-01-07")
    unknown = folder / "0005_new.sql"
    unknown.write_text("-- new\n")
    files = [first, second, moved, back, unknown]
    days = dict(zip(files, ["2026-01-02", "2026-01-03", "2026-01-06", "2026-01-07"], strict=False))
    assert added_dates(files, project) == days
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{tmp_path}/repository", "shallow")
    shallow = tmp_path / "shallow/project"
    assert added_dates([shallow / "db" / first.name], shallow) == {}
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.sql").touch()
    assert added_dates([outside / "a.sql"], outside) == {}
    assert added_dates([], project) == {}
    monkeypatch.setattr(asking, "_SECONDS", 0.0)
    assert added_dates(files, project) == {}
    monkeypatch.setenv("PATH", str(outside))
    assert added_dates(files, project) == {}
