"""Read the facts of a database that a step has left."""

from __future__ import annotations

from dataclasses import replace

from pytest_pmd_migrations.application.step import Step
from pytest_pmd_migrations.image import MEMORY_LIMIT
from pytest_pmd_migrations.repeated.footprint import keys_are_sound
from pytest_pmd_migrations.repeated.known_steps import Facts

__all__ = ["facts_of"]

_PAGE_SIZE = slice(16, 18)
_FACTS = "facts"
"""Where a step has its facts, among what is known of it."""


def facts_of(step: Step) -> Facts | None:
    """Return the facts of the database after a step, read before the walk goes on.

    They are the caller's own. None of a large database, and where they cannot be told.
    """
    if _FACTS not in step.known:
        step.known[_FACTS] = _read_facts(step)
    facts = step.known[_FACTS]
    return replace(facts, tables=dict(facts.tables)) if isinstance(facts, Facts) else None


def _read_facts(step: Step) -> Facts | None:
    if step.after.size > MEMORY_LIMIT:
        return None
    if step.layout is None or step.parts is None or step.marks is None:
        return None
    sound = keys_are_sound(step.conn, step.layout.objects)
    page_size = step.layout.file.content[_PAGE_SIZE]
    return Facts.of(step.parts, step.marks, step.conn, page_size=page_size, sound_keys=sound)
