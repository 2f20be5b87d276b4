"""Say what each kind of fault must offer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Protocol

from pytest_pmd_migrations.faults.case import Case
from pytest_pmd_migrations.faults.judge import Judge
from pytest_pmd_migrations.faults.struck_runs import PlannedFault, strike_points
from pytest_pmd_migrations.faults.values import Point, StruckPoint

__all__ = ["Kind", "RunKind"]


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


class RunKind(ABC):
    """A kind that strikes by one run a point, of which no platform lacks anything.

    Such kinds, one after the other, share the process that they strike.
    """

    name: str
    lacking = ""

    @abstractmethod
    def points(self, case: Case) -> Sequence[Point]:
        """Return where it can strike: the same for the same case, on every machine."""

    @abstractmethod
    def plan(self, case: Case, points: Sequence[Point]) -> Sequence[PlannedFault]:
        """Return the fault of each point."""

    def strike(self, case: Case, points: Sequence[Point], judge: Judge) -> Iterator[StruckPoint]:
        """Run once for each point, and yield what was left."""
        yield from strike_points(case, self.plan(case, points), judge)
