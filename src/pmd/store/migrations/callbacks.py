"""The types of the functions that a caller may hand to the runner."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import TypeAlias

from pmd.store.migrations.migration_files.migration import Migration

__all__ = ["AfterStep", "Authorizer", "Backup", "Progress"]

AfterStep: TypeAlias = Callable[[sqlite3.Connection, int], object]
"""Called after each COMMIT with the connection and the version that the database is at now."""

Authorizer: TypeAlias = Callable[[int, str | None, str | None, str | None, str | None], int]
"""Asked by SQLite whether a statement may be prepared, as in `Connection.set_authorizer`."""

Backup: TypeAlias = Callable[[], object]
"""Keeps a copy of the database; called under the write lock, before the step that needs it."""

Progress: TypeAlias = Callable[[Migration, int, int], object]
"""Called after each step with its migration, how many are done and how many there are to do."""
