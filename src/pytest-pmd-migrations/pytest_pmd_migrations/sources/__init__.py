"""Sources: where an application's migrations come from, and how they are run.

To support another migration tool, add one module here, or an object in the application that
implements :class:`Source`.
"""

from __future__ import annotations

from pytest_pmd_migrations.sources.declared.declarations import (
    DROP,
    NOTHING_DECLARED,
    Condition,
    Declarations,
)
from pytest_pmd_migrations.sources.protocol import Location, Source
from pytest_pmd_migrations.sources.resolve import resolve_source

__all__ = [
    "DROP",
    "NOTHING_DECLARED",
    "Condition",
    "Declarations",
    "Location",
    "Source",
    "resolve_source",
]
