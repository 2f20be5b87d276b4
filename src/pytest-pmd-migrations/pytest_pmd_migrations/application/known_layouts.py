"""Tell how the pages of a database lie, once for each image that is held."""

from __future__ import annotations

import sqlite3
from weakref import WeakKeyDictionary

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.layout import Layout, layout_of
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects

__all__ = ["known_layout"]

_KNOWN: WeakKeyDictionary[Image, Layout | None] = WeakKeyDictionary()
"""The layouts of images that somebody holds: several parts of a command ask for the same one."""


def known_layout(image: Image, conn: sqlite3.Connection) -> Layout | None:
    """Return the layout of ``image``, which ``conn`` shows; None where it cannot be told."""
    if image not in _KNOWN:
        _KNOWN[image] = layout_of(image.stored, stored_objects(conn))
    return _KNOWN[image]
