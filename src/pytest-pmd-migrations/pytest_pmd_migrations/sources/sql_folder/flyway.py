"""Flyway: versions with dots, repeatable scripts, checksums; looked at: 13.0.0."""

from __future__ import annotations

import re
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import (
    FLYWAY_REPEATABLE,
    FLYWAY_VERSIONED,
)
from pytest_pmd_migrations.sources.sql_folder.numbered_scripts import refuse_doubled
from pytest_pmd_migrations.sources.sql_folder.run_script import run_script
from pytest_pmd_migrations.sources.sql_folder.script import Script

__all__ = ["Flyway"]

_MADE = re.compile(
    r"\bCREATE\s+(?:TEMP\s+|TEMPORARY\s+|UNIQUE\s+)?(?:VIEW|TRIGGER|INDEX|TABLE)\s+"
    r"(?:IF\s+NOT\s+EXISTS\s+)?(?:\"(?P<quoted>[^\"]+)\"|`(?P<ticked>[^`]+)`|(?P<bare>\w+))",
    re.IGNORECASE,
)
_OUTSIDE_TRANSACTION = re.compile(r"^\s*PRAGMA\s+foreign_keys\b", re.IGNORECASE | re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_UNDONE = ("DELETE", "UNDO_SQL", "UNDO_SCRIPT", "UNDO_JDBC")


class Flyway(Dialect):
    """One row a run of a script, with its CRC-32; what is above the highest version is applied.

    Repeatable scripts have no version: they run after the newest one where their text changed.
    What they make is the tool's to keep up to date, and no result of a version.
    """

    name = "flyway"
    table = "flyway_schema_history"
    create = """\
CREATE TABLE "flyway_schema_history" (
    "installed_rank" INT NOT NULL PRIMARY KEY,
    "version" VARCHAR(50),
    "description" VARCHAR(200) NOT NULL,
    "type" VARCHAR(20) NOT NULL,
    "script" VARCHAR(1000) NOT NULL,
    "checksum" INT,
    "installed_by" VARCHAR(100) NOT NULL,
    "installed_on" TEXT NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f','now')),
    "execution_time" INT NOT NULL,
    "success" BOOLEAN NOT NULL
);
CREATE INDEX "main"."flyway_schema_history_s_idx" ON "flyway_schema_history" ("success");
"""
    objects = ("flyway_schema_history_s_idx",)
    applies = "highest"
    when_edited = (
        "flyway refuses every database that has it (checksum mismatch) until flyway repair is run"
        " there"
    )
    files = "V1__initial.sql"

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the versioned scripts by their versions, whatever folder below they lie in."""
        named = ((path, FLYWAY_VERSIONED.fullmatch(path.name)) for path in folder.scripts_below())
        found = [
            _script(folder, path, f"V{match['version'].replace('_', '.')}", match["name"])
            for path, match in named
            if match
        ]
        return refuse_doubled(sorted(found, key=lambda script: _parts(script.label)), folder)

    def bookkeeping(self, folder: SqlFolder) -> Sequence[str]:
        """Return the table, and what repeatable scripts make."""
        texts = (folder.glimpse(script.path) for script in _repeatables(folder))
        made = (match for text in texts for match in _MADE.finditer(text))
        names = {str(match[match.lastgroup or 0]) for match in made}
        return (*super().bookkeeping(folder), *sorted(names))

    def applied(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Sequence[str]:
        """Return what was applied; refuse a database that a script left half done."""
        labels = {script.mark: script.label for script in scripts}
        found: dict[str, str] = {}
        sql = (
            "SELECT version, type, success, script FROM flyway_schema_history"
            " WHERE version IS NOT NULL ORDER BY installed_rank"
        )
        for version, kind, success, name in query_rows(conn, sql):
            mark = _mark(str(version))
            if not success:
                raise SourceError(
                    f"flyway_schema_history has {name} as failed, and flyway refuses the database."
                    " Mend it: flyway repair. Or store another database"
                )
            if kind in _UNDONE:
                found.pop(mark, None)
            elif "BASELINE" in str(kind):
                older = [s for s in scripts if _parts(s.label) <= _parts(str(version))]
                found.update({str(script.mark): script.label for script in older})
            else:
                found[mark] = labels.get(mark, f"V{version}")
        return list(found.values())

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Add a row."""
        version = script.label.removeprefix("V") if script.mark else None
        sql = (
            "INSERT INTO flyway_schema_history (installed_rank, version, description, type, script,"
            " checksum, installed_by, execution_time, success)"
            " SELECT ifnull(max(installed_rank), 0) + 1, ?, ?, 'SQL', ?, ?, '', 0, 1"
            " FROM flyway_schema_history"
        )
        conn.execute(sql, (version, script.description, script.path.name, _checksum(script)))

    def forget(self, conn: sqlite3.Connection, script: Script, before: Script | None) -> None:  # noqa: ARG002 - as the protocol has it
        """Take the rows of that version away."""
        sql = "DELETE FROM flyway_schema_history WHERE version = ?"
        conn.execute(sql, (script.label.removeprefix("V"),))

    def altered(self, conn: sqlite3.Connection, scripts: Sequence[Script]) -> Mapping[str, str]:
        """Return the scripts whose checksum is another one."""
        sql = (
            "SELECT version, checksum FROM flyway_schema_history"
            " WHERE version IS NOT NULL AND checksum IS NOT NULL AND type = 'SQL'"
            " ORDER BY installed_rank"
        )
        kept = {_mark(str(version)): checksum for version, checksum in query_rows(conn, sql)}
        return {
            script.label: f"flyway: migration checksum mismatch for version {script.label[1:]}"
            for script in scripts
            if script.mark in kept and kept[str(script.mark)] != _checksum(script)
        }

    def finish(self, conn: sqlite3.Connection, folder: SqlFolder) -> None:
        """Run each repeatable script whose text is not the one that ran last."""
        sql = (
            "SELECT checksum FROM flyway_schema_history WHERE version IS NULL AND script = ?"
            " AND success ORDER BY installed_rank DESC LIMIT 1"
        )
        for script in _repeatables(folder):
            if query_rows(conn, sql, script.path.name) != [(_checksum(script),)]:
                run_script(conn, script, partial(self.take_note, conn, script))


def _repeatables(folder: SqlFolder) -> list[Script]:
    """Return the repeatable scripts in the order of their descriptions."""
    named = ((path, FLYWAY_REPEATABLE.fullmatch(path.name)) for path in folder.scripts_below())
    found = [_script(folder, path, path.stem, match["name"]) for path, match in named if match]
    return sorted(found, key=lambda script: script.description)


def _script(folder: SqlFolder, path: Path, label: str, name: str) -> Script:
    text = folder.text(path)
    at = text.find("${")
    if at >= 0:
        raise SourceError(
            f"{folder.named}: {folder.shown(path)}, line {text.count(chr(10), 0, at) + 1}:"
            " a placeholder"
            f" {text[at : at + 40].partition('}')[0]}}}, which only flyway replaces"
        )
    return Script(
        label=label,
        mark=_mark(label[1:]) if label.startswith("V") else "",
        path=path,
        up=text,
        whole=text,
        in_transaction=not _OUTSIDE_TRANSACTION.search(text),
        description=name.replace("_", " "),
    )


def _parts(version: str) -> tuple[int, ...]:
    """Return a version as numbers that compare as flyway does: 1.0 is 1, 1.10 comes after 1.9."""
    found = [int(part) for part in re.findall(r"\d+", version)]
    while len(found) > 1 and not found[-1]:
        found.pop()
    return tuple(found)


def _mark(version: str) -> str:
    return ".".join(map(str, _parts(version)))


def _checksum(script: Script) -> int:
    """Return the CRC-32 of a script's lines without their ends, as a signed number."""
    text = _LINE_END.sub("", script.whole.removeprefix("\ufeff"))
    crc = zlib.crc32(text.encode())
    return crc - 2**32 if crc >= 2**31 else crc
