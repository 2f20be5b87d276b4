"""Read a database's schema into plain values, and compare two schemas."""

from __future__ import annotations

from pytest_pmd_migrations.schema.compare import Difference, SchemaDiff, compare, compare_databases
from pytest_pmd_migrations.schema.missing_names import refuse_missing_names
from pytest_pmd_migrations.schema.reading.read import read_schema
from pytest_pmd_migrations.schema.reading.stored_rows import stored_text
from pytest_pmd_migrations.schema.values import Schema

__all__ = [
    "Difference",
    "Schema",
    "SchemaDiff",
    "compare",
    "compare_databases",
    "read_schema",
    "refuse_missing_names",
    "stored_text",
]
