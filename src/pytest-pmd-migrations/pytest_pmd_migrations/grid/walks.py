"""Walk each lineage once a process and keep what the checks saw."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded import FRESH
from pytest_pmd_migrations.application.upgrade import EMPTY, walk
from pytest_pmd_migrations.checks.model import Check, LineageRecord, Unseen
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.names import SnapshotName

__all__ = ["Records"]


class Records:
    """The records of one history's lineages, each made when it is first asked for.

    Steps are never replayed for another check: one walk serves all of ``checks``. What one check
    cannot observe stops no other, so that a cell's verdict is the same whichever others run.
    """

    def __init__(self, history: History, checks: Iterable[Check]) -> None:
        self.history = history
        self._checks = tuple(checks)
        self._made: dict[str, LineageRecord] = {}

    def lineage(self, label: str) -> LineageRecord:
        """Return the record of the snapshot of that name, or of the fresh lineage."""
        if label not in self._made:
            self._made[label] = self._walk(label)
        return self._made[label]

    def all_lineages(self) -> tuple[LineageRecord, ...]:
        """Return the fresh lineage's record and that of every stored snapshot."""
        labels = [FRESH, *map(str, self.history.store.names)]
        return tuple(self.lineage(label) for label in labels)

    def _walk(self, label: str) -> LineageRecord:
        start = 0 if label == FRESH else SnapshotName.parse(label).version
        observers = [(check.name, check.watch(self.history)) for check in self._checks]
        observations: dict[tuple[str, int], object] = {}
        unseen: dict[str, Unseen] = {}
        failure: MigrationTestError | None = None
        reached: list[int] = []
        last: Image | None = None
        try:
            image = self._start(label)
            for step in walk(self.history.application.source, image):
                last = step.after
                if step.before is not None:
                    reached.append(step.version)
                for name, observe in observers:
                    if name in unseen:
                        continue
                    try:
                        observations[name, step.version] = observe(step)
                    except Exception as error:
                        unseen[name] = Unseen(step.version, error)
        except MigrationTestError as error:
            failure = error
        return LineageRecord(label, start, tuple(reached), observations, failure, last, unseen)

    def _start(self, label: str) -> Image:
        if label == FRESH:
            return EMPTY
        return self.history.store.read(SnapshotName.parse(label))
