"""golang-migrate: a file for each direction, one row for the version; looked at: v4.19.1."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect, as_mark
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import UP_SCRIPT
from pytest_pmd_migrations.sources.sql_folder.numbered_scripts import refuse_doubled
from pytest_pmd_migrations.sources.sql_folder.script import Script

__all__ = ["GolangMigrate"]


class GolangMigrate(Dialect):
    """The table has the version that the database is at: all up to it was applied."""

    name = "golang-migrate"
    table = "schema_migrations"
    create = """\
CREATE TABLE IF NOT EXISTS schema_migrations (version uint64,dirty bool);
  CREATE UNIQUE INDEX IF NOT EXISTS version_unique ON schema_migrations (version);
"""
    objects = ("version_unique",)
    applies = "highest"
    files = "000001_initial.up.sql"
    goes_down = True

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the scripts that go up, by their numbers."""
        found = []
        for path in folder.files:
            match = UP_SCRIPT.fullmatch(path.name)
            if match is not None:
                text, number = folder.text(path), match["number"]
                down = folder.text_beside(path, f"{number}_{match['name']}.down.sql")
                found.append(Script(number, int(number), path, text, text, down=down))
        return refuse_doubled(sorted(found, key=lambda script: int(script.mark)), folder)

    def applied(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Sequence[str]:
        """Return all that the version includes; refuse a database that a script left half done."""
        rows = query_rows(conn, "SELECT version, dirty FROM schema_migrations LIMIT 1")
        if not rows:
            return []
        version, dirty = as_mark(rows[0][0]), rows[0][1]
        labels = {script.mark: script.label for script in scripts}
        if dirty:
            raise SourceError(
                f"schema_migrations has version {labels.get(version, version)} as dirty: a script"
                " stopped half-way, and golang-migrate refuses the database. Mend it, and say so:"
                " migrate force VERSION. Or store another database"
            )
        if version not in labels:
            return [str(version)]
        return [script.label for script in scripts if int(script.mark) <= int(version)]

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Let the version be that of the script."""
        conn.execute("DELETE FROM schema_migrations")
        sql = "INSERT INTO schema_migrations (version, dirty) VALUES (?, 0)"
        conn.execute(sql, (script.mark,))

    def forget(self, conn: sqlite3.Connection, script: Script, before: Script | None) -> None:  # noqa: ARG002 - there is one row
        """Let the version be the one before."""
        conn.execute("DELETE FROM schema_migrations")
        if before is not None:
            self.take_note(conn, before)
