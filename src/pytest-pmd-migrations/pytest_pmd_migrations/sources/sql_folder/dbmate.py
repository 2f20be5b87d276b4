"""Dbmate: both directions in one file, told apart by comments; looked at: v2.35.0."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.sql_folder.dialect import Dialect
from pytest_pmd_migrations.sources.sql_folder.folder import SqlFolder
from pytest_pmd_migrations.sources.sql_folder.names import DBMATE_UP
from pytest_pmd_migrations.sources.sql_folder.numbered_scripts import refuse_doubled
from pytest_pmd_migrations.sources.sql_folder.script import Script

__all__ = ["Dbmate"]

_DOWN = re.compile(r"^--\s*migrate:down(?P<options>[^\S\n]+[^\n]*|[^\S\n]*)$", re.MULTILINE)
_NAME = re.compile(r"(\d+).*\.sql")


class Dbmate(Dialect):
    """One row a migration; whatever has none is applied."""

    name = "dbmate"
    table = "schema_migrations"
    create = 'CREATE TABLE IF NOT EXISTS "schema_migrations" (version varchar(128) primary key);'
    files = "20240101120000_initial.sql with a line '-- migrate:up'"
    goes_down = True

    def scripts(self, folder: SqlFolder) -> Sequence[Script]:
        """Return the scripts by their names."""
        named = ((path, _NAME.fullmatch(path.name)) for path in folder.files)
        found = [_read(folder, path, match[1]) for path, match in named if match]
        return refuse_doubled(found, folder)

    def marks(self, conn: sqlite3.Connection) -> Sequence[int | str]:
        """Return the versions as text, which they are whatever their digits."""
        return [str(mark) for mark in super().marks(conn)]

    def take_note(self, conn: sqlite3.Connection, script: Script) -> None:
        """Add a row."""
        conn.execute("INSERT INTO schema_migrations (version) VALUES (?)", (script.mark,))


def _read(folder: SqlFolder, path: Path, number: str) -> Script:
    text = folder.text(path)
    directives = list(DBMATE_UP.finditer(text))
    if not directives:
        what = "has no line '-- migrate:up'"
        if DBMATE_UP.search(text.removeprefix("\ufeff")):
            what += " for dbmate: a byte order mark stands before it. Save the script without"
        raise SourceError(f"{folder.named}: {path.name} {what}")
    before = text[: directives[0].start()].removeprefix("\ufeff").splitlines()
    if any(line.strip() and not line.lstrip().startswith("--") for line in before):
        raise SourceError(f"{folder.named}: {path.name} has a statement before '-- migrate:up'")
    ends = [*(directive.start() for directive in directives[1:]), len(text)]
    parts, downs = [], []
    for directive, end in zip(directives, ends, strict=True):
        down = _DOWN.search(text, directive.start(), end)
        if down is None:
            raise SourceError(
                f"{folder.named}: {path.name} has no line '-- migrate:down' after its up part"
            )
        parts.append(text[directive.start() : down.start()])
        downs.append((down, text[down.start() : end]))
    up = "\n".join(parts)
    return Script(
        label=number,
        mark=number,
        path=path,
        up=up,
        whole=text,
        line=text.count("\n", 0, directives[0].start()) + 1,
        own_text=up.rstrip(),
        in_transaction=not _says_none(directives),
        down_in_transaction=not _says_none([down for down, _ in downs]),
        # What went up last goes down first.
        down="\n".join(part for _, part in reversed(downs)),
    )


def _says_none(directives: Sequence[re.Match[str]]) -> bool:
    return any("transaction:false" in one["options"].split() for one in directives)
