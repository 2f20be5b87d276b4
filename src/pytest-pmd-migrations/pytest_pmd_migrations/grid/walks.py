"""Walk each lineage once a process, and keep what every check saw on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import State
from pytest_pmd_migrations.checks.model import AnyCheck, Observer, Repeating
from pytest_pmd_migrations.checks.registry import is_own
from pytest_pmd_migrations.connections.asked_tables import asking
from pytest_pmd_migrations.errors import MigrationTestError, TimeoutStruckError
from pytest_pmd_migrations.grid.stale import StaleSnapshots
from pytest_pmd_migrations.grid.walk import AllLineages, SeenByChecks, Unseen, Walk, told
from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.pages.layout import Layout
from pytest_pmd_migrations.repeated.known_steps import KnownSteps
from pytest_pmd_migrations.repeated.lineage import DivergedError, Lineage
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start

if TYPE_CHECKING:
    from pytest_pmd_migrations.grid.exchange.walk_exchange import SharedFolder, WalkExchange

__all__ = ["Walks"]


class Walks:
    """The walks of one history's lineages, each taken when it is first asked for.

    Steps are never replayed for another check: one walk serves all of ``checks``. A check
    that cannot observe a step stops no other, so that a cell's verdict is the same whichever
    others run. ``fresh_first`` says that all lineages will be walked: the fresh one then is before
    any other, and its databases are those that the others are compared with. With ``shared`` what
    other processes of the run have walked is read, if all checks are the package's own: what others
    see may be something else where it was written and read.
    """

    def __init__(
        self,
        history: History,
        checks: Iterable[AnyCheck],
        *,
        fresh_first: bool = False,
        shared: SharedFolder | None = None,
    ) -> None:
        self.history = history
        self._fresh_first = fresh_first
        self._checks = tuple(checks)
        self._taken: dict[Start, Walk] = {}
        self._ended: dict[Start, BaseException] = {}
        self._all: AllLineages | None = None
        self._met: dict[tuple[int, State], Walk] = {}
        self._like: Layout | None = None
        self._known: KnownSteps[SeenByChecks] | None = KnownSteps()
        self._exchange: WalkExchange | None = None
        if shared is not None and history.rules.share and all(map(is_own, self._checks)):
            # A run in one process needs none.
            from pytest_pmd_migrations.grid.exchange.walk_exchange import WalkExchange

            self._exchange = WalkExchange(shared, history, self._checks)
        self.stale = StaleSnapshots(history)

    @property
    def taken(self) -> Mapping[Start, Walk]:
        """The walks that were taken so far, by what they start from."""
        return self._taken

    def lineage(self, start: Start) -> Walk:
        """Return the walk of the lineage that starts from a snapshot, or from nothing."""
        if self._fresh_first and FRESH not in (start, *self._taken, *self._ended):
            self.lineage(FRESH)
        walk = self._lineage(start, waits=True)
        # None stands for a lineage that is not waited for.
        assert walk is not None
        return walk

    def _lineage(self, start: Start, *, waits: bool) -> Walk | None:
        """Return the walk; None where another process is at it, which is not waited for."""
        if start in self._ended:
            raise self._ended[start]
        if start not in self._taken:
            try:
                walk = self._walk(start, waits=waits)
            except BaseException as error:
                self._ended[start] = error
                raise
            if walk is None:
                return None
            self._taken[start] = walk
        return self._taken[start]

    def all_lineages(self) -> tuple[Walk, ...]:
        """Return the fresh lineage's walk and that of every stored snapshot that must upgrade."""
        return self.every().walks

    def every(self) -> AllLineages:
        """Return all of them with what is asked of them again and again."""
        if self._all is None:
            self.lineage(FRESH)
            if self._exchange is not None:
                for name in self._exchange.folder.in_order(self.history.supported):
                    self._lineage(name, waits=False)
            starts: tuple[Start, ...] = (FRESH, *self.history.supported)
            for start in starts:
                self.lineage(start)
            # The last one may have shown that others are to be walked again.
            self._all = AllLineages(tuple(self.lineage(start) for start in starts))
        return self._all

    def _walk(self, start: Start, *, waits: bool) -> Walk | None:
        if self._exchange is None or not isinstance(start, SnapshotName):
            return self._walk_here(start)
        walk = self._exchange.walk(start, lambda: self._walk_here(start), waits=waits)
        if self._exchange is not None and self._exchange.is_distrusted:
            self._distrust()
            return self._walk_here(start)
        return walk

    def _walk_here(self, start: Start) -> Walk:
        try:
            return self._walk_with(start, self._known if self.history.rules.share else None)
        except DivergedError:
            self._distrust()
            return self._walk_with(start, None)

    def _distrust(self) -> None:
        """Let each lineage take its steps itself, and again where it relied on what it did not.

        The application looks at more than SQLite hears of.
        """
        if self._exchange is not None:
            self._exchange.distrust()
            self._exchange = None
        self._known = None
        self.history.observations.distrust()
        self._taken = {start: one for start, one in self._taken.items() if not one.has_repeated}
        self._met = {state: one for state, one in self._met.items() if not one.has_repeated}
        self._all = None

    def _walk_with(self, start: Start, known: KnownSteps[SeenByChecks] | None) -> Walk:
        taken, states = Walk(start), dict[tuple[int, State], Walk]()
        observers = self._observers(taken)
        repeating = {check: one for check, one in observers.items() if isinstance(one, Repeating)}
        if len(repeating) < len(observers):
            # Of one that cannot say that it sees the same, each step must be taken.
            known = None
        source, limits = self.history.application.source, self.history.step_limits(start)
        try:
            image, conn = self.history.store.connected(start)
            with Lineage(source, image, known, limits, self._like, conn=conn) as lineage:
                # The next snapshot mostly has a table more, or a few rows.
                self._like = lineage.step.layout if image.size <= MEMORY_LIMIT else None
                taken.arrive(lineage.step, observers)
                while not self._ends(taken, lineage, states) and not lineage.has_ended:
                    _go_on(self.history, lineage, taken, observers, repeating)
        except TimeoutStruckError:
            raise
        except MigrationTestError as error:
            taken.failure = error
        finally:
            taken.has_repeated |= any(_relies(observe) for observe in observers.values())
        self._met.update({state: walk for state, walk in states.items() if state not in self._met})
        return taken

    def _ends(
        self, taken: Walk, lineage: Lineage[SeenByChecks], states: dict[tuple[int, State], Walk]
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
                taken.unseen[check] = Unseen(taken.start.version, told(check, error))
        return observers


def _relies(observe: Observer[Any]) -> bool:
    return isinstance(observe, Repeating) and observe.relies()


def _go_on(
    history: History,
    lineage: Lineage[SeenByChecks],
    taken: Walk,
    observers: Mapping[AnyCheck, Observer[Any]],
    repeating: Mapping[AnyCheck, Repeating[Any]],
) -> None:
    """Take the next step of a lineage, or take over what was seen of the same one in another.

    ``repeating`` are those of the observers that can say that they see the same.
    """
    known = lineage.find()
    if known is not None and taken.may_repeat(known, repeating):
        lineage.repeat(known)
        taken.repeat(known, repeating)
    else:
        with asking() as asked:
            begun = perf_counter()
            step = lineage.take()
            taken.seconds[step.version] = perf_counter() - begun
            if taken.start == FRESH:
                history.fresh.add(step)
            taken.arrive(step, observers)
        if not taken.unseen:
            lineage.remember(asked, taken.seen_at(step.version))
    taken.last = lineage.last
