"""Histories that tests generate: scripts that pmd's runner runs, with rows, and their snapshots."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

SETTINGS = '[tool.pytest.ini_options]\nmigration_source = "db/sql"\n'
LANGUAGE = """VERSION = 13
DESCRIPTION = "Add a language"


def up(db):
    columns = db["t1"].columns_dict
    if "language" not in columns
        db["t1"].add_column("language", str)
"""
"""A migration that lacks a colon."""

_STORED: dict[tuple[object, ...], dict[str, bytes]] = {}
"""The stored files of each history that was generated."""


def generate(
    pytester: pytest.Pytester, versions: int, planted: Mapping[int, str] | None = None
) -> None:
    """Write a history to the folder of the test, with a snapshot of each version.

    The command builds those of each history once in this process; others get a copy.
    """
    write_history(pytester.path, versions, planted)
    folder = pytester.path / "fixtures/snapshots"
    history = (versions, *sorted((planted or {}).items()))
    if history not in _STORED:
        built = pytester.run(Path(sys.executable).with_name("pmd-migrations"), "snapshot")
        assert built.ret == 0, built.outlines
        _STORED[history] = {file.name: file.read_bytes() for file in folder.iterdir()}
        return
    folder.mkdir(parents=True)
    for name, content in _STORED[history].items():
        (folder / name).write_bytes(content)


def write_history(root: Path, versions: int, planted: Mapping[int, str] | None = None) -> None:
    """Write a history and its settings to a folder.

    Every fifth step makes a table with two rows, the others add a column to the newest table,
    unless a script for it is ``planted``.
    """
    folder = root / "db/sql"
    folder.mkdir(parents=True)
    (root / "pyproject.toml").write_text(SETTINGS)
    for version in range(1, versions + 1):
        script = (planted or {}).get(version) or _script(version)
        (folder / f"{version:04d}_step.sql").write_text(script)


def _script(version: int) -> str:
    table = f"t{(version - 1) // 5 * 5 + 1}"
    if version % 5 == 1:
        return (
            f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, name TEXT, size INTEGER);\n"
            f"INSERT INTO {table} VALUES (1, 'a', 10), (2, 'b', 20);\n"
        )
    return f"ALTER TABLE {table} ADD COLUMN c{version} TEXT;\n"
