"""Tell which tables of two database files hold the same, from their pages alone.

A step changes few pages of few tables. To find them takes microseconds, to read all rows takes
milliseconds. What a table holds is a function of the pages that its b-tree reaches from its root:
where the root and the table's SQL are the same and none of these pages was written, it holds the
same rows. The same is true of an index.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pytest_pmd_migrations.files.file_content import Content
from pytest_pmd_migrations.pages.file_format import HEADER, DatabaseFile
from pytest_pmd_migrations.pages.trees import Tree, read_tree

__all__ = ["KNOWN_LAYOUT", "Layout", "StoredObject", "changed_pages", "layout_of"]

KNOWN_LAYOUT = "layout"
"""Where an image has its layout, among what is known of it."""

_CHUNK = 64
_EXTERNAL = "content"
_FREE_PAGES = 36
_SETTINGS = "_config"


class StoredObject(NamedTuple):
    """One row of sqlite_schema: a table, an index, a view or a trigger.

    ``root`` is the page its tree begins at, 0 where it has none.
    """

    type: str
    name: str
    table: str
    sql: str | None
    root: int


@dataclass(frozen=True)
class Layout:
    """Where the tables and indexes of one database file lie, and digests of what they hold.

    ``objects`` are those of sqlite_schema in their order, ``trees`` the trees by their roots.
    """

    file: DatabaseFile
    objects: tuple[StoredObject, ...]
    schema: Tree
    trees: Mapping[int, Tree] = field(repr=False)

    def next(self, content: Content, objects: Iterable[StoredObject]) -> Layout | None:
        """Return the layout of what this file became; None where it cannot be told.

        ``objects`` are read only if those of this file are no longer right.
        """
        return _guarded(lambda: self._next(DatabaseFile(content), objects))

    @cached_property
    def holdings(self) -> Mapping[str, tuple[object, ...]]:
        """What each table holds, by name, in a form that is equal only where it is the same.

        The tables of SQLite's own count as well; a virtual table holds what the tables of its
        module hold, and maybe those it takes its content from.
        """
        tables = [one for one in self.objects if one.type == "table"]
        header = self.file.content[:HEADER]
        size = header[16:18], header[20:21], header[56:60]
        found: dict[str, tuple[object, ...]] = {
            one.name: (one.sql, self.trees[one.root].digest, size) for one in tables if one.root
        }
        ordinary = dict(found)
        for one in tables:
            if not one.root:
                found[one.name] = (one.sql, *_of_virtual(one, ordinary))
        return found

    @cached_property
    def table_pages(self) -> Mapping[str, int]:
        """How many pages each table has, by name."""
        return {
            one.name: len(self.trees[one.root].pages)
            for one in self.objects
            if one.type == "table" and one.root
        }

    @cached_property
    def indexes(self) -> Mapping[str, tuple[object, ...]]:
        """What the indexes of each table hold, by the table's name."""
        found: dict[str, list[object]] = {}
        for one in self.objects:
            if one.type == "index" and one.root:
                what = one.name, one.sql, self.trees[one.root].digest
                found.setdefault(one.table, []).append(what)
        return {table: tuple(held) for table, held in found.items()}

    def whole_tables(self) -> Iterator[tuple[str, tuple[object, ...]]]:
        """Yield each table's name with all that SQLite's checks of it read, its indexes included.

        These are equal only where everything is the same but where the pages lie. Virtual tables
        are none of them.
        """
        size = self.file.content[16:18], self.file.content[20:21], self.file.content[56:60]
        found: dict[str, list[object]] = {}
        for one in self.objects:
            if one.root:
                tree = self.trees[one.root]
                what = one.type, one.name, one.sql, tree.digest, tree.inner
                found.setdefault(one.table, [size]).append(what)
        for name, whole in found.items():
            yield name, tuple(whole)

    @property
    def accounts_for_all_pages(self) -> bool:
        """Whether each page belongs to one tree, or is free: no damage of the file as a whole."""
        trees = (self.schema, *self.trees.values())
        pages = [number for tree in trees for number in tree.pages]
        try:
            free = list(self.file.free_pages())
        except (IndexError, ValueError):
            return False
        if len(free) != self.file.number(_FREE_PAGES):
            return False
        pages.extend(free)
        return len(pages) == self.file.pages and set(pages) == set(range(1, len(pages) + 1))

    def has_schema_of(self, before: Layout) -> bool:
        """Return whether both surely have one schema, with what FTS5 keeps of it in rows."""
        return self.objects == before.objects and not any(
            name.lower().endswith(_SETTINGS) for name in self.changed_tables(before)
        )

    def changed_tables(self, before: Layout) -> frozenset[str]:
        """Return the names of the tables that do not hold what they held in ``before``.

        They include those that are new, and those that are gone.
        """
        if self is before:
            return frozenset()
        now, then = self.holdings, before.holdings
        return frozenset(
            name for name in now.keys() | then.keys() if now.get(name) != then.get(name)
        )

    def _has_pages_like(self, other: DatabaseFile) -> bool:
        mine, others = self.file.content, other.content
        return bool(mine and others) and mine[16:18] == others[16:18] and mine[20] == others[20]

    def _with_header_of(self, file: DatabaseFile) -> Layout:
        """Return the layout of a file that differs in its header at most: in settings, counters."""
        if file.content[:HEADER] == self.file.content[:HEADER]:
            return self
        found = Layout(file, self.objects, self.schema, self.trees)
        if "holdings" in vars(self):
            vars(found)["holdings"] = self.holdings
        return found

    def _next(self, file: DatabaseFile, objects: Iterable[StoredObject]) -> Layout:
        if not self._has_pages_like(file):
            return _read(file, tuple(objects))
        changed = frozenset(changed_pages(self.file.content, file.content, file.page_size))
        if not changed and file.pages == self.file.pages:
            return self._with_header_of(file)
        gone = frozenset(range(file.pages + 1, self.file.pages + 1))
        written = changed | gone
        schema = self.schema
        if not written.isdisjoint(schema.pages):
            schema = read_tree(file, 1)
        same = schema.digest == self.schema.digest
        listed = self.objects if same else tuple(objects)
        trees: dict[int, Tree] = {}
        for one in listed:
            known = self.trees.get(one.root) if one.root else None
            if known is not None and written.isdisjoint(known.pages):
                trees[one.root] = known
            elif one.root:
                trees[one.root] = read_tree(file, one.root)
        return Layout(file, listed, schema, trees)


def layout_of(content: Content, objects: Iterable[StoredObject]) -> Layout | None:
    """Return the layout of a database file; None where it cannot be told, as of a damaged one."""
    return _guarded(lambda: _read(DatabaseFile(content), tuple(objects)))


def changed_pages(before: Content, after: Content, size: int) -> Iterator[int]:
    """Yield the numbers of pages of ``after`` that differ from those of ``before``, or are new.

    Of page 1 the header does not count.
    """
    if before[HEADER:size] != after[HEADER:size]:
        yield 1
    shared = min(len(before), len(after))
    step = _CHUNK * size
    for start in range(0, shared, step):
        end = min(start + step, shared)
        if before[start:end] != after[start:end]:
            for offset in range(max(start, size), end, size):
                if before[offset : offset + size] != after[offset : offset + size]:
                    yield offset // size + 1
    yield from range(len(before) // size + 1, len(after) // size + 1)


def _read(file: DatabaseFile, objects: tuple[StoredObject, ...]) -> Layout:
    if not file.content:
        # A database without a table may have no page.
        return Layout(file, (), Tree(1, frozenset(), b""), {})
    roots = [one.root for one in objects if one.root]
    return Layout(
        file, objects, read_tree(file, 1), {root: read_tree(file, root) for root in roots}
    )


def _guarded(read: Callable[[], Layout]) -> Layout | None:
    try:
        return read()
    except (IndexError, ValueError, struct.error):
        return None


def _of_virtual(
    table: StoredObject, ordinary: Mapping[str, tuple[object, ...]]
) -> tuple[object, ...]:
    """Return what a virtual table holds: mostly what the tables of its module hold."""
    prefix = f"{table.name}_".lower()
    own = tuple(held for name, held in ordinary.items() if name.lower().startswith(prefix))
    if not own:
        # What it shows comes from elsewhere, and nobody can say whether that is the same.
        return (object(),)
    if _EXTERNAL in (table.sql or "").lower():
        return tuple(ordinary.items())
    return own
