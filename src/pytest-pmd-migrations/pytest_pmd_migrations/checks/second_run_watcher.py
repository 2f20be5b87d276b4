"""Watch the second runs of one lineage; one that is known from another lineage is not made."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import cached_property
from typing import NamedTuple

from pytest_pmd_migrations.application.connection_marks import Marks, connection_marks
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.checks.by_lineage import Lines
from pytest_pmd_migrations.checks.model import Repeating
from pytest_pmd_migrations.checks.run_again import SecondStep, run_again
from pytest_pmd_migrations.connections.asked_tables import asking, current_asked
from pytest_pmd_migrations.connections.connection import ApplicationConnection
from pytest_pmd_migrations.limits.step_limits import LimitedRun
from pytest_pmd_migrations.repeated.facts_of_step import facts_of
from pytest_pmd_migrations.repeated.known_runs import KnownRuns
from pytest_pmd_migrations.rows import NOTHING_VARIES, VaryingRows
from pytest_pmd_migrations.snapshots.names import FRESH
from pytest_pmd_migrations.sources.run import rerun, upgrade
from pytest_pmd_migrations.still_clock.clock_and_dice import later

__all__ = ["SecondRun", "watch_second_runs"]


class SecondRun(NamedTuple):
    """Tells in lines what a second run changed: of the runner as a whole, and of the step alone.

    ``unheld`` is what differs from one first run to another, though SQL's clock and dice are held.
    """

    runner: Lines = ()
    step: Lines = ()
    unheld: VaryingRows = NOTHING_VARIES


def watch_second_runs(history: History) -> Repeating[SecondRun]:
    """Run each step a second time on a copy: first as an application opens its file again."""
    watcher = _Watcher(history)
    return Repeating(watcher.observe, relies=lambda: watcher.relies)


class _Watcher:
    """Watches one lineage; ``relies`` says whether some second run was one of another lineage."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.limits, self.other_limits = history.step_limits(FRESH), history.experiment_limits()
        self.relies = False

    def observe(self, step: Step) -> SecondRun:
        if step.before is None:
            return SecondRun()
        with later(), ExitStack() as ends:
            runs = _RunsAfterStep(self, step, ends)
            runner = runs.lines("runner", upgrade, insist=True, is_rest=True)
            again: Lines = ()
            if not runner:
                insist = self.history.rules.idempotent
                again = runs.lines("step", rerun, insist=insist, is_rest=False)
            second = runs.second
            unheld = second.unheld if "varying" in vars(second) else NOTHING_VARIES
        return SecondRun(runner, again, unheld)


class _RunsAfterStep:
    """The second runs after one step: on one copy of what it left, those that are made here."""

    def __init__(self, watcher: _Watcher, step: Step, ends: ExitStack) -> None:
        self.second = SecondStep(watcher.history, step, watcher.other_limits)
        self._watcher, self._step, self._ends = watcher, step, ends
        observations = watcher.history.observations
        self._facts = facts_of(step) if observations.trusted else None

    @cached_property
    def _conn(self) -> ApplicationConnection:
        return self._ends.enter_context(closing(self._step.after.connect()))

    def lines(self, what: str, run: Callable[..., None], *, insist: bool, is_rest: bool) -> Lines:
        """Return what such a run changed, in lines; from another lineage where it is the same.

        One that ``is_rest`` is to change nothing. Where it changes what does not count, in the
        database or on the connection, the next one finds that, and neither is the same in another
        lineage.
        """
        step, second, watcher = self._step, self.second, self._watcher
        known_runs = watcher.history.observations.of(f"again: {what}", KnownRuns[Lines])
        if known_runs is None or self._facts is None or not second.can_be_shared:
            return self._run(what, run, insist=insist)
        known = known_runs.find(step.version, self._facts)
        if known is not None:
            watcher.relies = True
            return known
        around, marks = current_asked(), connection_marks(self._conn) if is_rest else None
        with asking(leaves_out_refused=True) as asked:
            found = self._run(what, run, insist=insist)
        if around is not None:
            around.add(asked)
        if is_rest and (second.changed or not self._still_has(marks)):
            second.can_be_shared = False
        if second.can_be_shared:
            known_runs.remember(step, self._facts, asked, second.changed, found)
        return found

    def _still_has(self, marks: Marks | None) -> bool:
        """Return whether the connection has what it had, as far as that can be told."""
        try:
            return marks is not None and connection_marks(self._conn) == marks
        except sqlite3.ProgrammingError:
            # The runner has closed it.
            return False

    def _run(self, what: str, run: Callable[..., None], *, insist: bool) -> Lines:
        limited = LimitedRun(self._conn, self._watcher.limits, (what, self._step.version))
        return run_again(self.second, self._conn, run, limited, insist=insist)
