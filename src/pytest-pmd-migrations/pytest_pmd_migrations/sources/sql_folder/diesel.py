"""Diesel: a folder for each migration; looked at: diesel_migrations 2.3.2."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Sequence
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import DIESEL_SCRIPT
from pytest_pmd_migrations.sources.sql_folder.numbered_scripts import refuse_doubled
from pytest_pmd_migrations.sources.sql_folder.script import Script

__all__ = ["Diesel"]

_METADATA = "metadata.toml"


class Diesel(Dialect):
    """One row a migration, named by what stands before the first ``_`` without its hyphens."""

    name = "diesel"
    table = "__diesel_schema_migrations"
    create = """\
CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
"""
    files = "2024-01-01-120000_initial/up.sql"
    goes_down = True

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the scripts in the order of their ids as texts."""
        found = [
            _read(folder, inner)
            for inner in folder.folders
            if any(not path.name.startswith(".") for path in inner.iterdir())
        ]
        return refuse_doubled(sorted(found, key=lambda script: str(script.mark)), folder)

    def marks(self, conn: sqlite3.Connection) -> Sequence[int | str]:
        """Return the versions as text, which they are whatever their digits."""
        return [str(mark) for mark in super().marks(conn)]

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Add a row."""
        sql = "INSERT INTO __diesel_schema_migrations (version) VALUES (?)"
        conn.execute(sql, (script.mark,))


def _read(folder: SqlFolder, inner: Path) -> Script:
    path = inner / DIESEL_SCRIPT
    if not path.is_file():
        raise SourceError(f"{folder.named}: {inner.name} has no up.sql, which diesel insists on")
    text, version = folder.text(path), inner.name.partition("_")[0].replace("-", "")
    if not text:
        raise SourceError(f"{folder.named}: {folder.shown(path)} is empty, which diesel refuses")
    whole = _in_transaction(inner, folder)
    return Script(
        version,
        version,
        path,
        text,
        text,
        in_transaction=whole,
        down_in_transaction=whole,
        down=folder.text_beside(path, "down.sql"),
    )


def _in_transaction(inner: Path, folder: SqlFolder) -> bool:
    """Return what metadata.toml says; one that says nothing of it means no, as diesel reads it."""
    metadata = inner / _METADATA
    if not metadata.is_file():
        return True
    try:
        said = tomllib.loads(folder.text(metadata))
    except tomllib.TOMLDecodeError:
        # Diesel takes one that it cannot read for none.
        return True
    return bool(said.get("run_in_transaction", False))
