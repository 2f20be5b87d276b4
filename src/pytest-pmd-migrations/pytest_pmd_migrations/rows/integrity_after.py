"""Check a database again after a step: only what the step may have damaged.

SQLite's checks read every row. Where the database before the step was found sound, and its pages
tell which tables the step changed, these alone are checked. As soon as one is not sound, the whole
database is: what is told is the same.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.layout import Layout, StoredObject
from pytest_pmd_migrations.rows.integrity import Damages, find_damage
from pytest_pmd_migrations.rows.ordinary_schema import can_be_named
from pytest_pmd_migrations.rows.strays import Strays, count_strays, find_strays
from pytest_pmd_migrations.rows.tables import list_tables
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["Integrity", "check_integrity"]

_REFERENCES = "references"
_MOST = 100_000
_SOUND: set[int] = set()
"""The tables, with all that they hold, of which SQLite found that nothing is wrong."""


class Integrity(NamedTuple):
    """What SQLite's checks say of a database: its rows that point at nothing, and its damage."""

    strays: Strays
    damage: Damages
    layout: Layout | None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.strays.counts or self.strays.problem or self.damage.found)


def check_integrity(
    conn: sqlite3.Connection, image: Image, layout: Layout | None, before: Integrity | None
) -> Integrity:
    """Return what is wrong with a database, which ``conn`` shows and nobody writes to.

    ``before`` is what was found one step earlier, None where nothing is known of that.
    """
    changed = _changed_tables(layout, before)
    strays = _find_strays(conn, layout, before, changed)
    whole = _whole_tables(layout) if before is None else None
    if not strays.problem:
        if whole is None:
            sound = _is_sound(conn, layout, before, changed)
        else:
            sound = _are_sound(conn, {name for name in whole if whole[name] not in _SOUND})
        if sound:
            _remember(whole)
            return Integrity(strays, Damages((), strays.tables), layout)
    return Integrity(strays, find_damage(conn, image, strays=strays), layout)


def _whole_tables(layout: Layout | None) -> Mapping[str, int] | None:
    """Return what tells each table, its indexes included; None where that does not tell all.

    A virtual table has checks of its own, and each page must be of some table.
    """
    if layout is None or not layout.objects or not layout.accounts_for_all_pages:
        return None
    if any(one.type == "table" and not one.root for one in layout.objects):
        return None
    return {name: hash(whole) for name, whole in layout.whole_tables()}


def _remember(whole: Mapping[str, int] | None) -> None:
    if whole is not None:
        if len(_SOUND) > _MOST:
            _SOUND.clear()
        _SOUND.update(whole.values())


def _changed_tables(layout: Layout | None, before: Integrity | None) -> frozenset[str] | None:
    """Return the tables that are to be checked again; None where all are."""
    if layout is None or before is None or before.layout is None:
        return None
    then, now = before.layout.indexes, layout.indexes
    return layout.changed_tables(before.layout) | {
        table for table in then.keys() | now.keys() if then.get(table) != now.get(table)
    }


def _is_sound(
    conn: sqlite3.Connection,
    layout: Layout | None,
    before: Integrity | None,
    changed: frozenset[str] | None,
) -> bool:
    """Return whether nothing is damaged now; False where that takes another look."""
    if layout is None or before is None or changed is None or before.damage.found:
        return False
    if not layout.accounts_for_all_pages:
        return False
    virtual = {one.name for one in layout.objects if one.type == "table" and not one.root}
    there = {one.name for one in layout.objects if one.type == "table"}
    return not virtual & changed and _are_sound(conn, changed & there)


def _are_sound(conn: sqlite3.Connection, tables: Collection[str]) -> bool:
    """Return whether SQLite finds nothing wrong with some tables; False where it cannot say."""
    if not all(map(can_be_named, tables)):
        return False
    try:
        return all(
            row == ("ok",)
            for table in tables
            for row in _plain(conn, f"PRAGMA main.integrity_check({quote(table)})")
        )
    except sqlite3.DatabaseError:
        return False


def _find_strays(
    conn: sqlite3.Connection,
    layout: Layout | None,
    before: Integrity | None,
    changed: frozenset[str] | None,
) -> Strays:
    """Return the rows that point at nothing; only of tables with a part in what changed."""
    if layout is not None and not _has_references(layout.objects):
        return Strays(tables=frozenset(one.name for one in layout.objects if one.type == "table"))
    if layout is None or before is None or before.layout is None or changed is None:
        return find_strays(conn)
    # Another schema may have other keys, parents, and unique indexes of parents.
    if before.strays.problem or layout.objects != before.layout.objects:
        return find_strays(conn)
    touched = {fold(name) for name in changed}
    children = [
        table.name
        for name, table in list_tables(conn, objects=layout.objects).items()
        if table.foreign_keys
        and (name in touched or any(fold(key.parent) in touched for key in table.foreign_keys))
    ]
    if not children:
        return before.strays
    kept = {pair: n for pair, n in before.strays.counts.items() if pair[0] not in children}
    again = count_strays(conn, before.strays.tables, children)
    return Strays(Counter(kept) + again, before.strays.tables)


@lru_cache(maxsize=8)
def _has_references(objects: tuple[StoredObject, ...]) -> bool:
    return any(_REFERENCES in (one.sql or "").lower() for one in objects)


def _plain(conn: sqlite3.Connection, sql: str) -> Iterator[tuple[object, ...]]:
    cursor = conn.cursor()
    cursor.row_factory = None
    yield from cursor.execute(sql)
