"""Try an upgrade on a copy, and describe what it does to the schema and to the rows."""

from __future__ import annotations

import difflib
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pmd.store.files.copying import CopyProgress, copy_database
from pmd.store.files.opening import open_for_reading, refuse_foreign
from pmd.store.files.soundness import refuse_damaged
from pmd.store.migrations import Migration, MigrationRunner
from pmd.store.migrations.database_errors import database_error
from pmd.store.migrations.runner import Progress

__all__ = ["Rehearsal", "rehearse", "working_copy"]

_OBJECTS = """
SELECT type, name, sql FROM sqlite_schema
WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
ORDER BY type, name
"""
_TABLES = """
SELECT name FROM pragma_table_list
WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY name
"""


@dataclass(frozen=True)
class Rehearsal:
    """Tells what an upgrade would do: its steps, the objects it changes, the rows of each table.

    `objects` are lines such as "added table tags"; `sql` is the unified difference of their SQL.
    `rows` maps each table to its rows before and after, None where there is no such table.
    """

    before: int
    after: int
    steps: tuple[str, ...]
    objects: tuple[str, ...]
    sql: tuple[str, ...]
    rows: Mapping[str, tuple[int | None, int | None]]


def rehearse(
    file: Path,
    *,
    target: int | None = None,
    timeout: float,
    progress: Progress,
    copy_progress: CopyProgress,
) -> Rehearsal:
    """Take the missing steps on a passing copy of the file; the file itself is only read.

    Raises what an upgrade would.
    """
    steps: list[Migration] = []

    def remember(migration: Migration, number: int, total: int) -> None:
        steps.append(migration)
        progress(migration, number, total)

    with working_copy(file, timeout=timeout, progress=copy_progress) as connection:
        refuse_foreign(connection, str(file))
        refuse_damaged(connection, f"the database {file}")
        runner = MigrationRunner(connection)
        before, objects, rows = _describe(connection)
        runner.run_migrations(target, progress=remember)
        after, new_objects, new_rows = _describe(connection)
    return Rehearsal(
        before,
        after,
        tuple(f"{step.version:04d} {step.load().description}" for step in steps),
        tuple(_changed(objects, new_objects)),
        tuple(_difference(objects, new_objects, before, after)),
        {table: (rows.get(table), new_rows.get(table)) for table in sorted({*rows, *new_rows})},
    )


@contextmanager
def working_copy(
    file: Path, *, timeout: float, progress: CopyProgress | None = None
) -> Iterator[sqlite3.Connection]:
    """Yield a connection to a copy of the database in a temporary folder, gone afterwards.

    Raises DatabasePathError or a MigrationError where the file cannot be read.
    """
    with (
        tempfile.TemporaryDirectory(prefix="pmd-") as folder,
        closing(sqlite3.connect(Path(folder, "copy.db"), isolation_level=None)) as copy,
    ):
        # Nobody will miss it after a crash.
        copy.execute("PRAGMA synchronous = OFF")
        with closing(open_for_reading(file, timeout=timeout)) as source:
            try:
                # A read lock that was waited for, which the copy then need not wait for.
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
                copy_database(source, copy, progress=progress)
            except sqlite3.Error as error:
                raise database_error(source, error) from error
        yield copy


_Objects = dict[tuple[str, str], str]


def _describe(connection: sqlite3.Connection) -> tuple[int, _Objects, dict[str, int]]:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    objects = {(kind, name): sql for kind, name, sql in connection.execute(_OBJECTS)}
    rows = {}
    for (table,) in connection.execute(_TABLES).fetchall():
        quoted = '"' + table.replace('"', '""') + '"'
        rows[table] = int(connection.execute(f"SELECT count(*) FROM {quoted}").fetchone()[0])
    return version, objects, rows


def _changed(before: _Objects, after: _Objects) -> Iterator[str]:
    for kind, name in sorted({*before, *after}):
        key = (kind, name)
        if key not in before:
            yield f"added   {kind} {name}"
        elif key not in after:
            yield f"dropped {kind} {name}"
        elif before[key] != after[key]:
            yield f"changed {kind} {name}"


def _difference(before: _Objects, after: _Objects, old: int, new: int) -> Iterator[str]:
    for key in sorted({*before, *after}):
        one, other = before.get(key, ""), after.get(key, "")
        if one != other:
            lines = difflib.unified_diff(
                one.splitlines(),
                other.splitlines(),
                f"{' '.join(key)} (version {old})" if one else "nothing",
                f"{' '.join(key)} (version {new})" if other else "nothing",
                lineterm="",
            )
            yield from lines
