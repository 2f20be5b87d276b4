"""Run one upgrade of a small file and count what a measured one must not be slowed down by."""

from __future__ import annotations

import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.faults.child_process import Tell, child_doing
from pytest_pmd_migrations.forecast.filled_file import copied_file
from pytest_pmd_migrations.forecast.measured_upgrade import upgrade_file
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["Calls", "Counted", "RowsTouched", "count_upgrade"]

Calls = dict[tuple[str, str, int], int]
"""How often code called something: by file, function and its first line."""

_PATIENCE = 600.0
_VERSIONS = slice(18, 20)
_CHANGES = slice(24, 28)
_LEGACY = b"\x01\x01"


@dataclass(frozen=True)
class RowsTouched:
    """What a step did to a table's rows: how many it wrote, and whether it made the table anew."""

    table: str
    rows: int
    written: int
    anew: bool


@dataclass(frozen=True)
class Counted:
    """What an upgrade of a file did whose largest table has ``rows``.

    ``calls`` are those of Python, ``transactions`` is None where it is not known, ``indexes`` are
    names with their tables.
    """

    rows: int
    calls: Calls
    transactions: int | None
    tables: tuple[RowsTouched, ...]
    indexes: tuple[tuple[str, str], ...]


def count_upgrade(application: Application, path: Path, to: int, *, rows: int) -> Counted | None:
    """Upgrade a copy of the file at ``path``; None where the step fails.

    It has a rollback journal, whose transactions the file counts.
    """
    with copied_file(path) as copy:
        with copy.open("r+b") as file:
            file.seek(_VERSIONS.start)
            file.write(_LEGACY)
        changes = _changes(copy)

        def work(tell: Tell) -> None:
            calls: Counter[CodeType] = Counter()
            sys.setprofile(_counting(calls))
            try:
                upgrade_file(application, copy, to)
            except BaseException:
                return
            finally:
                sys.setprofile(None)
            tell(
                "ran",
                {(c.co_filename, c.co_qualname, c.co_firstlineno): n for c, n in calls.items()},
            )

        with child_doing(work, takes_children=True) as child:
            word, calls = child.read(_PATIENCE)
        if word != "ran":
            return None
        after = _changes(copy)
        known = changes is not None and after is not None
        transactions = (after or 0) - (changes or 0) if known else None
        with closing(sqlite3.connect(copy)) as conn:
            conn.execute("ATTACH ? AS before", (str(path),))
            touched, indexes = tuple(_touched(conn)), tuple(_new_indexes(conn))
            return Counted(rows, calls, transactions, touched, indexes)


def _counting(calls: Counter[CodeType]) -> Any:  # noqa: ANN401 - as sys.setprofile has it
    def count(frame: FrameType, event: str, _argument: object) -> None:
        if event in ("call", "c_call"):
            calls[frame.f_code] += 1

    return count


def _changes(path: Path) -> int | None:
    """Return a file's counter of transactions; None where it has a write-ahead log."""
    with path.open("rb") as file:
        header = file.read(_CHANGES.stop)
    if header[_VERSIONS] != _LEGACY:
        return None
    return int.from_bytes(header[_CHANGES], "big")


def _touched(conn: sqlite3.Connection) -> Iterator[RowsTouched]:
    """Yield the tables that are there before and after, if the step wrote their rows."""
    roots = (
        "SELECT s.name, s.rootpage FROM {0}.sqlite_schema AS s JOIN pragma_table_list AS l"
        " ON l.name = s.name AND l.schema = '{0}' AND l.type = 'table' WHERE s.type = 'table'"
    )
    before = dict(conn.execute(roots.format("before")).fetchall())
    for name, root in conn.execute(roots.format("main")).fetchall():
        if name not in before or name.startswith("sqlite_"):
            continue
        try:
            (rows,) = conn.execute(f"SELECT count(*) FROM main.{quote(name)}").fetchone()
            written = rows if before[name] != root else _changed(conn, name)
        except sqlite3.Error:
            # It needs a function or collation that only the application has.
            continue
        if written:
            yield RowsTouched(name, rows, written, before[name] != root)


def _changed(conn: sqlite3.Connection, name: str) -> int:
    """Return how many rows a table has now that it had not before; new columns by default."""
    table = quote(name)
    new = conn.execute(f"PRAGMA main.table_info({table})").fetchall()
    old = {fold(str(row[1])) for row in conn.execute(f"PRAGMA before.table_info({table})")}
    now = ", ".join(quote(str(row[1])) for row in new)
    then = ", ".join(
        quote(str(row[1])) if fold(str(row[1])) in old else (str(row[4]) if row[4] else "NULL")
        for row in new
    )
    sql = f"SELECT {now} FROM main.{table} EXCEPT SELECT {then} FROM before.{table}"
    (rows,) = conn.execute(f"SELECT count(*) FROM ({sql})").fetchone()
    return int(rows)


def _new_indexes(conn: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """Yield the indexes that the step built on tables that stayed: name and table."""
    roots = "SELECT tbl_name, name, rootpage FROM {}.sqlite_schema WHERE type = 'index'"
    before = set(conn.execute(roots.format("before")).fetchall())
    for table, name, root in conn.execute(roots.format("main")).fetchall():
        if (table, name, root) not in before and not name.startswith("sqlite_autoindex_"):
            yield str(name), str(table)
