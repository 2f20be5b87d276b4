"""Refuse to store what a check of the stored file would call broken, and name the step."""

from __future__ import annotations

from collections.abc import Sequence

import click

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.reference_walk import Arrival, ReferenceWalk
from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.checks.broken_references import judge_references
from pytest_pmd_migrations.checks.model import SnapshotRow
from pytest_pmd_migrations.messages.wording import shown_path
from pytest_pmd_migrations.rows import Damages, Integrity, RowFinding, Strays, check_integrity
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start

__all__ = ["Soundness"]


class Soundness:
    """Follows one lineage while a snapshot is built, and refuses the first step that breaks it.

    ``start`` is what it begins with, ``first`` that database. ``told`` are
    lines about what is not refused: where nothing is released yet, a whole history may be stored
    that users have had for long, and the names that it leaves without an object are declared next.
    ``integrity`` is what was found after the last step; rows that point at nothing are not refused,
    since users' databases have them.
    """

    def __init__(self, history: History, start: Start, first: Step) -> None:
        self.told: list[str] = []
        # Nothing is known yet.
        self.integrity = Integrity(Strays(), Damages(), None)
        self._history = history
        self._start = start
        if start == FRESH:
            self._walk = ReferenceWalk(history.references, begins_with=())
        else:
            self._walk = history.references.walk()
            self._walk.arrive(first.text, first.after)

    def refuse_broken(self, step: Step) -> None:
        """Raise ClickException where the step broke the database.

        That is damage that SQLite finds, and names of the schema that mean nothing any more; these
        are told only, before the first release.
        """
        version, image, conn = step.version, step.after, step.conn
        arrival = self._walk.arrive(step.text, image)
        self.integrity = check_integrity(conn, image, step.layout, self.integrity)
        damage = tuple(self.integrity.damage.findings())
        if damage:
            raise click.ClickException("\n".join(self._told_damage(version, damage)))
        if not arrival.appeared:
            return
        history = self._history
        arrivals = {FRESH.version: Arrival(), version: arrival}
        latest = history.application.latest
        if version != latest:
            # A name that a step uses ahead of what a later one makes is no fault.
            arrivals[latest] = history.references.of_fresh(history.application.versions)[latest]
        row = SnapshotRow(SnapshotName(version), history.application.label(version))
        verdict = judge_references(history, row, FRESH, arrivals)
        for found in verdict.findings:
            if found.version != version:
                continue
            if not history.store.lock_file.newest_released:
                self.told.append(f"broken   {found.headline}: pytest --migration-matrix")
            else:
                head = f"{found.headline}, upgraded from {self._start}; nothing was written"
                raise click.ClickException("\n".join((head, "", *found.lines)))

    def _told_damage(self, version: int, damage: Sequence[RowFinding]) -> list[str]:
        where = self._history.application.location(version)
        lines = [
            f"{shown_path(where.path)}:{where.line} leaves a broken database, upgraded from"
            f" {self._start}; nothing was written"
        ]
        for found in damage:
            lines.append(f"  {found.message}")
            lines.extend(f"    {line}" for line in found.evidence)
        lines.append("Mend the migration: no check would let such a snapshot pass.")
        return lines
