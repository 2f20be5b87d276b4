"""Look through a schema whose objects are known already, before SQLite is asked about them again.

Virtual tables hang on what their modules say, and views may lead to more tables than SQLite comes
to an end with: where there are such, it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.layout import KNOWN_LAYOUT, Layout, StoredObject
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["Objects", "TableText", "are_named", "can_be_named", "objects_of", "ordinary_tables"]

Objects = tuple[StoredObject, ...]
"""The rows of sqlite_schema, in their order."""

_OF_SQLITE = "sqlite_"


class TableText(NamedTuple):
    """An ordinary table by all that SQLite reads it from.

    ``text`` is its name, its SQL and, of each of its indexes, the name and the SQL.
    """

    name: str
    text: tuple[object, ...]


def objects_of(shown: Image | Layout | None) -> Objects | None:
    """Return the objects of a database's schema where they are known, else None."""
    layout = shown.known.get(KNOWN_LAYOUT) if isinstance(shown, Image) else shown
    return layout.objects if isinstance(layout, Layout) else None


@lru_cache(maxsize=16)
def ordinary_tables(objects: Objects) -> dict[str, TableText] | None:
    """Return the tables of a schema by name in lower case, without SQLite's own.

    None where SQLite has to be asked: of a virtual table, and of several views.
    """
    tables = [one for one in objects if one.type == "table"]
    views = [one for one in objects if one.type == "view"]
    if len(views) > 1 or not all(one.root for one in tables):
        return None
    indexes: dict[str, list[tuple[str, str | None]]] = {}
    for one in objects:
        if one.type == "index":
            indexes.setdefault(one.table, []).append((one.name, one.sql))
    found: dict[str, TableText] = {}
    for one in tables:
        lower = fold(one.name)
        if not lower.startswith(_OF_SQLITE):
            text = one.name, str(one.sql), *indexes.get(one.name, ())
            found[lower] = TableText(one.name, text)
    return found


@lru_cache(maxsize=16)
def are_named(objects: Sequence[StoredObject]) -> bool:
    """Return whether Python can name all objects of a schema, and what their SQL names."""
    return all(can_be_named(one.name) and can_be_named(one.sql or "") for one in objects)


def can_be_named(name: str) -> bool:
    """Return whether SQL can name a table or column: Python hands SQLite no text but UTF-8."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)
