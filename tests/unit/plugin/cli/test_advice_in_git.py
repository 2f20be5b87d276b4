"""The commands that messages suggest, run as they are printed, in a repository of a real git."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.every import for_every
from tests.unit.plugin.cli.conftest import FIRST, SECOND, THIRD, Project

Make = Callable[..., Project]
Releases: TypeAlias = dict[frozenset[tuple[Path, bytes]], dict[Path, bytes]]

SQL, STORED = "db/sql", "fixtures/snapshots"
FOURTH = "CREATE TABLE links(id INTEGER PRIMARY KEY, url TEXT);\n"
COMMIT = "git add -A && git commit -qm done"
SWAP = f"cd {SQL} && git mv {{0}} x && git mv {{1}} {{0}} && git mv x {{1}}"
WHO = ("AUTHOR", "COMMITTER")
IN_ORDER = "3 versions, 3 snapshots: all in order\n"

DAMAGES = {
    "two exchange their numbers, under one name": (
        SWAP.format("0002_step.sql", "0003_step.sql"),
        [
            r"git mv \S+/0002_step.sql \S+/0004_step.sql && git mv \S+/0003_step.sql \S+",
            r"git mv \S+/0004_step.sql \S+/0003_step.sql",
        ],
    ),
    "one takes the number of another, under its own name": (
        f"cd {SQL} && git mv 0003_step.sql 0002_late.sql && git mv 0002_step.sql 0003_step.sql",
        [
            r"git mv \S+/0003_step.sql \S+/0002_step.sql",
            r"git mv \S+/0002_late.sql \S+/0003_step.sql",
        ],
    ),
    "one takes the number of another, and git is not told": (
        f"cd {SQL} && mv 0003_step.sql 0002_late.sql && mv 0002_step.sql 0003_late.sql",
        [
            r"mv \S+/0003_late.sql \S+/0002_step.sql",
            r"mv \S+/0002_late.sql \S+/0003_step.sql",
        ],
    ),
    "the newest is removed": (f"git rm -q {SQL}/0003*", [r"git checkout HEAD -- \S+0003_step.sql"]),
    "the newest is removed, and that committed": (
        f"git rm -q {SQL}/0003* && {COMMIT}",
        [r"git checkout \w{7,} -- \S+0003_step.sql"],
    ),
    "one between others is removed, and that committed": (
        f"git rm -q {SQL}/0002* && {COMMIT}",
        [r"git checkout \w{7,} -- \S+0002_step.sql"],
    ),
    "a snapshot is removed, and that committed": (
        f"git rm -q {STORED}/0002.db && {COMMIT}",
        [r"git checkout \w{7,} -- \S+0002.db"],
    ),
    "a snapshot is removed by a merge": (
        "git switch -qc other && git commit -qm a --allow-empty && git switch -q -"
        " && git commit -qm b --allow-empty && git merge -q --no-ff --no-commit other"
        f" && git rm -q {STORED}/0002.db && {COMMIT}",
        [r"git checkout \w{7,} -- \S+0002.db"],
    ),
    "one of the folders of migrations is removed, and that committed": (
        f"git rm -qr {SQL}/2_folder && {COMMIT}",
        [r"git checkout \w{7,} -- \S+/sql/2_folder/migration.sql"],
    ),
    "the last one of two folders is removed": (
        f"git rm -qr {SQL}/3_folder",
        [r"git checkout HEAD -- \S+/sql/3_folder/migration.sql"],
    ),
    "a folder gets another number": (
        f"git mv {SQL}/2_folder {SQL}/4_folder",
        [r"git mv \S+/sql/4_folder \S+/sql/2_folder"],
    ),
    "one that was never released is removed": (
        f"git rm -q {SQL}/0004*",
        [r"rm \S+/0004.db \S+/0004.sql", "pmd-migrations snapshot"],
    ),
    "and its snapshot, but for the text": (
        f"git rm -q {SQL}/0004* {STORED}/0004.db",
        ["pmd-migrations snapshot", r"rm \S+/0004.sql"],
    ),
    "a snapshot in a folder with a blank is removed": (
        "rm 'the snapshots/0002.db'",
        ["git checkout HEAD -- 'the snapshots/0002.db'"],
    ),
    "the lock file is removed": (
        f"rm {STORED}/frozen.toml",
        [r"git checkout HEAD -- \S+frozen.toml"],
    ),
}


def shell(made: Project, command: str) -> None:
    who = {
        f"GIT_{who}_{what}": "a" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    env = {**os.environ, **who, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["sh", "-ec", command], cwd=made.path, env=env, check=True, capture_output=True)


def follow(made: Project, text: str) -> str:
    """Run the first command of a message that changes something, and return it.

    What has no snapshot yet gets one at the end, when all else is mended.
    """
    text = re.sub(r"(?m)^\d+ has no snapshot.*\n(?=.)", "", text)
    found = re.search(r"(?:(?:git )?mv |git checkout |pmd-migrations snapshot|\brm ).*", text)
    assert found is not None, text
    command = found[0].removesuffix(" (pyproject.toml)")
    if command == "pmd-migrations snapshot":
        assert made.run("snapshot")[0] == 0
    else:
        shell(made, command)
    return command


@pytest.fixture
def releases() -> Releases:
    """What each release wrote, by the files that there were before it."""
    return {}


def release(made: Project, releases: Releases) -> None:
    """Store and release a project, or copy what one of the same files got."""
    before = made.all_files()
    if before not in releases:
        assert made.run("snapshot")[0] == made.run("release")[0] == 0
        releases[before] = dict(made.all_files() - before)
    for name, content in releases[before].items():
        (made.path / name).parent.mkdir(parents=True, exist_ok=True)
        (made.path / name).write_bytes(content)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@for_every("damage, commands", DAMAGES.values(), ids=DAMAGES)
def test_what_is_suggested_mends_what_was_damaged(
    project: Make,
    releases: Releases,
    damage: str,
    commands: list[str],
) -> None:
    for name in ("db", "fixtures", "the snapshots", ".git"):
        shutil.rmtree(name, ignore_errors=True)
    blank = "the snapshots" in damage
    made = project(settings='migration_snapshots = "the snapshots"\n' if blank else "")
    name = "{}_folder/migration.sql" if "_folder" in damage else "000{}_step.sql"
    for number, script in enumerate((FIRST, SECOND, THIRD), 1):
        made.write(f"db/sql/{name.format(number)}", script)
    release(made, releases)
    lock = made.path / "the snapshots/frozen.toml" if blank else made.lock
    released = lock.read_text()
    if "0004" in damage:
        made.write("db/sql/0004_step.sql", FOURTH)
        assert made.run("snapshot")[0] == 0
    shell(made, f"git init -q . && {COMMIT}")
    shell(made, damage)
    for command in commands:
        code, text = made.run("check")
        assert code != 0
        assert "edited after release" not in text
        assert re.fullmatch(command, follow(made, text))
    assert made.run("check") == (0, IN_ORDER)
    assert lock.read_text() == released
    if blank:
        shutil.copy(lock.parent / "0002.db", lock.parent / "0002+late.db")
        assert made.run("snapshot")[0] == 0
        for name in ("0002+late.db", "0002+late.sql"):
            (lock.parent / name).unlink()
        mend = 'Put it back, or take [snapshots."0002+late"] out of frozen.toml'
        assert made.run("check") == (1, f"snapshot 0002+late is gone.  {mend}\n")
        tables = re.split(r"(?m)^(?=\[)", lock.read_text())
        lock.write_text("".join(one for one in tables if not one.startswith('[snapshots."0002+')))
        assert made.run("check") == (0, IN_ORDER)
