"""Strike a migration step at every point, and say what each fault leaves of the database."""

from __future__ import annotations

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_run import MOST_HUNG, try_faults
from pytest_pmd_migrations.faults.kinds.registry import DEFAULT, KINDS, Kind
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

__all__ = [
    "DEFAULT",
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
