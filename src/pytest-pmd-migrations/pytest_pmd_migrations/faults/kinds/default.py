"""List the kinds of fault that are cheap enough for every run."""

from __future__ import annotations

from pytest_pmd_migrations.faults.kinds.crash import Crash
from pytest_pmd_migrations.faults.kinds.deny import Deny
from pytest_pmd_migrations.faults.kinds.full import Full
from pytest_pmd_migrations.faults.kinds.interrupt import Interrupt
from pytest_pmd_migrations.faults.kinds.kind import Kind

__all__ = ["DEFAULT", "DEFAULT_KINDS"]

DEFAULT_KINDS: tuple[Kind, ...] = (Crash(), Interrupt(), Deny(), Full())
"""The kinds of every run, in the order in which they are tried."""

DEFAULT: tuple[str, ...] = tuple(kind.name for kind in DEFAULT_KINDS)
"""Their names."""
