"""Small applications written into a folder, and imports that end with the test."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.sources import resolve_source

RUNNER = """
import importlib
class MigrationRunner:
    def __init__(self, conn):
        self.conn = conn
    def run_migrations(self, target=None):
        for number in (1, 2):
            current = self.conn.execute("PRAGMA user_version").fetchone()[0]
            if current < number <= (target or 2):
                module = importlib.import_module(f"{__name__}.{NAMES[number]}")
                module.up(self.conn)
                self.conn.execute(f"PRAGMA user_version = {number}")
NAMES = {1: "0001_one", 2: "0002_two"}
"""


@pytest.fixture(autouse=True)
def clean_imports() -> Iterator[None]:
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.partition(".")[0] in {"shop", "other"}:
            del sys.modules[name]


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def package(root: Path, runner: str = RUNNER) -> Path:
    return write(
        root,
        {
            "shop/__init__.py": "",
            "shop/migrations/__init__.py": runner,
            "shop/migrations/0001_one.py": (
                "VERSION = 1\nDESCRIPTION = 'one'\n\n\n"
                "def up(conn):\n    conn.execute('CREATE TABLE one(a)')\n"
            ),
            "shop/migrations/0002_two.py": (
                "VERSION = 2\nDESCRIPTION = 'two'\nDELETES = {'one': ('a IS NULL', 'empty')}\n"
                "CHANGES = {'one.a': ('1', 'trimmed')}\nMOVES = {'one.a': 'two.a'}\n"
                "def up(conn):\n    conn.execute('CREATE TABLE IF NOT EXISTS two(a)')\n"
            ),
        },
    )


def message(text: str, root: Path) -> str:
    with pytest.raises(SettingError) as caught:
        resolve_source(text, root=root)
    return str(caught.value)


def tables(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith("sqlite_")]
