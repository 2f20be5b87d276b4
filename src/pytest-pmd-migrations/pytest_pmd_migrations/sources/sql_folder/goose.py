"""Goose: both directions in one file, told apart by annotations; looked at: v3.27.3."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_pmd_migrations.connections.query_rows import query_rows
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect, as_mark
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import GOOSE_ANNOTATION
from pytest_pmd_migrations.sources.sql_folder.numbered_scripts import numbered, refuse_doubled
from pytest_pmd_migrations.sources.sql_folder.script import Script

__all__ = ["Goose"]

_HOW = "expected '-- +goose StatementBegin' and '-- +goose StatementEnd' around it"


class Goose(Dialect):
    """One row a migration, whose last row says whether it is applied; version 0 is always there."""

    name = "goose"
    table = "goose_db_version"
    create = """\
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, 1);
"""
    column = "version_id"
    applies = "highest"
    files = "00001_initial.sql with a line '-- +goose Up'"
    goes_down = True

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the scripts by their numbers; a migration in Go cannot be run."""
        for path in folder.files:
            if re.fullmatch(r"\d+_.*(?<!_test)\.go", path.name):
                raise SourceError(
                    f"{folder.named}: {path.name} is a migration in Go, which cannot be run"
                    " here; expected SQL"
                    " scripts alone. Name a source of your own, or a command"
                )
        found = [
            _read(folder, path, number) for path, number, _ in numbered(folder) if int(number) > 0
        ]
        return refuse_doubled(sorted(found, key=lambda script: int(script.mark)), folder)

    def marks(self, conn: sqlite3.Connection) -> Sequence[int | str]:
        """Return the versions whose last row has them as applied."""
        sql = "SELECT version_id, is_applied FROM goose_db_version ORDER BY id"
        last = {as_mark(version): applied for version, applied in query_rows(conn, sql)}
        return [version for version, applied in last.items() if applied and version != 0]

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Add a row."""
        sql = "INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)"
        conn.execute(sql, (script.mark,))


@dataclass
class _UpReader:
    """Reads a file line by line, and of each part its statements, cut as goose cuts them.

    ``line`` is that of the annotation Up, ``end`` that of Down, ``begun`` where the statement
    begins that is being read.
    """

    where: str
    folder: SqlFolder
    line: int = 0
    end: int | None = None
    in_transaction: bool = True
    ups: list[str] = field(default_factory=list)
    downs: list[str] = field(default_factory=list)
    gathered: list[str] = field(default_factory=list)
    begun: int = 0
    in_block: bool = False

    def read(self, lines: Sequence[str]) -> None:
        early = 0
        for number, line in enumerate(lines, start=1):
            found = GOOSE_ANNOTATION.match(line)
            if found is not None:
                self._annotation(found["word"].lower(), number)
            elif self.line:
                self._statement_line(line, number)
            elif not self.line and line.strip() and not line.lstrip().startswith("--"):
                early = early or number
        if not self.line:
            raise SourceError(f"{self.folder.named}: {self.where} has no line '-- +goose Up'")
        if early:
            raise self._refusal(early, "a statement before '-- +goose Up'")
        self._finish(len(lines))

    def _annotation(self, word: str, number: int) -> None:
        if word.startswith("envsub on"):
            raise self._refusal(number, "variables, which only goose replaces (ENVSUB ON)")
        if word == "no transaction":
            self.in_transaction = False
        elif word == "up":
            if self.line:
                raise self._refusal(number, "a second '-- +goose Up'")
            self.line = number
        elif word == "down":
            self._finish(number)
            self.end = number
        elif word == "statementbegin":
            self.in_block = True
        elif word == "statementend":
            self.in_block = False
            self._end_statement()

    def _statement_line(self, line: str, number: int) -> None:
        if not self.gathered and (not line.strip() or line.lstrip().startswith("--")):
            return
        if not self.gathered:
            self.begun = number
        self.gathered.append(line)
        words = line.split()
        comment = next((at for at, word in enumerate(words) if word.startswith("--")), None)
        if not self.in_block and "".join(words[:comment]).endswith(";"):
            self._end_statement()

    def _end_statement(self) -> None:
        statement = "\n".join(self.gathered).strip()
        self.gathered = []
        if not statement:
            return
        goes_down = self.end is not None
        if not sqlite3.complete_statement(f"{statement};"):
            # Goose reads what goes down when it does.
            if not goes_down:
                what = f"a statement that goose cuts at a ';' in it; {_HOW}"
                raise self._refusal(self.begun, what)
        elif not sqlite3.complete_statement(statement):
            statement += ";"
        (self.downs if goes_down else self.ups).append(statement)

    def _finish(self, number: int) -> None:
        if self.in_block:
            raise self._refusal(number, "no '-- +goose StatementEnd' after the last StatementBegin")
        if self.end is not None:
            self._end_statement()
            return
        if "".join(self.gathered).strip():
            raise self._refusal(self.begun, "a statement without a ';' at its end")

    def _refusal(self, number: int, what: str) -> Exception:
        return SourceError(f"{self.folder.named}: {self.where}, line {number}: {what}")


def _read(folder: SqlFolder, path: Path, number: str) -> Script:
    text = folder.text(path)
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    reader = _UpReader(path.name, folder)
    reader.read(lines)
    end = len(lines) if reader.end is None else reader.end - 1
    return Script(
        label=number,
        mark=int(number),
        path=path,
        up="\n".join(reader.ups),
        whole=text,
        line=reader.line,
        own_text="\n".join(lines[:end]).rstrip(),
        in_transaction=reader.in_transaction,
        down_in_transaction=reader.in_transaction,
        down="\n".join(reader.downs),
    )
