"""Rows for empty tables, generated from the schema and always the same."""

from __future__ import annotations

from pytest_pmd_migrations.fill.empty_tables import Filled, fill_empty_tables

__all__ = ["Filled", "fill_empty_tables"]
