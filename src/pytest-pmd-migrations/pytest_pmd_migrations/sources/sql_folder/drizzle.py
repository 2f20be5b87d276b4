"""Drizzle: a journal gives the order; looked at: drizzle-orm 0.45.3."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import DRIZZLE_JOURNAL
from pytest_pmd_migrations.sources.sql_folder.numbered_scripts import refuse_doubled
from pytest_pmd_migrations.sources.sql_folder.script import Script
from pytest_pmd_migrations.sources.sql_folder.statements import statements

__all__ = ["Drizzle"]

_BREAKPOINT = "--> statement-breakpoint"


class Drizzle(Dialect):
    """One row a migration, known by the moment it was generated; what is later is applied."""

    name = "drizzle"
    table = "__drizzle_migrations"
    column = "created_at"
    create = """\
CREATE TABLE IF NOT EXISTS "__drizzle_migrations" (
				id SERIAL PRIMARY KEY,
				hash text NOT NULL,
				created_at numeric
			);
"""
    applies = "highest"
    files = "0000_initial.sql and meta/_journal.json"

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the scripts in the order of the journal."""
        path = folder.path / DRIZZLE_JOURNAL
        if not path.is_file():
            raise SourceError(
                f"{folder.named}: {DRIZZLE_JOURNAL} is not there, which tells drizzle the order"
            )
        entries = _entries(folder, folder.text(path))
        return refuse_doubled([_read(folder, tag, when) for tag, when in entries], folder)

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Add a row."""
        digest = hashlib.sha256(script.whole.encode()).hexdigest()
        sql = 'INSERT INTO __drizzle_migrations ("hash", "created_at") VALUES (?, ?)'
        conn.execute(sql, (digest, script.mark))


def _entries(folder: SqlFolder, journal: str) -> list[tuple[str, int]]:
    """Return the tag and the moment of each migration.

    Raises SourceError where the journal is not as drizzle-kit writes it.
    """
    try:
        found: object = json.loads(journal)
    except ValueError as error:
        raise _unreadable(folder, f"it is no JSON: {error}") from error
    entries = found.get("entries") if isinstance(found, dict) else None
    if not isinstance(entries, list):
        raise _unreadable(folder, 'it has no list "entries"')
    return [_entry(folder, number, entry) for number, entry in enumerate(entries)]


def _entry(folder: SqlFolder, number: int, entry: object) -> tuple[str, int]:
    tag, when = (entry.get("tag"), entry.get("when")) if isinstance(entry, dict) else (None, None)
    if not isinstance(tag, str) or type(when) is not int:
        raise _unreadable(folder, f"its entry {number} is {entry!r}")
    return tag, when


def _unreadable(folder: SqlFolder, why: str) -> SourceError:
    return SourceError(
        f"{folder.named}: {DRIZZLE_JOURNAL} cannot be read: {why}; expected"
        ' {"entries": [{"tag": "0000_initial", "when": 1700000000000}]}. Restore it'
    )


def _read(folder: SqlFolder, tag: str, when: int) -> Script:
    path: Path = folder.path / f"{tag}.sql"
    if not path.is_file():
        raise SourceError(
            f"{folder.named}: {DRIZZLE_JOURNAL} names {tag}, and there is no {tag}.sql. Restore it"
        )
    text = folder.text(path)
    pieces = text.split(_BREAKPOINT)
    _refuse_pieces(folder, path, pieces)
    # Each piece is a statement, which need not end with a semicolon.
    up = "\n;\n".join(piece.strip() for piece in pieces)
    return Script(tag, when, path, up, text)


def _refuse_pieces(folder: SqlFolder, path: Path, pieces: Sequence[str]) -> None:
    """Raise SourceError where a piece is no single statement.

    Of several, better-sqlite3 runs none and raises, and libsql runs the first alone, in silence;
    for none, both raise (better-sqlite3 12.11, @libsql/client 0.18).
    """
    line = 1
    for piece in pieces:
        found = list(statements(piece))
        if len(found) != 1:
            first = line + piece[: len(piece) - len(piece.lstrip())].count("\n")
            where = f"{folder.named}: {path.name}, line {first if found else line}"
            if found:
                raise SourceError(
                    f"{where}: {len(found)} statements without {_BREAKPOINT} between them, which"
                    " drizzle hands to the driver as one: better-sqlite3 refuses that, and libsql"
                    " runs the first alone. Write a line with it between them"
                )
            raise SourceError(
                f"{where}: no statement before the next {_BREAKPOINT} or the end, which makes"
                " drizzle's drivers fail. Take out that line, or the script"
            )
        line += piece.count("\n")
