"""Walk each lineage once a process, and keep what every check saw on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import State, Step
from pytest_pmd_migrations.asked_tables import asking
from pytest_pmd_migrations.checks.model import (
    AnyCheck,
    Check,
    LineageRecord,
    Observer,
    Repeating,
    Seen,
)
from pytest_pmd_migrations.errors import MigrationTestError, TimeoutStruckError
from pytest_pmd_migrations.grid.stale import StaleSnapshots
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.repeated.known_steps import KnownStep, KnownSteps
from pytest_pmd_migrations.repeated.lineage import DivergedError, Lineage
from pytest_pmd_migrations.snapshots.names import FRESH, Start
from pytest_pmd_migrations.wording import error_text

__all__ = ["Unseen", "Walk", "Walks"]

_SeenByChecks = Mapping[AnyCheck, Any]
"""What each check saw of one step."""


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

    def seen_at(self, version: int) -> _SeenByChecks:
        """Return what each check saw of one step."""
        return {check: seen[version] for check, seen in self._seen.items()}

    def may_repeat(
        self, known: KnownStep[_SeenByChecks], observers: Mapping[AnyCheck, Observer[Any]]
    ) -> bool:
        """Return whether every check sees of a step what follows from what was seen elsewhere."""
        return not self.unseen and all(
            isinstance(observe, Repeating) and observe.may_repeat(known.version, known.seen[check])
            for check, observe in observers.items()
        )

    def repeat(
        self, known: KnownStep[_SeenByChecks], observers: Mapping[AnyCheck, Observer[Any]]
    ) -> None:
        """Take over what the checks see of a step that was taken elsewhere."""
        self.has_repeated = True
        self.reached.append(known.version)
        for check, observe in observers.items():
            seen = observe.repeat(known.version, known.seen[check])  # type: ignore[attr-defined]  # see may_repeat
            self._seen[check][known.version] = seen

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
                self.unseen[check] = Unseen(step.version, _told(check, error))


class Walks:
    """The walks of one history's lineages, each taken when it is first asked for.

    Steps are never replayed for another check: one walk serves all of ``checks``. A check
    that cannot observe a step stops no other, so that a cell's verdict is the same whichever
    others run. ``fresh_first`` says that all lineages will be walked: the fresh one then is before
    any other, and its databases are those that the others are compared with.
    """

    def __init__(
        self, history: History, checks: Iterable[AnyCheck], *, fresh_first: bool = False
    ) -> None:
        self.history = history
        self._fresh_first = fresh_first
        self._checks = tuple(checks)
        self._taken: dict[Start, Walk] = {}
        self._ended: dict[Start, BaseException] = {}
        self._all: tuple[Walk, ...] = ()
        self._records: dict[AnyCheck, tuple[LineageRecord[Any], ...]] = {}
        self._blind: dict[AnyCheck, tuple[Walk, ...]] = {}
        self._met: dict[tuple[int, State], Walk] = {}
        self._known: KnownSteps[_SeenByChecks] | None = KnownSteps()
        self.stale = StaleSnapshots(history)

    @property
    def taken(self) -> Mapping[Start, Walk]:
        """The walks that were taken so far, by what they start from."""
        return self._taken

    def lineage(self, start: Start) -> Walk:
        """Return the walk of the lineage that starts from a snapshot, or from nothing."""
        if self._fresh_first and FRESH not in (start, *self._taken, *self._ended):
            self.lineage(FRESH)
        if start in self._ended:
            raise self._ended[start]
        if start not in self._taken:
            try:
                self._taken[start] = self._walk(start)
            except BaseException as error:
                self._ended[start] = error
                raise
        return self._taken[start]

    def all_lineages(self) -> tuple[Walk, ...]:
        """Return the fresh lineage's walk and that of every stored snapshot that must upgrade."""
        if not self._all:
            starts: tuple[Start, ...] = (FRESH, *self.history.supported)
            for start in starts:
                self.lineage(start)
            # The last one may have shown that others are to be walked again.
            self._all = tuple(self.lineage(start) for start in starts)
            self._records, self._blind = {}, {}
        return self._all

    def records(self, check: Check[Seen]) -> tuple[LineageRecord[Seen], ...]:
        """Return what ``check`` saw of all lineages: each cell of a migration asks for that."""
        lineages = self.all_lineages()
        if check not in self._records:
            self._records[check] = tuple(walk.record(check) for walk in lineages)
        return self._records[check]

    def blind(self, check: AnyCheck) -> tuple[Walk, ...]:
        """Return the lineages of which ``check`` could not observe all."""
        lineages = self.all_lineages()
        if check not in self._blind:
            self._blind[check] = tuple(walk for walk in lineages if check in walk.unseen)
        return self._blind[check]

    def _walk(self, start: Start) -> Walk:
        try:
            return self._walk_with(start, self._known if self.history.rules.share else None)
        except DivergedError:
            # An application that looks at more than SQLite hears of takes all its steps itself.
            self._known = None
            self._forget_repeated()
            return self._walk_with(start, None)

    def _forget_repeated(self) -> None:
        """Let each lineage be walked again that relied on steps which it did not take."""
        self._taken = {start: one for start, one in self._taken.items() if not one.has_repeated}
        self._met = {state: one for state, one in self._met.items() if not one.has_repeated}
        self._all = ()

    def _walk_with(self, start: Start, known: KnownSteps[_SeenByChecks] | None) -> Walk:
        taken, states = Walk(start), dict[tuple[int, State], Walk]()
        observers = self._observers(taken)
        source, limits = self.history.application.source, self.history.step_limits(start)
        try:
            with Lineage(source, self.history.store.image(start), known, limits) as lineage:
                taken.arrive(lineage.step, observers)
                while not self._ends(taken, lineage, states) and not lineage.has_ended:
                    _go_on(self.history, lineage, taken, observers)
        except TimeoutStruckError:
            raise
        except MigrationTestError as error:
            taken.failure = error
        self._met.update({state: walk for state, walk in states.items() if state not in self._met})
        return taken

    def _ends(
        self, taken: Walk, lineage: Lineage[_SeenByChecks], states: dict[tuple[int, State], Walk]
    ) -> bool:
        """Return whether a lineage has met another one, and was taken over from it to its end."""
        step = lineage.step
        if step.version != lineage.version or not self.history.rules.share or step.state is None:
            return False
        states[step.version, step.state] = taken
        # What made a step meet a limit is told of each lineage.
        return not lineage.limits.met and self._joins(taken, step.version, step.state)

    def _joins(self, taken: Walk, version: int, state: State) -> bool:
        """Take over the rest of a lineage that was once what this one is now, if there is one."""
        other = self._met.get((version, state))
        if other is None or not taken.may_follow(other, version):
            return False
        taken.follow(other, version)
        return True

    def _observers(self, taken: Walk) -> Mapping[AnyCheck, Observer[Any]]:
        """Return the observer of each check that has one; note those that cannot watch at all."""
        observers: dict[AnyCheck, Observer[Any]] = {}
        for check in self._checks:
            if check.watch is None:
                continue
            try:
                observers[check] = check.watch(self.history)
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                taken.unseen[check] = Unseen(taken.start.version, _told(check, error))
        return observers


def _go_on(
    history: History,
    lineage: Lineage[_SeenByChecks],
    taken: Walk,
    observers: Mapping[AnyCheck, Observer[Any]],
) -> None:
    """Take the next step of a lineage, or take over what was seen of the same one in another."""
    known = lineage.find()
    if known is not None and taken.may_repeat(known, observers):
        lineage.repeat(known)
        taken.repeat(known, observers)
    else:
        with asking() as asked:
            begun = perf_counter()
            step = lineage.take()
            taken.seconds[step.version] = perf_counter() - begun
            if taken.start == FRESH:
                history.fresh.add(step)
            taken.arrive(step, observers)
        if not taken.unseen and all(isinstance(one, Repeating) for one in observers.values()):
            lineage.remember(asked, taken.seen_at(step.version))
    taken.last = lineage.last


def _told(check: AnyCheck, error: BaseException) -> Exception:
    """Return what a check raised; in words where it would skip the cell, as pytest.skip does."""
    if isinstance(error, Exception):
        return error
    told = MigrationTestError(f"the check {check.name} raised {error_text(error)}")
    told.__cause__ = error
    return told
