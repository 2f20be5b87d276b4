"""Digest what a database says, however its pages lie: equal states take all later steps alike.

A snapshot is stored packed, while an upgrade leaves its pages as they came about. Both say the same
where sqlite_schema lists the same objects with the same SQL, each tree has the same records in the
same order, rowids included, and the header has the same settings.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pytest_pmd_migrations.pages.file_format import DatabaseFile, Page
from pytest_pmd_migrations.pages.layout import Layout, StoredObject
from pytest_pmd_migrations.pages.trees import Tree

__all__ = ["logical_state"]

_DIGEST_BYTES = 16
_MOST_PAGES = 4096
"""Pages of a tree whose records are read; of a larger one its pages are compared as they lie."""

_OF_SQLITE = "sqlite_"
_KNOWN: dict[bytes, bytes] = {}
"""The digests of records that this process has computed, by the digests of pages."""


def logical_state(layout: Layout) -> bytes | None:
    """Return a digest of what a database says; None where its records cannot be read."""
    header = layout.file.content
    digest = hashlib.blake2b(header[44:52] + header[56:72], digest_size=_DIGEST_BYTES)
    digest.update(bytes([any(header[52:56])]))
    try:
        for text, root in _listed(layout.objects):
            digest.update(text)
            if root:
                digest.update(_records(layout.file, layout.trees[root]))
    except (IndexError, ValueError):
        return None
    return digest.digest()


@lru_cache(maxsize=8)
def _listed(objects: tuple[StoredObject, ...]) -> Sequence[tuple[bytes, int]]:
    """Return a digest of each object's text and its root, in an order that VACUUM leaves alone.

    It puts tables first, then indexes, then the rest, each in their order, which is the order in
    which triggers fire. Where SQLite's own tables stand among the others makes no difference.
    """
    return [(_text(*one[:4]), one.root) for one in sorted(objects, key=_group)]


@lru_cache(maxsize=4096)
def _text(*words: str | None) -> bytes:
    content = repr(words).encode(errors="surrogatepass")
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()


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
    if not page.is_interior:
        for cell in page.cells:
            yield _cell(file, page, cell)
        return
    children = file.children(page)
    for cell, child in zip(page.cells, children, strict=False):
        yield from _cells(file, file.tree_page(child))
        if not page.is_of_table:
            yield _cell(file, page, cell)
    yield from _cells(file, file.tree_page(children[-1]))


def _cell(file: DatabaseFile, page: Page, cell: int) -> bytes:
    begin = cell + 4 if page.is_interior else cell
    start, length, local = file.payload(page, cell)
    if local == length:
        return file.content[begin : start + length]
    overflow = list(file.overflow_pages(file.number(start + local)))
    return file.content[begin:start] + file.record(page, cell, overflow)
