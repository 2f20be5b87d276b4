"""Walk each lineage once a process, and keep what every check saw on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.upgrade import Step, walk
from pytest_pmd_migrations.checks.model import AnyCheck, Check, LineageRecord, Observer, Seen
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.grid.stale import StaleSnapshots
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.names import FRESH, Start

__all__ = ["Unseen", "Walk", "Walks"]


@dataclass(frozen=True)
class Unseen:
    """Why a check saw nothing of a lineage from ``version`` on: its observer raised ``error``."""

    version: int
    error: Exception


@dataclass
class Walk:
    """One lineage, walked: how far it came, and what each check saw.

    ``start`` is what it starts from; ``reached`` the versions it arrived at by a step; ``last`` the
    last database it had; ``failure`` why it stopped early; ``unseen`` why a check could
    observe no more.
    """

    start: Start
    reached: list[int] = field(default_factory=list)
    last: Image | None = None
    failure: MigrationTestError | None = None
    unseen: dict[AnyCheck, Unseen] = field(default_factory=dict)
    _seen: dict[AnyCheck, dict[int, Any]] = field(default_factory=dict)

    def record(self, check: Check[Seen]) -> LineageRecord[Seen]:
        """Return what ``check`` saw of this lineage."""
        seen: dict[int, Seen] = self._seen.get(check, {})
        return LineageRecord(self.start, tuple(self.reached), seen, self.failure, self.last)

    def arrive(self, step: Step, observers: Mapping[AnyCheck, Observer[Any]]) -> None:
        """Show a step to the observers; one that raises sees no more of this lineage."""
        self.last = step.after
        if step.before is not None:
            self.reached.append(step.version)
        for check, observe in observers.items():
            if check in self.unseen:
                continue
            try:
                self._seen.setdefault(check, {})[step.version] = observe(step)
            except Exception as error:
                self.unseen[check] = Unseen(step.version, error)


class Walks:
    """The walks of one history's lineages, each taken when it is first asked for.

    Steps are never replayed for another check: one walk serves all of ``checks``. A check
    that cannot observe a step stops no other, so that a cell's verdict is the same whichever
    others run.
    """

    def __init__(self, history: History, checks: Iterable[AnyCheck]) -> None:
        self.history = history
        self._checks = tuple(checks)
        self._taken: dict[Start, Walk] = {}
        self.stale = StaleSnapshots(history)

    def lineage(self, start: Start) -> Walk:
        """Return the walk of the lineage that starts from a snapshot, or from nothing."""
        if start not in self._taken:
            self._taken[start] = self._walk(start)
        return self._taken[start]

    def all_lineages(self) -> tuple[Walk, ...]:
        """Return the fresh lineage's walk and that of every stored snapshot."""
        starts: tuple[Start, ...] = (FRESH, *self.history.store.names)
        return tuple(self.lineage(start) for start in starts)

    def _walk(self, start: Start) -> Walk:
        taken = Walk(start)
        observers = {check: check.watch(self.history) for check in self._checks if check.watch}
        try:
            for step in walk(self.history.application.source, self.history.store.image(start)):
                taken.arrive(step, observers)
        except MigrationTestError as error:
            taken.failure = error
        return taken
