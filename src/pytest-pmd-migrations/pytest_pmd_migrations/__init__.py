"""Check that every stored SQLite database can be brought to the newest version.

The names below are the package's public ones; each is imported when it is first asked for, so
that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_pmd_migrations.application.history import History
    from pytest_pmd_migrations.application.step import Step
    from pytest_pmd_migrations.checks.model import (
        Check,
        Finding,
        LineageRecord,
        MigrationRow,
        Note,
        Repeating,
        SnapshotRow,
        Verdict,
    )
    from pytest_pmd_migrations.checks.registry import register
    from pytest_pmd_migrations.errors import (
        FreshFailedError,
        IrreversibleError,
        LockFileError,
        MigrationTestError,
        MissingNameError,
        SchemaMismatchError,
        SchemaReadError,
        SettingError,
        SnapshotError,
        SourceError,
        StepFailedError,
    )
    from pytest_pmd_migrations.pytest_side.database import MigrationDatabase
    from pytest_pmd_migrations.schema import Schema, SchemaDiff, compare, read_schema
    from pytest_pmd_migrations.snapshots.names import Fresh, SnapshotName
    from pytest_pmd_migrations.sources import Condition, Declarations, Location, Source

__version__ = "0.1.0"

__all__ = [
    "Check",
    "Condition",
    "Declarations",
    "Finding",
    "Fresh",
    "FreshFailedError",
    "History",
    "IrreversibleError",
    "LineageRecord",
    "Location",
    "LockFileError",
    "MigrationDatabase",
    "MigrationRow",
    "MigrationTestError",
    "MissingNameError",
    "Note",
    "Repeating",
    "Schema",
    "SchemaDiff",
    "SchemaMismatchError",
    "SchemaReadError",
    "SettingError",
    "SnapshotError",
    "SnapshotName",
    "SnapshotRow",
    "Source",
    "SourceError",
    "Step",
    "StepFailedError",
    "Verdict",
    "__version__",
    "compare",
    "read_schema",
    "register",
]

_ROOMS = {
    "checks.model": (
        "Check",
        "Finding",
        "LineageRecord",
        "MigrationRow",
        "Note",
        "Repeating",
        "SnapshotRow",
        "Verdict",
    ),
    "checks.registry": ("register",),
    "pytest_side.database": ("MigrationDatabase",),
    "errors": (
        "FreshFailedError",
        "IrreversibleError",
        "LockFileError",
        "MigrationTestError",
        "MissingNameError",
        "SchemaMismatchError",
        "SchemaReadError",
        "SettingError",
        "SnapshotError",
        "SourceError",
        "StepFailedError",
    ),
    "application.history": ("History",),
    "application.step": ("Step",),
    "snapshots.names": ("Fresh", "SnapshotName"),
    "schema": ("Schema", "SchemaDiff", "compare", "read_schema"),
    "sources": ("Condition", "Declarations", "Location", "Source"),
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
