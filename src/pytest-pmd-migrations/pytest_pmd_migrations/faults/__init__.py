"""Strike a migration step at every point, and say what each fault leaves of the database.

Only a run that tries all kinds imports those that most runs leave out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_run import MOST_HUNG, try_faults
from pytest_pmd_migrations.faults.kinds.default import DEFAULT, DEFAULT_KINDS
from pytest_pmd_migrations.faults.kinds.kind import Kind
from pytest_pmd_migrations.faults.values import (
    GOOD_WORDS,
    LEFT_WORDS,
    MODES,
    Left,
    Mode,
    Point,
    StruckPoint,
    TriedFaults,
)

if TYPE_CHECKING:
    from pytest_pmd_migrations.faults.kinds.registry import KINDS

__all__ = [
    "DEFAULT",
    "DEFAULT_KINDS",
    "GOOD_WORDS",
    "KINDS",
    "LEFT_WORDS",
    "MODES",
    "MOST_HUNG",
    "Case",
    "Kind",
    "Left",
    "Mode",
    "Point",
    "StruckPoint",
    "TriedFaults",
    "try_faults",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - KINDS, or no such name
    if name == "KINDS":
        from pytest_pmd_migrations.faults.kinds.registry import KINDS

        return KINDS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
