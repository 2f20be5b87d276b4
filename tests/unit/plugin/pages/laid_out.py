"""The layout of an image, as the walk makes it: read anew, or following the one before."""

from __future__ import annotations

from contextlib import closing

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.pages.layout import Layout, layout_of
from pytest_pmd_migrations.schema.reading.stored_rows import stored_objects


def laid_out(image: Image, before: Layout | None = None) -> Layout:
    with closing(image.connect()) as conn:
        objects = list(stored_objects(conn))
    found = (
        layout_of(image.content, objects) if before is None else before.next(image.content, objects)
    )
    assert found is not None
    return found
