"""Blame a stale snapshot, and not the step that its database meets next."""

from __future__ import annotations

from functools import cached_property

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.stale_snapshots import (
    OF_ITS_PROCESS,
    first_changed,
    is_edited_up_to,
    is_stale,
)
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.model import AnyCheck, Cause, Finding, SnapshotRow, Verdict
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.messages.wording import headline, wrap_text
from pytest_pmd_migrations.snapshots.names import SnapshotName, Start, format_version

__all__ = ["StaleSnapshots"]


class StaleSnapshots:
    """Tells which of a history's snapshots are stale; asked only where a cell of one fails."""

    def __init__(self, history: History) -> None:
        self._history = history

    def blame(
        self, row: SnapshotRow, check: AnyCheck, verdict: Verdict, *, stopped: bool
    ) -> Verdict:
        """Return the verdict with the snapshot as its cause, or else the one that was given.

        What ``data`` finds on the way of a lineage that did not stop are facts about steps.
        """
        found = verdict.findings if verdict.cause is None else (verdict.cause.finding,)
        versions = [finding.version or 0 for finding in found]
        if not found or (check is DATA and not stopped):
            return verdict
        if self._changed is None or not self.explains(row.snapshot, max(versions)):
            return verdict
        return Verdict(cause=self._cause(self._changed), image=verdict.image)

    def explains(self, start: Start, version: int) -> bool:
        """Return whether a lineage's start is why something is wrong with it at that version.

        Where a fresh database does not get as far, the step is at fault, for everyone.
        """
        if self._changed is None or not is_stale(self._history, start, self._changed):
            return False
        if version not in self._history.application.versions:
            return True
        try:
            self._history.fresh.image(version)
        except MigrationTestError:
            return False
        return True

    @cached_property
    def _changed(self) -> int | None:
        return first_changed(self._history)

    def _cause(self, changed: int) -> Cause:
        number, file = format_version(changed), self._history.application.step_name(changed)
        what = f"was changed after {number}.db was built"
        if not is_edited_up_to(self._history, changed):
            what = f"does something else now, by the same text: {OF_ITS_PROCESS}"
        lines = (
            *wrap_text(
                f"{file} {what}, so that this database is not what an upgrade makes now. It is not"
                " released."
            ),
            "",
            "Build it anew, and those after it:",
            f"  pmd-migrations snapshot --rewrite {changed}{self._history.application.option}",
        )
        head = headline(f"{number}.db was built by another {number}")
        finding = Finding(head, lines, changed).showing_no_rows()
        label = self._history.application.label(changed)
        return Cause(SnapshotRow(SnapshotName(changed), label), finding)
