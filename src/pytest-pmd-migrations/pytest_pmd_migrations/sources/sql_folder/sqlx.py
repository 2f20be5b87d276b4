"""sqlx: numbered scripts, with checksums that it insists on; looked at: v0.8.6, 0.9.0-alpha.1."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect, as_mark
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.numbered_scripts import numbered, refuse_doubled
from pytest_pmd_migrations.sources.sql_folder.script import Script

__all__ = ["Sqlx"]

_REFUSED = "sqlx: migration {} was previously applied but has been modified"
_NO_TRANSACTION = "-- no-transaction"


class Sqlx(Dialect):
    """One row a migration, with the SHA-384 of its text; whatever has none is applied."""

    name = "sqlx"
    table = "_sqlx_migrations"
    create = """\
CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
"""
    when_edited = (
        "sqlx refuses every database that has it: previously applied but has been modified"
    )
    files = "20240101120000_initial.sql"
    foreign_keys = True
    goes_down = True

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the scripts that go up, by their numbers."""
        found = []
        for path, number, name in numbered(folder):
            if name.endswith(".down"):
                continue
            text = folder.text(path)
            stem = name.removesuffix(".up")
            down = folder.text_beside(path, f"{number}_{stem}.down.sql")
            found.append(
                Script(
                    label=number,
                    mark=int(number),
                    path=path,
                    up=text,
                    whole=text,
                    in_transaction=not text.startswith(_NO_TRANSACTION),
                    description=stem.replace("_", " "),
                    down=down,
                    down_in_transaction=not down.startswith(_NO_TRANSACTION),
                )
            )
        return refuse_doubled(sorted(found, key=lambda script: int(script.mark)), folder)

    def applied(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Sequence[str]:
        """Return what was applied; refuse a database that a script left half done."""
        failed = query_rows(conn, "SELECT version FROM _sqlx_migrations WHERE success = 0 LIMIT 1")
        if failed:
            raise SourceError(
                f"_sqlx_migrations has {failed[0][0]} as failed, and sqlx refuses the database."
                " Mend it and delete that row, or store another database"
            )
        return super().applied(conn, scripts)

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Add a row; what it took to run is not measured."""
        sql = (
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)"
            " VALUES (?, ?, TRUE, ?, -1)"
        )
        conn.execute(sql, (script.mark, script.description, _checksum(script)))

    def altered(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Mapping[str, str]:
        """Return the scripts whose checksum is another one."""
        rows = query_rows(conn, "SELECT version, checksum FROM _sqlx_migrations")
        kept = {as_mark(version): checksum for version, checksum in rows}
        return {
            script.label: _REFUSED.format(script.mark)
            for script in scripts
            if script.mark in kept and kept[script.mark] != _checksum(script)
        }


def _checksum(script: Script) -> bytes:
    return hashlib.sha384(script.whole.encode()).digest()
