"""Keep the schemas of many versions: what a version has in common with others is there once.

Of a thousand versions most have most objects in common, and each may have thousands.
"""

from __future__ import annotations

from pytest_pmd_migrations.application.step import StoredText
from pytest_pmd_migrations.schema.values import Schema, SchemaObject

__all__ = ["SharedSchemas"]


class SharedSchemas:
    """Returns equal texts and schemas, made of the rows and objects that it returned before."""

    def __init__(self) -> None:
        self._rows: dict[tuple[object, ...], tuple[object, ...]] = {}
        self._objects: dict[SchemaObject, SchemaObject] = {}

    def text(self, text: StoredText) -> StoredText:
        """Return an equal stored text."""
        return tuple([self._rows.setdefault(row, row) for row in text])

    def schema(self, schema: Schema) -> Schema:
        """Return an equal schema."""
        return Schema(tuple([self._objects.setdefault(one, one) for one in schema.objects]))
