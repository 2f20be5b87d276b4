"""A database's schema as a value, and what differs between two of them."""

from __future__ import annotations

from pytest_pmd_migrations.schema.compare import Difference, SchemaDiff, compare
from pytest_pmd_migrations.schema.reading.catalog import stored_text
from pytest_pmd_migrations.schema.reading.read import compare_databases, read_schema
from pytest_pmd_migrations.schema.values import Schema

__all__ = [
    "Difference",
    "Schema",
    "SchemaDiff",
    "compare",
    "compare_databases",
    "read_schema",
    "stored_text",
]
