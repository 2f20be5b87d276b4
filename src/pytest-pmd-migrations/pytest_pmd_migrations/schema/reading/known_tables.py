"""Keep what was read of tables, since most are the same in many versions of a schema.

What PRAGMAs tell of a table, and what is parsed, follows from the rows that sqlite_schema has of it
and of its indexes, and for a foreign key from those of its parent. In double quotes stands a name
or a string: which one hangs on more than that, so that nothing is kept of such a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from pytest_pmd_migrations.schema.reading.catalog import Entry
from pytest_pmd_migrations.schema.values import SchemaObject

__all__ = ["Rows", "keep_table", "known_table", "rows_by_table"]

Rows = tuple[tuple[Entry, ...], ...]
"""The rows of sqlite_schema about a table and its indexes, then those about its parents."""

_WORD = re.compile(r"\w+")
_MOST = 8192
_KNOWN: dict[Rows, tuple[SchemaObject, ...]] = {}


def rows_by_table(entries: Iterable[Entry]) -> Mapping[str, Rows]:
    """Return the rows that a table's objects follow from, by its name, where they do."""
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.type in ("table", "index"):
            found.setdefault(entry.table, []).append(entry)
    own = {name: tuple(rows) for name, rows in found.items()}
    by_name = {name.lower(): rows for name, rows in own.items()}
    return {name: (rows, *_parents(rows, by_name)) for name, rows in own.items() if _is_plain(rows)}


def known_table(rows: Rows) -> tuple[SchemaObject, ...] | None:
    """Return the objects of a table and its indexes; None where they were not read yet."""
    return _KNOWN.get(rows)


def keep_table(rows: Rows, objects: Sequence[SchemaObject]) -> None:
    """Keep the objects of a table and its indexes."""
    if len(_KNOWN) >= _MOST:
        _KNOWN.pop(next(iter(_KNOWN)))
    _KNOWN[rows] = tuple(objects)


def _is_plain(rows: Sequence[Entry]) -> bool:
    return rows[0].type == "table" and not any('"' in row.sql for row in rows)


def _parents(
    rows: Sequence[Entry], by_name: Mapping[str, tuple[Entry, ...]]
) -> Iterator[tuple[Entry, ...]]:
    """Yield the rows of the tables that a foreign key may name; more where in doubt."""
    text = rows[0].sql.lower()
    if "references" in text:
        words = _words(text)
        for name, parent in by_name.items():
            if name in words or not _WORD.fullmatch(name):
                yield parent


@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text))
