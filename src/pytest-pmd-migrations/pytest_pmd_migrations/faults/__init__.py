"""Strike a migration step at every point, and say what each fault leaves of the database."""

from __future__ import annotations

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_run import try_faults
from pytest_pmd_migrations.faults.kinds.registry import DEFAULT, KINDS, Kind
from pytest_pmd_migrations.faults.values import (
    GOOD_WORDS,
    LEFT_WORDS,
    MODES,
    Left,
    Mode,
    Point,
    StruckPoint,
)

__all__ = [
    "DEFAULT",
    "GOOD_WORDS",
    "KINDS",
    "LEFT_WORDS",
    "MODES",
    "Case",
    "Kind",
    "Left",
    "Mode",
    "Point",
    "StruckPoint",
    "try_faults",
]
