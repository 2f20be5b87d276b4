"""A small project as data: its files, what its owner does to it, and what is then run."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

SETTINGS = '[tool.pytest.ini_options]\nmigration_source = "migrations"\n'
SNAPSHOTS = "fixtures/snapshots"
ALL_CHECKS = ("-m", "migration")
ALL_COMMANDS = ("check", "declare", "snapshot", "release")
STORING = ("snapshot", "release")


@dataclass(frozen=True)
class Files:
    """Files written by their names; one without a text is deleted."""

    texts: Mapping[str, str | None]


@dataclass(frozen=True)
class Command:
    """A call of `pmd-migrations`, whose answer is recorded."""

    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Variant:
    """A copy of the stored database of a version, changed by SQL and then byte by byte."""

    name: str
    sql: str
    old: bytes = b""
    new: bytes = b""


@dataclass(frozen=True)
class Act:
    """Anything else that is done to the project's folder."""

    act: Callable[[Path], object]


Stage = Files | Command | Variant | Act

SNAPSHOT = Command(("snapshot",))
RELEASE = Command(("release",))


@dataclass(frozen=True)
class Project:
    """A project that begins with what `write` puts into its folder, and goes through `stages`.

    Then come `runs`, the arguments of each run of pytest, and `commands` of `pmd-migrations`; with
    `anew` all snapshots are also built from none.
    """

    name: str
    stages: tuple[Stage, ...] = ()
    write: Callable[[Path], None] | None = None
    settings: str = SETTINGS
    runs: tuple[tuple[str, ...], ...] = (("--migration-matrix", *ALL_CHECKS),)
    commands: tuple[str, ...] = ALL_COMMANDS
    anew: bool = False

    def begin(self, folder: Path) -> None:
        """Write what the project begins with into its empty folder."""
        if self.settings:
            (folder / "pyproject.toml").write_text(self.settings, encoding="utf-8")
        if self.write is not None:
            self.write(folder)


def steps(*scripts: str, first: int = 1) -> Files:
    """Return the files of migrations of these numbers, each one SQL script."""
    return Files(
        {f"migrations/{n:04}_step.sql": f"{sql}\n" for n, sql in enumerate(scripts, start=first)}
    )


def modules(*bodies: str, first: int = 1) -> Files:
    """Return the files of migrations of these numbers, each the body of a Python function `up`."""
    return Files(
        {
            f"migrations/{n:04}_step.py": f'VERSION = {n}\nDESCRIPTION = "step"\n\n\ndef up(db):\n'
            + "".join(f"    {line}\n" for line in body.splitlines())
            for n, body in enumerate(bodies, start=first)
        }
    )


def enact(stage: Files | Variant | Act, folder: Path) -> None:
    """Do to the project's folder what the stage says."""
    if isinstance(stage, Files):
        for name, text in stage.texts.items():
            path = folder / name
            if text is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return
    if isinstance(stage, Act):
        stage.act(folder)
        return
    path = folder / SNAPSHOTS / f"{stage.name}.db"
    shutil.copy(folder / SNAPSHOTS / f"{stage.name.partition('+')[0]}.db", path)
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(stage.sql)
    if stage.old:
        path.write_bytes(path.read_bytes().replace(stage.old, stage.new))
