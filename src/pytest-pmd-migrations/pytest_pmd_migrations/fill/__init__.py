"""Generate rows for empty tables: one schema and seed always give the same rows."""

from __future__ import annotations

from pytest_pmd_migrations.fill.empty_tables import Filled, fill_empty_tables
from pytest_pmd_migrations.fill.new_columns import ColumnsBefore, columns_of

__all__ = ["ColumnsBefore", "Filled", "columns_of", "fill_empty_tables"]
