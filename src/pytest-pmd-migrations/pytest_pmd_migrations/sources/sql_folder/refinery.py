"""Refinery: versioned scripts, with checksums that it insists on; looked at: 0.9.1."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect, as_mark
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import REFINERY_MODULE
from pytest_pmd_migrations.sources.sql_folder.numbered_scripts import LARGEST, refuse_doubled
from pytest_pmd_migrations.sources.sql_folder.script import Script
from pytest_pmd_migrations.sources.sql_folder.sip_hash import sip_hash

__all__ = ["Refinery"]

_NAME = re.compile(r"(?P<kind>[UV])(?P<version>\d+)__(?P<name>\w+)\.sql")
_SMALL = 2**31
"""Versions are 32-bit numbers unless refinery is built for larger ones."""


class Refinery(Dialect):
    """One row a migration, with a hash of its name, version and text."""

    name = "refinery"
    table = "refinery_schema_history"
    create = """\
CREATE TABLE IF NOT EXISTS refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
"""
    applies = "highest"
    when_edited = (
        "refinery refuses every database that has it: applied migration is different than"
        " filesystem one"
    )
    files = "V1__initial.sql"

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the scripts by their versions; a migration in Rust cannot be run."""
        for path in sorted(folder.path.rglob("*.rs")):
            if REFINERY_MODULE.fullmatch(path.name):
                raise SourceError(
                    f"{folder.named}: {folder.shown(path)} is a migration in Rust, which"
                    " cannot be run here;"
                    " expected SQL scripts alone. Name a source of your own, or a command"
                )
        found = []
        for path in folder.scripts_below():
            match = _NAME.fullmatch(path.name)
            if match is None:
                continue
            version, text = int(match["version"]), folder.text(path)
            if version > LARGEST:
                raise SourceError(f"{folder.named}: {path.name} has a number over {LARGEST}")
            label = f"{match['kind']}{match['version']}"
            found.append(Script(label, version, path, text, text, description=match["name"]))
        return refuse_doubled(sorted(found, key=lambda script: int(script.mark)), folder)

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Add a row."""
        sql = (
            "INSERT INTO refinery_schema_history (version, name, applied_on, checksum)"
            " VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?)"
        )
        conn.execute(sql, (script.mark, script.description, _checksum(script)))

    def altered(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Mapping[str, str]:
        """Return the scripts whose checksum is another one."""
        rows = query_rows(conn, "SELECT version, checksum FROM refinery_schema_history")
        kept = {as_mark(version): str(checksum) for version, checksum in rows}
        return {
            script.label: "refinery: the applied migration is different than the filesystem one"
            for script in scripts
            if script.mark in kept and kept[script.mark] != _checksum(script)
        }


def _checksum(script: Script) -> str:
    """Return the hash as refinery takes it: of Rust values, each text with a byte behind it."""
    version = int(script.mark)
    return str(
        sip_hash(
            script.description.encode()
            + b"\xff"
            + version.to_bytes(4 if version < _SMALL else 8, "little")
            + script.whole.encode()
            + b"\xff"
        )
    )
