"""One lineage, walked, and what every check saw on the way; the lineages of a history together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.checks.model import (
    AnyCheck,
    Check,
    Finding,
    LineageRecord,
    MigrationRow,
    Observer,
    Repeating,
    Seen,
)
from pytest_pmd_migrations.checks.reached import LineageRecords
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import error_text
from pytest_pmd_migrations.repeated.known_steps import KnownStep
from pytest_pmd_migrations.snapshots.names import Start

__all__ = ["AllLineages", "SeenByChecks", "Unseen", "Walk", "told"]

SeenByChecks = Mapping[AnyCheck, Any]
"""What each check saw of one step."""


class Unseen(NamedTuple):
    """Why a check saw nothing of a lineage from ``version`` on: its observer raised ``error``."""

    version: int
    error: Exception


@dataclass
class Walk:
    """One lineage, walked: how far it came, and what each check saw.

    ``start`` is what it starts from; ``reached`` the versions it arrived at by a step; ``last`` the
    last database it had; ``failure`` why it stopped early; ``unseen`` why a check could
    observe no more. ``has_repeated`` says that it did not take all its steps itself; ``seconds`` is
    how long each step took that it did take.
    """

    start: Start
    reached: list[int] = field(default_factory=list)
    last: Image | None = None
    failure: MigrationTestError | None = None
    unseen: dict[AnyCheck, Unseen] = field(default_factory=dict)
    has_repeated: bool = False
    seconds: dict[int, float] = field(default_factory=dict)
    _seen: dict[AnyCheck, dict[int, Any]] = field(default_factory=dict)
    _records: dict[AnyCheck, LineageRecord[Any]] = field(default_factory=dict)

    def record(self, check: Check[Seen]) -> LineageRecord[Seen]:
        """Return what ``check`` saw of this lineage, which was walked to its end."""
        if check not in self._records:
            seen: dict[int, Seen] = self._seen.get(check, {})
            reached = tuple(self.reached)
            record = LineageRecord(self.start, reached, seen, self.failure, self.last)
            self._records[check] = record
        return self._records[check]

    def follow(self, other: Walk, version: int) -> None:
        """Take over all that came after ``version`` in a lineage that was the same there."""
        later = [one for one in other.reached if one > version]
        self.reached.extend(later)
        for check, seen in other._seen.items():
            known = self._seen.setdefault(check, {})
            known.update((number, one) for number, one in seen.items() if number > version)
        self.failure = other.failure
        self.has_repeated |= other.has_repeated
        if later:
            self.last = other.last

    def may_follow(self, other: Walk, version: int) -> bool:
        """Return whether every check sees the same in both from ``version`` on."""
        if self.unseen or other.unseen:
            return False
        return all(
            check.shares is not None and check.shares(seen[version], other._seen[check][version])
            for check, seen in self._seen.items()
        )

    def seen_at(self, version: int) -> SeenByChecks:
        """Return what each check saw of one step."""
        return {check: seen[version] for check, seen in self._seen.items()}

    def may_repeat(
        self, known: KnownStep[SeenByChecks], observers: Mapping[AnyCheck, Repeating[Any]]
    ) -> bool:
        """Return whether every check sees of a step what follows from what was seen elsewhere."""
        version, seen = known.version, known.seen
        return not self.unseen and all(
            observe.may_repeat(version, seen[check]) for check, observe in observers.items()
        )

    def repeat(
        self, known: KnownStep[SeenByChecks], observers: Mapping[AnyCheck, Repeating[Any]]
    ) -> None:
        """Take over what the checks see of a step that was taken elsewhere."""
        self.has_repeated = True
        version, seen = known.version, known.seen
        self.reached.append(version)
        for check, observe in observers.items():
            self._seen[check][version] = observe.repeat(version, seen[check])

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
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                self.unseen[check] = Unseen(step.version, told(check, error))


class AllLineages:
    """The walks of all lineages of a history, each walked as far as it gets.

    ``stories`` keeps what was found of steps that some of them could not take, by the step's row:
    every cell that such a step blocks asks for it.
    """

    def __init__(self, walks: tuple[Walk, ...]) -> None:
        self.walks = walks
        self.stories: dict[MigrationRow, tuple[Finding, ...]] = {}
        self._records: dict[AnyCheck, LineageRecords[Any]] = {}
        self._blind: dict[AnyCheck, tuple[Walk, ...]] = {}

    def records(self, check: Check[Seen]) -> LineageRecords[Seen]:
        """Return what ``check`` saw of each."""
        if check not in self._records:
            self._records[check] = LineageRecords(walk.record(check) for walk in self.walks)
        return self._records[check]

    def blind(self, check: AnyCheck) -> tuple[Walk, ...]:
        """Return those of which ``check`` could not observe all."""
        if check not in self._blind:
            self._blind[check] = tuple(walk for walk in self.walks if check in walk.unseen)
        return self._blind[check]

    @cached_property
    def stopped(self) -> tuple[Walk, ...]:
        """Those that did not get to their end."""
        return tuple(walk for walk in self.walks if walk.failure is not None)


def told(check: AnyCheck, error: BaseException) -> Exception:
    """Return what a check raised; in words where it would skip the cell, as pytest.skip does."""
    if isinstance(error, Exception):
        return error
    found = MigrationTestError(f"the check {check.name} raised {error_text(error)}")
    found.__cause__ = error
    return found
