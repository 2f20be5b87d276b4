"""Find which tables a step depends on: of two databases that agree on them, it makes the same.

These are the tables that it was heard to ask for or whose names its statements have, those that it
changed (a high-water mark too), and those that SQLite or a check looks at because of them: by a
trigger, a foreign key, a full-text index or the statistics of the query planner.
"""

from __future__ import annotations

import re
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from pytest_pmd_migrations.application.connection_marks import has_rows_of_its_own
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.connections.asked_tables import AskedTables
from pytest_pmd_migrations.connections.statement_record import first_word
from pytest_pmd_migrations.pages.layout import StoredObject
from pytest_pmd_migrations.repeated.high_water_marks import MARKS, marks_of
from pytest_pmd_migrations.repeated.known_steps import Facts

__all__ = ["find_footprint", "footprint_after", "keys_are_sound"]

_WORD = re.compile(r"\w+")
_MODULE = re.compile(r"\bUSING\s+(\w+)", re.IGNORECASE)
_KEEP_ALL_IN_TABLES = frozenset(("fts3", "fts4", "fts5", "rtree", "rtree_i32"))
"""Modules whose tables hold all that they know."""

_STATISTICS = "sqlite_stat"
_REFERENCES = "references"

Objects = tuple[StoredObject, ...]


def find_footprint(
    asked: AskedTables, before: Facts, after: Facts, step: Step
) -> frozenset[str] | None:
    """Return the names of the tables that a step depends on, in small letters; None for all.

    ``before`` and ``after`` are the facts of the database before and after the step.
    """
    if step.layout is None or step.layout_before is None or step.marks is None:
        return None
    if has_rows_of_its_own(before.marks) or has_rows_of_its_own(step.marks):
        return None
    changed = after.changed_since(before)
    return _footprint(asked, step.layout_before.objects, step.layout.objects, changed, step.conn)


def footprint_after(
    asked: AskedTables, step: Step, changed: Iterable[str], later: Iterable[Objects]
) -> frozenset[str] | None:
    """Return the same of what ran after a step, on copies of the database that it left.

    ``changed`` are the names of the tables that it changed, ``later`` what schemas it left.
    """
    if step.layout is None or step.marks is None or has_rows_of_its_own(step.marks):
        return None
    now = step.layout.objects
    then = tuple(one for objects in later if objects is not now for one in objects)
    names = {name.lower() for name in changed}
    return _footprint(asked, now, (*now, *then) if then else now, names, step.conn)


def _footprint(
    asked: AskedTables,
    then: Objects,
    now: Objects,
    changed: Iterable[str],
    conn: sqlite3.Connection,
) -> frozenset[str] | None:
    if asked.everything:
        return None
    objects = (*then, *now) if then is not now else now
    views = {one.name.lower() for one in objects if one.type == "view"}
    found = {
        *asked.tables,
        *(one.table.lower() for one in objects if one.name.lower() in asked.indexes),
        *changed,
        *_tables_with_other_text(then, now),
    }
    tables = {one.table.lower() for one in objects} - views
    strange = found - tables - views
    if strange and strange & _modules(conn):
        # A virtual table that no schema has: it may show anything.
        return None
    found |= _named(asked.texts, tables - {MARKS})
    if MARKS in tables:
        # SQLite tells of each table that a SELECT reads. Tools have this one's name in a string.
        others = [text for text in asked.texts if first_word(text) != "SELECT"]
        found |= _named(others, {MARKS})
    return _closed(found, objects, tables, views)


def keys_are_sound(conn: sqlite3.Connection, objects: Objects) -> bool:
    """Return whether no row of a database, which ``conn`` shows, points at nothing."""
    if not any(_has_key(one) for one in objects):
        return True
    cursor = conn.cursor()
    cursor.row_factory = None
    try:
        return cursor.execute("PRAGMA main.foreign_key_check").fetchone() is None
    except sqlite3.Error:
        return False


def _modules(conn: sqlite3.Connection) -> set[str]:
    """Return the modules of virtual tables: some can be asked for under their own name."""
    cursor = conn.cursor()
    cursor.row_factory = None
    names = cursor.execute("SELECT name FROM pragma_module_list").fetchall()
    return {str(name).lower() for (name,) in names}


def _tables_with_other_text(then: Objects, now: Objects) -> Iterator[str]:
    if then is not now:
        for one in {row[:4] for row in then} ^ {row[:4] for row in now}:
            yield str(one[2]).lower()


def _named(texts: Iterable[str], tables: Collection[str]) -> set[str]:
    """Return the tables whose names stand in some text, as a word of it if they are one."""
    found: set[str] = set()
    odd = {name: _spellings(name) for name in tables if not _WORD.fullmatch(name)}
    for text in texts:
        found |= _words(text).intersection(tables)
        found.update(
            name for name, spelled in odd.items() if any(one in text.lower() for one in spelled)
        )
    return found


def _spellings(name: str) -> set[str]:
    """Return how a name may stand in a text: in quotes, those in it are doubled."""
    return {name, *(name.replace(quote, 2 * quote) for quote in "\"'`")}


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.lower()))


def _closed(
    found: set[str], objects: Objects, tables: set[str], views: set[str]
) -> frozenset[str] | None:
    """Add the tables that belong to those found; None where a virtual table may show any of them.

    Of a view only the triggers count.
    """
    belonging = _Belonging(objects, tables, views)
    waiting, closed = list(found), set[str]()
    while waiting:
        name = waiting.pop()
        if name in closed:
            continue
        closed.add(name)
        waiting.extend(belonging.after[name])
        if name in belonging.virtual:
            if _module(belonging.virtual[name]) not in _KEEP_ALL_IN_TABLES:
                return None
            waiting.extend(other for other in tables if other.startswith(f"{name}_"))
    if belonging.shows_view:
        return None
    for name in tuple(closed):
        closed |= belonging.parents[name]
    closed.update(name for name in tables if name.startswith(_STATISTICS))
    return frozenset(closed - views) | marks_of(closed)


class _Belonging:
    """Which tables belong to each other, by the texts of a schema's objects.

    ``after`` are those that are read or written because of a write to a table: its children, what
    its triggers name, the full-text indexes of its rows. ``shows_view`` says that a virtual table
    takes its content from a view.
    """

    def __init__(self, objects: Objects, tables: set[str], views: set[str]) -> None:
        self.after, self.parents = (defaultdict[str, set[str]](set) for _ in range(2))
        self.virtual: dict[str, StoredObject] = {}
        self.shows_view = False
        for one in objects:
            name, texts = one.table.lower(), [one.sql or ""]
            if one.type == "trigger":
                self.after[name] |= _named(texts, tables)
            elif _has_key(one):
                self.parents[name] |= _named(texts, tables)
            elif one.type == "table" and not one.root:
                self.virtual[name] = one
                self.shows_view |= bool(_named(texts, views))
                for content in _named(texts, tables):
                    self.after[content].add(name)
        for child, parents in self.parents.items():
            for parent in parents:
                self.after[parent].add(child)


def _has_key(one: StoredObject) -> bool:
    return one.type == "table" and _REFERENCES in (one.sql or "").lower()


def _module(table: StoredObject) -> str:
    found = _MODULE.search(table.sql or "")
    return found[1].lower() if found else ""
