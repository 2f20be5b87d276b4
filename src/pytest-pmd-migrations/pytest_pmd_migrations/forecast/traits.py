"""Find out what makes a step slow: it rewrites a table, builds an index, runs Python once a row.

A small file is upgraded with all its rows and with half of them: what is done twice as often is
done for each row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_pmd_migrations.application.application import Application
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.forecast.counted_upgrade import Counted, count_upgrade
from pytest_pmd_migrations.messages.wording import folded_names, shown_path

__all__ = ["RowsInFile", "Trait", "TraitKind", "beyond_linear", "find_traits"]

TraitKind = Literal["rewrite", "index", "python", "transaction", "vacuum", "beyond"]

RowsInFile = tuple[Path, int]
"""A filled file, and how many rows its largest table has."""

_VACUUM = re.compile(r"\bVACUUM\b(?!\s*=)", re.IGNORECASE)
_COMMENTS = re.compile(r"--[^\n]*|#[^\n]*|/\*.*?\*/", re.DOTALL)
_PART = 0.5

_HELPS: dict[TraitKind, str] = {
    "rewrite": (
        "change the rows in batches, by several steps or by the application later on; a column with"
        " a default needs no rewriting"
    ),
    "index": (
        "build the index in a step of its own, after the rows are filled; index only the rows that"
        " are looked for (CREATE INDEX ... WHERE ...)"
    ),
    "python": "let one statement of SQL do it, by a function that Python gives SQLite if need be",
    "transaction": (
        "split the step in several, each with a transaction of its own: the log stays small, and"
        " others write in between"
    ),
    "vacuum": "leave VACUUM out: it writes the whole file twice, and needs as much room again",
    "beyond": (
        "look for a join or subquery that reads a table for each row of another"
        " (EXPLAIN QUERY PLAN says SCAN), and index its columns before"
    ),
}


@dataclass(frozen=True)
class Trait:
    """One thing that a step does which takes time: its kind, what exactly, and what helps."""

    kind: TraitKind
    text: str

    @property
    def helps(self) -> str:
        """What usually helps."""
        return _HELPS[self.kind]


def find_traits(
    application: Application, version: int, *, large: RowsInFile, small: RowsInFile
) -> tuple[Trait, ...]:
    """Return what a step does to two files, of which the second has half of the rows."""
    (path, rows), (half, fewer) = large, small
    more = count_upgrade(application, path, version, rows=rows)
    less = count_upgrade(application, half, version, rows=fewer)
    if more is None or less is None:
        return ()
    return tuple(_traits(application, version, more, less))


def _traits(
    application: Application, version: int, large: Counted, small: Counted
) -> Iterator[Trait]:
    yield from _of_tables(large, small)
    yield from _of_python(application, large, small, version)
    if _runs_vacuum(application, version):
        yield Trait("vacuum", "runs VACUUM, which rewrites the whole file")
    if _holds_one_transaction(large, small):
        yield Trait("transaction", "holds one transaction over everything")


def beyond_linear(growth: str) -> Trait:
    """Return the trait of a step whose seconds grow with the square of its rows."""
    return Trait(
        "beyond", f"grows with {growth}: ten times as many rows take a hundred times as long"
    )


def _holds_one_transaction(large: Counted, small: Counted) -> bool:
    """Return whether a step that writes for each row does not commit more often for more of them.

    False where that cannot be told.
    """
    if large.transactions is None or small.transactions is None:
        return False
    writes = any(table.written >= _PART * table.rows for table in large.tables)
    return (writes or bool(large.indexes)) and large.transactions <= small.transactions


def _of_tables(large: Counted, small: Counted) -> Iterator[Trait]:
    fewer = {table.table: table.rows for table in small.tables}
    for table in large.tables:
        if table.written < _PART * table.rows or fewer.get(table.table, 0) >= table.rows:
            continue
        how = "makes it anew" if table.anew else f"changes {table.written} of {table.rows} rows"
        yield Trait("rewrite", f"rewrites the table {table.table}: {how}")
    by_table: dict[str, list[str]] = {}
    for index, name in large.indexes:
        by_table.setdefault(name, []).append(index)
    for name, indexes in by_table.items():
        what = "the index" if len(indexes) == 1 else "the indexes"
        yield Trait("index", f"builds {what} {folded_names(indexes)} on {name}")


def _of_python(
    application: Application, large: Counted, small: Counted, version: int
) -> Iterator[Trait]:
    """Yield the code that is run once a row: the migration's own, else that which runs the most."""
    rows = large.rows - small.rows
    more = {
        code: count - small.calls.get(code, 0)
        for code, count in large.calls.items()
        if count - small.calls.get(code, 0) >= _PART * rows
    }
    if not rows or not more:
        return
    own = application.location(version).path
    code = max(more, key=lambda one: (Path(one[0]) == own, more[one]))
    file, name, line = code
    times = max(1, round(more[code] / rows))
    where = f"{shown_path(Path(file))}:{line}" if Path(file).is_file() else file
    calls = "1 call" if times == 1 else f"{times} calls"
    yield Trait("python", f"runs Python once a row: {calls} by {name} ({where})")


def _runs_vacuum(application: Application, version: int) -> bool:
    try:
        text = application.text(version).decode(errors="replace")
    except SourceError:
        return False
    return _VACUUM.search(_COMMENTS.sub(" ", text)) is not None
