"""Digest what a database says, however its pages lie: equal states take all later steps alike.

A snapshot is stored packed, while an upgrade leaves its pages as they came about. Both say the same
where sqlite_schema lists the same objects with the same SQL, each tree has the same records in the
same order, rowids included, and the header has the same settings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from pytest_pmd_migrations.pages.file_format import HEADER, DatabaseFile, Page
from pytest_pmd_migrations.pages.layout import Layout, StoredObject
from pytest_pmd_migrations.pages.trees import Tree, short_digest

__all__ = ["DatabaseParts", "database_parts"]

_DIGEST_BYTES = 16
_MOST_PAGES = 4096
"""Pages of a tree whose records are read; of a larger one its pages are compared as they lie."""

_OF_SQLITE = "sqlite_"
_KNOWN: dict[bytes, bytes] = {}
"""The digests of records that this process has computed, by the digests of pages."""

_KNOWN_TABLES: dict[tuple[bytes, ...], bytes] = {}
"""Those of tables and their indexes, by the digests of all their pages."""


@dataclass(frozen=True)
class DatabaseParts:
    """Digests of all that a database says, table by table: two with equal ones say the same.

    ``settings`` is that of the header, ``schema`` that of the text of all objects. ``tables`` are
    those of the records of each table and of its indexes, by its name in small letters.
    """

    settings: bytes
    schema: bytes
    tables: Mapping[str, bytes]

    @cached_property
    def digest(self) -> bytes:
        """One digest over all of them."""
        content = repr((self.settings, self.schema, sorted(self.tables.items())))
        return short_digest(content.encode(errors="surrogatepass"))


def database_parts(layout: Layout) -> DatabaseParts | None:
    """Return the digests of what a database says; None where its records cannot be read."""
    header = layout.file.content[:HEADER]
    settings = header[44:52] + header[56:72] + bytes([any(header[52:56])])
    tables: dict[str, bytes] = {}
    try:
        schema, listed = _listed(layout.objects)
        for name, roots in listed:
            trees = [layout.trees[root] for root in roots]
            what = tuple([tree.digest for tree in trees])
            held = _KNOWN_TABLES.get(what)
            tables[name] = held or _keep(what, [_records(layout.file, tree) for tree in trees])
    except (IndexError, ValueError):
        return None
    return DatabaseParts(settings, schema, tables)


@lru_cache(maxsize=8)
def _listed(objects: tuple[StoredObject, ...]) -> tuple[bytes, Sequence[tuple[str, Sequence[int]]]]:
    """Return a digest of all objects' texts, and each table's roots: its own, its indexes'.

    The order is one that VACUUM leaves alone. It puts tables first, then indexes, then the rest,
    each in their order, which is the order in which triggers fire. Where SQLite's own tables stand
    among the others makes no difference.
    """
    roots: dict[str, list[int]] = {}
    ordered = sorted(objects, key=_group)
    for one in ordered:
        if one.root:
            roots.setdefault(one.table.lower(), []).append(one.root)
    digest = short_digest(b"".join([_text(*one[:4]) for one in ordered]))
    return digest, tuple(roots.items())


def _keep(what: tuple[bytes, ...], held: Sequence[bytes]) -> bytes:
    """Return the digest of a table and its indexes, whose records have these; it is kept."""
    digest = held[0] if len(held) == 1 else short_digest(b"".join(held))
    return _KNOWN_TABLES.setdefault(what, digest)


@lru_cache(maxsize=4096)
def _text(*words: str | None) -> bytes:
    return short_digest(repr(words).encode(errors="surrogatepass"))


def _group(one: StoredObject) -> int:
    if one.type == "table" and one.root:
        return 4 if one.name.startswith(_OF_SQLITE) else 0
    if one.type == "index":
        return 2 if one.sql else 1
    return 3


def _records(file: DatabaseFile, tree: Tree) -> bytes:
    """Return a digest of the records of a tree, in the order of their keys."""
    if len(tree.pages) > _MOST_PAGES:
        return tree.digest
    if tree.digest not in _KNOWN:
        digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
        for cell in _cells(file, file.tree_page(tree.root)):
            digest.update(cell)
        _KNOWN[tree.digest] = digest.digest()
    return _KNOWN[tree.digest]


def _cells(file: DatabaseFile, page: Page) -> Iterator[bytes]:
    """Yield each record with its length and rowid before it, as a cell has them."""
    if page.is_interior and page.is_of_table:
        for child in file.children(page):
            yield from _cells(file, file.tree_page(child))
        return
    own = file.adjacent_cells(page) or [_cell(file, page, cell) for cell in page.cells]
    if not page.is_interior:
        yield b"".join(own)
        return
    children = file.children(page)
    for cell, child in zip(own, children, strict=False):
        yield from _cells(file, file.tree_page(child))
        yield cell
    yield from _cells(file, file.tree_page(children[-1]))


def _cell(file: DatabaseFile, page: Page, cell: int) -> bytes:
    begin = cell + 4 if page.is_interior else cell
    start, length, local = file.payload(page, cell)
    if local == length:
        return file.content[begin : start + length]
    overflow = list(file.overflow_pages(file.number(start + local)))
    return file.content[begin:start] + file.record(page, cell, overflow)
