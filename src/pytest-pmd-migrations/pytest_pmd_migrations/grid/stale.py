"""Blame a stale snapshot, and not the step that its database meets next."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from pytest_pmd_migrations.application.changed import first_changed, is_stale
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.model import AnyCheck, Finding, SnapshotRow, Verdict
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.wording import headline, wrap_text

__all__ = ["StaleSnapshots"]


class StaleSnapshots:
    """Tells which of a history's snapshots are stale; asked only where a cell of one fails."""

    def __init__(self, history: History) -> None:
        self._history = history

    def blame(
        self, row: SnapshotRow, check: AnyCheck, verdict: Verdict, *, stopped: bool
    ) -> Verdict:
        """Return the verdict that blames the snapshot, or else the one that was given.

        What ``data`` finds on the way of a lineage that did not stop are facts about steps.
        """
        if not verdict.findings or (check is DATA and not stopped):
            return verdict
        changed = self._changed
        if changed is None or not is_stale(self._history, row.snapshot, changed):
            return verdict
        if not self._is_built(finding.version for finding in verdict.findings):
            return verdict
        return Verdict((self._finding(changed),), image=verdict.image)

    @cached_property
    def _changed(self) -> int | None:
        return first_changed(self._history)

    def _is_built(self, versions: Iterable[int | None]) -> bool:
        """Return whether a fresh database gets as far: else the step is at fault, for everyone."""
        known = [v for v in versions if v in self._history.application.versions]
        try:
            self._history.fresh.image(max(known, default=0))
        except MigrationTestError:
            return False
        return True

    def _finding(self, changed: int) -> Finding:
        number, file = format_version(changed), self._history.application.file_name(changed)
        lines = (
            *wrap_text(
                f"{file} was changed after {number}.db was built, so that this database is not"
                " what an upgrade makes now. It is not released."
            ),
            "",
            "Build it anew, and those after it:",
            f"  pmd-migrations snapshot --rewrite {changed}",
        )
        return Finding(headline(f"{number}.db was built by another {number}"), lines, changed)
