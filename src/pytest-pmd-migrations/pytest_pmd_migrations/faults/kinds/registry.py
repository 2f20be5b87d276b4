"""List all kinds of fault."""

from __future__ import annotations

from pytest_pmd_migrations.faults.kinds.default import DEFAULT_KINDS
from pytest_pmd_migrations.faults.kinds.interleave import Interleave
from pytest_pmd_migrations.faults.kinds.kill import Kill
from pytest_pmd_migrations.faults.kinds.kind import Kind
from pytest_pmd_migrations.faults.kinds.lock import HeldLock
from pytest_pmd_migrations.faults.kinds.memory import Memory
from pytest_pmd_migrations.faults.kinds.power.power import Power

__all__ = ["KINDS"]

KINDS: tuple[Kind, ...] = (
    *DEFAULT_KINDS,
    Kill(),
    Memory(),
    HeldLock(),
    Interleave(),
    Power(),
)
"""Every kind, in the order in which they are tried."""
