"""Find the pages of one b-tree, and a digest of what it holds."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from pytest_pmd_migrations.pages.file_format import HEADER, LEAVES, DatabaseFile, Page

__all__ = ["Tree", "read_tree", "short_digest"]

_DIGEST_BYTES = 16


class Tree(NamedTuple):
    """One b-tree of a file: the tree of a table, or of an index.

    ``pages`` are all it reaches, overflow pages too: while none of them changes, it holds the same.
    ``digest`` is equal only for trees that hold the same, wherever their pages lie; trees that
    hold the same may have other digests, since a page keeps what was deleted. ``inner`` are the
    bytes of the inner pages of a table's tree, which have none of its rows.
    """

    root: int
    pages: frozenset[int]
    digest: bytes
    inner: bytes = b""


def read_tree(file: DatabaseFile, root: int) -> Tree:
    """Return the tree that begins at page ``root``.

    Raises ValueError or IndexError where there is none, as in a damaged file.
    """
    if root > 1:
        held = _held_alone(file.page(root), file.smallest_local, file.usable)
        if held is not None:
            return Tree(root, frozenset((root,)), held)
        tree = _read_leaves(file, file.tree_page(root))
        if tree is not None:
            return tree
    return _read_pages(file, root)


def _read_leaves(file: DatabaseFile, root: Page) -> Tree | None:
    """Return the tree whose root leads to leaves alone; None where it is another one.

    Most trees of a small database that are not one page are such. Their leaves lie in many files,
    in other places.
    """
    if not root.is_interior:
        return None
    children = file.children(root)
    leaves = [file.page(number) for number in children]
    smallest, usable = file.smallest_local, file.usable
    if 1 in children or not all(_goes_nowhere(leaf, smallest, usable) for leaf in leaves):
        return None
    pages = frozenset((root.number, *children))
    if len(pages) <= len(children):
        raise ValueError(f"page {root.number} or one below it is in a tree twice")
    own = file.page_without_children(root)
    if root.is_of_table:
        return Tree(root.number, pages, _digest_of(*leaves), _digest_of(own))
    if any(True for _ in _overflow_pages(file, root)):
        return None
    return Tree(root.number, pages, _digest_of(own, *leaves))


def _read_pages(file: DatabaseFile, root: int) -> Tree:
    """Return a tree of many pages."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    pages: set[int] = set()
    inner: list[bytes] = []
    waiting = [root]
    while waiting:
        number = waiting.pop()
        if number in pages:
            raise ValueError(f"page {number} is in a tree twice")
        pages.add(number)
        content = file.page(number)
        if number > 1 and _goes_nowhere(content, file.smallest_local, file.usable):
            digest.update(content)
            continue
        page = file.tree_page(number)
        if page.is_interior:
            waiting.extend(reversed(file.children(page)))
            if page.is_of_table:
                inner.append(file.page_without_children(page))
        if not page.is_interior or not page.is_of_table:
            # The keys of a table's interior pages are those of its rows.
            if page.is_interior:
                content = file.page_without_children(page)
            digest.update(content[HEADER:] if number == 1 else content)
            for overflow in _overflow_pages(file, page):
                if overflow in pages:
                    raise ValueError(f"page {overflow} is in a tree twice")
                pages.add(overflow)
                digest.update(file.page(overflow))
    return Tree(root, frozenset(pages), digest.digest(), short_digest(b"".join(inner)))


@lru_cache(maxsize=1024)
def _digest_of(*contents: bytes) -> bytes:
    """Return the digest of some pages: the same ones lie in many files, in other places."""
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for content in contents:
        digest.update(content)
    return digest.digest()


def short_digest(content: bytes) -> bytes:
    """Return a digest of some bytes; none of nothing."""
    return hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest() if content else b""


@lru_cache(maxsize=4096)
def _held_alone(content: bytes, smallest_local: int, usable: int) -> bytes | None:
    """Return the digest of a tree of one page; None where the page leads to others.

    Most trees of a small database are one, and the same page lies in many files.
    """
    return short_digest(content) if _goes_nowhere(content, smallest_local, usable) else None


@lru_cache(maxsize=4096)
def _goes_nowhere(content: bytes, smallest_local: int, usable: int) -> bool:
    """Return whether a page leads to no others: a leaf without a cell that overflows."""
    if content[0] not in LEAVES:
        return False
    count = int.from_bytes(content[3:5], "big")
    offsets = sorted(struct.unpack(f">{count}H", content[8 : 8 + 2 * count]))
    return all(end - offset < smallest_local for offset, end in pairwise((*offsets, usable)))


def _overflow_pages(file: DatabaseFile, page: Page) -> Iterator[int]:
    """Yield the pages that the cells of a page go on to.

    A cell that does so is large, so that small ones need not be read.
    """
    end = file.start(page.number) + file.usable
    offsets = sorted(page.cells, reverse=True)
    for offset in offsets:
        if end - offset >= file.smallest_local:
            start, length, local = file.payload(page, offset)
            if local < length:
                yield from file.overflow_pages(file.number(start + local))
        end = offset
