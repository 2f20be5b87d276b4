"""Versioned migrations, and the runner that applies them, each step in one transaction.

`runner` is for callers; `run` takes the steps, and `rewrite` those with ATOMIC = False.
`migration_files` finds and loads the files in `versions`, `connection` prepares a connection and
gives it back, `step` guards one step. Importing this imports no migration, and no sqlite-utils:
they are needed only for a step.
"""

from __future__ import annotations

from pmd.store.migrations.errors import (
    DamagedDatabaseError,
    DatabaseLockedError,
    DatabaseTooNewError,
    ForeignKeyViolationError,
    InvalidMigrationError,
    InvalidVersionError,
    MigrationError,
    MigrationFailedError,
    NotADatabaseError,
    ReadOnlyDatabaseError,
    TransactionControlError,
    UnusableConnectionError,
)
from pmd.store.migrations.migration_files.discovery import load_migrations
from pmd.store.migrations.migration_files.migration import Migration
from pmd.store.migrations.runner import MigrationRunner

__all__ = [
    "DamagedDatabaseError",
    "DatabaseLockedError",
    "DatabaseTooNewError",
    "ForeignKeyViolationError",
    "InvalidMigrationError",
    "InvalidVersionError",
    "Migration",
    "MigrationError",
    "MigrationFailedError",
    "MigrationRunner",
    "NotADatabaseError",
    "ReadOnlyDatabaseError",
    "TransactionControlError",
    "UnusableConnectionError",
    "load_migrations",
]
