"""Tell how the pages of a database lie, once for each image that is held whole."""

from __future__ import annotations

import sqlite3

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.layout import Layout, layout_of
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects

__all__ = ["known_layout"]

_LAYOUT = "layout"


def known_layout(image: Image, conn: sqlite3.Connection) -> Layout | None:
    """Return the layout of ``image``, which ``conn`` shows; None where it cannot be told.

    Several parts of a command ask for the same one.
    """
    content = image.stored
    known = image.known
    if _LAYOUT not in known:
        known[_LAYOUT] = layout_of(content, stored_objects(conn))
    found = known[_LAYOUT]
    return found if isinstance(found, Layout) else None
