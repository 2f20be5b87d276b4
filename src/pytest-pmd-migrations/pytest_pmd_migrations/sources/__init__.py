"""Sources: where an application's migrations come from and how they are run.

Another tool's adapter is one more module here, or an object in the application that
implements :class:`Source`; nothing else changes.
"""

from __future__ import annotations

from pytest_pmd_migrations.sources.declarations import (
    NOTHING_DECLARED,
    WHOLE,
    Condition,
    Declarations,
)
from pytest_pmd_migrations.sources.protocol import Location, Source
from pytest_pmd_migrations.sources.resolve import resolve_source

__all__ = [
    "NOTHING_DECLARED",
    "WHOLE",
    "Condition",
    "Declarations",
    "Location",
    "Source",
    "resolve_source",
]
