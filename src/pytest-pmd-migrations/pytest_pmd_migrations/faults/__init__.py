"""Faults: strike a migration at every point, and say what it leaves."""

from __future__ import annotations

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.child_run import try_faults
from pytest_pmd_migrations.faults.kinds.registry import DEFAULT, KINDS, Kind
from pytest_pmd_migrations.faults.values import GOOD, MODES, VERDICTS, Judged, Mode, Point, Verdict

__all__ = [
    "DEFAULT",
    "GOOD",
    "KINDS",
    "MODES",
    "VERDICTS",
    "Case",
    "Judged",
    "Kind",
    "Mode",
    "Point",
    "Verdict",
    "try_faults",
]
