"""Prisma Migrate: a folder for each migration; looked at: the schema engine of 7.0."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping, Sequence
from uuid import UUID

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import PRISMA_SCRIPT
from pytest_pmd_migrations.sources.sql_folder.script import Script

__all__ = ["Prisma"]

_WHOLE_CHECKSUM = 64
_NOW = "CAST(strftime('%s', 'now') AS INTEGER) * 1000"


class Prisma(Dialect):
    """One row a migration, with the SHA-256 of its text; whatever is not finished is refused.

    Its engine runs a script as it stands, outside of a transaction.
    """

    name = "prisma"
    table = "_prisma_migrations"
    column = "migration_name"
    create = """\
CREATE TABLE "_prisma_migrations" (
    "id"                    TEXT PRIMARY KEY NOT NULL,
    "checksum"              TEXT NOT NULL,
    "finished_at"           DATETIME,
    "migration_name"        TEXT NOT NULL,
    "logs"                  TEXT,
    "rolled_back_at"        DATETIME,
    "started_at"            DATETIME NOT NULL DEFAULT current_timestamp,
    "applied_steps_count"   INTEGER UNSIGNED NOT NULL DEFAULT 0
);
"""
    when_edited = (
        "prisma migrate deploy warns of it on every database that has it, and prisma migrate dev"
        " asks to reset it"
    )
    files = "20240101120000_initial/migration.sql"
    foreign_keys = True

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the scripts in the order of their folders' names."""
        found = []
        for inner in folder.folders:
            path = inner / PRISMA_SCRIPT
            if not path.is_file():
                raise SourceError(
                    f"{folder.named}: {inner.name} has no {PRISMA_SCRIPT}, which prisma insists on"
                )
            text = folder.text(path)
            found.append(Script(inner.name, inner.name, path, text, text, in_transaction=False))
        return found

    def applied(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Sequence[str]:
        """Return what was finished; refuse a database in which a script stopped half-way."""
        failed = query_rows(
            conn,
            "SELECT migration_name FROM _prisma_migrations"
            " WHERE finished_at IS NULL AND rolled_back_at IS NULL LIMIT 1",
        )
        if failed:
            raise SourceError(
                f"_prisma_migrations has {failed[0][0]} as failed, and prisma refuses the database"
                " (P3009). Resolve it: prisma migrate resolve. Or store another database"
            )
        return super().applied(conn, scripts)

    def marks(self, conn: sqlite3.Connection) -> Sequence[int | str]:
        """Return the names of what was finished and not rolled back."""
        sql = (
            "SELECT migration_name FROM _prisma_migrations"
            " WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL"
        )
        return [str(row[0]) for row in query_rows(conn, sql)]

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Add a row."""
        sql = (
            "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at,"
            f" applied_steps_count) VALUES (?, ?, ?, {_NOW}, {_NOW}, 1)"
        )
        conn.execute(sql, (_id_of(script), _checksum(script.whole), script.mark))

    def altered(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Mapping[str, str]:
        """Return the scripts whose checksum is another one, however their lines end."""
        sql = "SELECT migration_name, checksum FROM _prisma_migrations WHERE rolled_back_at IS NULL"
        kept = {str(name): str(checksum) for name, checksum in query_rows(conn, sql)}
        return {
            script.label: "prisma: the migration was modified after it was applied"
            for script in scripts
            if script.label in kept and not _is_of(script.whole, kept[script.label])
        }


def _id_of(script: Script) -> str:
    """Return a script's id; Prisma throws dice for it, of which its users would be told here."""
    return str(UUID(_checksum(script.label)[:32], version=4))


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _is_of(text: str, checksum: str) -> bool:
    if len(checksum) != _WHOLE_CHECKSUM:
        # Engines of before 2021 left out zeros.
        return True
    unix = text.replace("\r\n", "\n")
    return checksum in map(_checksum, (text, unix, text.replace("\n", "\r\n")))
