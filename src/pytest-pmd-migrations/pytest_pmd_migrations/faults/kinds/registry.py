"""List the kinds of fault, choose the default ones, and say what each must offer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.kinds.crash import Crash
from pytest_pmd_migrations.faults.kinds.deny import Deny
from pytest_pmd_migrations.faults.kinds.full import Full
from pytest_pmd_migrations.faults.kinds.interleave import Interleave
from pytest_pmd_migrations.faults.kinds.interrupt import Interrupt
from pytest_pmd_migrations.faults.kinds.kill import Kill
from pytest_pmd_migrations.faults.kinds.lock import HeldLock
from pytest_pmd_migrations.faults.kinds.memory import Memory
from pytest_pmd_migrations.faults.kinds.power.power import Power
from pytest_pmd_migrations.faults.values import Point, StruckPoint

__all__ = ["DEFAULT", "KINDS", "Kind"]


class Kind(Protocol):
    """One way to strike a run.

    ``name`` is one word; ``lacking`` says what this platform lacks for it, empty where nothing.
    """

    name: str

    @property
    def lacking(self) -> str:
        """The thing that the kind needs and this platform lacks, in words; empty if none."""
        ...

    def points(self, case: Case) -> Sequence[Point]:
        """Return where it can strike: the same for the same case, on every machine."""
        ...

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Strike at each of ``points`` in turn and yield what was left, in that order."""
        ...


KINDS: tuple[Kind, ...] = (
    Crash(),
    Interrupt(),
    Deny(),
    Full(),
    Kill(),
    Memory(),
    HeldLock(),
    Interleave(),
    Power(),
)
"""Every kind, in the order in which they are tried."""

DEFAULT: tuple[str, ...] = ("crash", "interrupt", "deny", "full")
"""The kinds that are cheap enough for every run."""
