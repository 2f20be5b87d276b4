"""Histories of migrations drawn by chance: SQL scripts whose steps keep all rows."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.random_histories import full_text_steps, other_steps, table_steps
from tests.random_histories.database import Database

__all__ = ["random_history"]


def random_history(seed: int) -> list[str]:
    """The scripts of a history, the first of which makes several tables."""
    database = Database(random.Random(f"history {seed}"))
    scripts = []
    for number in range(database.chance.randint(2, 4)):
        database.script = []
        if not number:
            for _ in range(database.chance.randint(1, 3)):
                table_steps.new_table(database)
        for step in database.chance.choices(STEPS, k=database.chance.randint(1, 4)):
            step(database)
        if not database.script:
            table_steps.new_table(database)
        scripts.append("\n".join(database.script) + "\n")
    return scripts


STEPS: tuple[Callable[[Database], None], ...] = (
    *(table_steps.new_table,) * 2,
    table_steps.new_circle,
    *(table_steps.add_column,) * 3,
    table_steps.add_reference_column,
    table_steps.add_computed_column,
    table_steps.rename_column,
    table_steps.rename_table,
    table_steps.seed_rows,
    *(other_steps.new_index,) * 3,
    other_steps.new_unique_index,
    *(other_steps.new_view,) * 2,
    other_steps.new_writable_view,
    other_steps.new_log,
    other_steps.new_guard,
    *(full_text_steps.new_full_text,) * 2,
    full_text_steps.rebuild_full_text,
    *(table_steps.rebuild_table,) * 4,
    other_steps.drop_thing,
    other_steps.new_places,
)
