"""Tell how the pages of a database lie, once for each image that is held whole."""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.layout import KNOWN_LAYOUT, Layout, layout_of
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects

__all__ = ["known_layout"]


def known_layout(
    image: Image, conn: sqlite3.Connection, like: Layout | None = None
) -> Layout | None:
    """Return the layout of ``image``, which ``conn`` shows; None where it cannot be told.

    Several parts of a command ask for the same one. What has the pages that a file had whose layout
    is ``like`` is taken over from there.
    """
    content = image.stored
    known = image.known
    if KNOWN_LAYOUT not in known:
        objects = stored_objects(conn)
        known[KNOWN_LAYOUT] = like.next(content, objects) if like else layout_of(content, objects)
    found = known[KNOWN_LAYOUT]
    return found if isinstance(found, Layout) else None
