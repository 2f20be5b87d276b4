"""The metadata's tests run against the same databases as the store's."""

from __future__ import annotations

from tests.unit.store.conftest import (
    clock,
    collections,
    documents,
    notes,
    open_store,
    pytest_generate_tests,
    store,
    upgraded_files,
)

__all__ = [
    "clock",
    "collections",
    "documents",
    "notes",
    "open_store",
    "pytest_generate_tests",
    "store",
    "upgraded_files",
]
