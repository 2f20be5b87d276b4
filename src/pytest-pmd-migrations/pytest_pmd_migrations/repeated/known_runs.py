"""Keep what was seen of runs on copies of a database, by what they looked at and changed there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.connections.asked_tables import AskedTables, current_asked
from pytest_pmd_migrations.pages.layout import StoredObject
from pytest_pmd_migrations.repeated.footprint import footprint_after
from pytest_pmd_migrations.repeated.known_steps import Facts, KnownStep, KnownSteps

__all__ = ["Changed", "KnownRuns"]

Seen = TypeVar("Seen")
"""What somebody saw of a run, and of each that is the same."""


class Changed(NamedTuple):
    """How a copy differs after a run: which tables, by name, and all objects of its schema."""

    tables: frozenset[str]
    objects: tuple[StoredObject, ...]


class KnownRuns(Generic[Seen]):
    """What was seen of the runs on databases that some step had left, for those that come after."""

    def __init__(self) -> None:
        self._known: KnownSteps[Seen] = KnownSteps()

    def find(self, version: int, facts: Facts) -> Seen | None:
        """Return what a run on a database at ``version`` with these facts would show, if known.

        What it looks at counts as asked for, as if it had run.
        """
        known = self._known.find(version, facts)
        if known is None:
            return None
        asked = current_asked()
        if asked is not None:
            asked.tables.update(known.tables)
            asked.keys |= known.needs_sound_keys
            asked.page_size |= known.needs_page_size is not None
        return known.seen

    def remember(
        self, step: Step, facts: Facts, asked: AskedTables, changed: Sequence[Changed], seen: Seen
    ) -> None:
        """Keep what was seen of runs on copies of what ``step`` left, which has these facts.

        ``asked`` is what they asked for, ``changed`` how each copy that is not the same differs.
        """
        tables = [name for one in changed for name in one.tables]
        later = [one.objects for one in changed]
        footprint = footprint_after(asked, step, tables, later)
        if footprint is None or (asked.keys and not facts.sound_keys):
            return
        known = KnownStep(
            step.version,
            tuple(sorted(footprint)),
            facts.settings,
            facts.schema,
            {},
            facts.marks,
            facts.sound_keys,
            asked.keys,
            facts.page_size if asked.page_size else None,
            seen,
        )
        self._known.add(facts, known)
