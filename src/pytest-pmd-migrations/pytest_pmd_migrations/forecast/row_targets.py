"""How many rows each table is to have, and how large their values are."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.errors import SettingError
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["LikeFile", "RowTargets", "read_like"]

_READ = 2_000
_WAL = 2
_READ_VERSION = 19


@dataclass(frozen=True)
class LikeFile:
    """What a database that is like those of users has: all that is read of it.

    ``counts`` are the rows of each table, ``lengths`` how long the texts and BLOBs of a column are,
    by table and column, all in lower case.
    """

    counts: Mapping[str, int]
    lengths: Mapping[tuple[str, str], int]
    page_size: int
    journal_mode: str


@dataclass(frozen=True)
class RowTargets:
    """The rows that tables are to have where the largest one has ``rows`` of them.

    ``counts`` are those of single tables, in lower case; each other one has ``rows`` too, or none
    more than are stored where ``others`` says so.
    """

    rows: int
    counts: Mapping[str, int] = field(default_factory=dict)
    others: bool = True
    lengths: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of(self, table: str, rows: int) -> int:
        """Return how many rows a table is to have where the largest one has ``rows``."""
        known = self.counts.get(fold(table))
        if known is None:
            return rows if self.others else 0
        return -(-known * rows // self.rows)


def read_like(path: Path, ignore: Collection[str] = ()) -> LikeFile:
    """Read a database's numbers of rows, sizes of values, page size and journal mode.

    It is opened for reading only and never written to; of each table some rows are looked at.
    Raises SettingError where it cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_READ_VERSION + 1)
        with closing(_read_only(path)) as conn:
            tables = list_tables(conn, ignore=tuple(ignore))
            counts = {name: _count(conn, table.name) for name, table in tables.items()}
            lengths = {
                (name, fold(column)): size
                for name, table in tables.items()
                for column, size in _lengths(conn, table.name, table.columns).items()
            }
            (page_size,) = conn.execute("PRAGMA page_size").fetchone()
    except (OSError, sqlite3.Error) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise SettingError(
            f"--like {shown_path(path)} cannot be read: {said}; expected a database of SQLite"
        ) from error
    mode = "wal" if header[_READ_VERSION:] == bytes([_WAL]) else "delete"
    return LikeFile(counts, lengths, int(page_size), mode)


def _read_only(path: Path) -> sqlite3.Connection:
    """Open a database so that not even its write-ahead log or an index of it is written.

    One with a log that holds rows is read with it, which needs the index beside it.
    """
    log = path.with_name(f"{path.name}-wal")
    has_log = log.exists() and log.stat().st_size > 0
    mode = "mode=ro" if has_log else "mode=ro&immutable=1"
    conn = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
    conn.execute("PRAGMA query_only = ON")
    return conn


def _count(conn: sqlite3.Connection, table: str) -> int:
    return int(conn.execute(f"SELECT count(*) FROM {quote(table)}").fetchone()[0])


def _lengths(conn: sqlite3.Connection, table: str, columns: Collection[str]) -> dict[str, int]:
    """Return how long the texts and BLOBs of each column are that has any."""
    if not columns:
        return {}
    terms = ", ".join(
        f"round(avg(CASE WHEN typeof({quote(one)}) IN ('text', 'blob')"
        f" THEN length({quote(one)}) END))"
        for one in columns
    )
    row = conn.execute(f"SELECT {terms} FROM (SELECT * FROM {quote(table)} LIMIT {_READ})")
    found = zip(columns, row.fetchone(), strict=True)
    return {column: int(size) for column, size in found if size is not None}
