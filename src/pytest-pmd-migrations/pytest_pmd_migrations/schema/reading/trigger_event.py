"""Read the head of a CREATE TRIGGER statement: when it fires, and a statement that fires it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.tokens import Token

__all__ = ["TriggerEvent", "firing_statement", "trigger_event"]

_TIMINGS = ("BEFORE", "AFTER", "INSTEAD")


class TriggerEvent(NamedTuple):
    """When a trigger fires: BEFORE, AFTER or INSTEAD of which event.

    ``columns`` are the names after UPDATE OF; ``on`` is the position of the word ON.
    """

    timing: str
    event: str
    columns: tuple[str, ...]
    on: int


def trigger_event(tokens: Sequence[Token]) -> TriggerEvent:
    """Return when a trigger fires; SQLite must have accepted its statement."""
    words = [token.word for token in tokens]
    position = words.index("TRIGGER") + 2
    timing = "BEFORE"
    if words[position] in _TIMINGS:
        timing = words[position]
        position += 2 if timing == "INSTEAD" else 1
    on = words.index("ON", position + 1)
    columns = tuple(t.value for t in tokens[position + 2 : on] if t.kind != "operator")
    return TriggerEvent(timing, words[position], columns, on)


def firing_statement(
    event: str,
    table: str,
    columns: Sequence[tuple[str, bool]],
    only: Sequence[str] = (),
) -> str:
    """Return a statement for which SQLite has to prepare a trigger of that event.

    ``columns`` are those of the table or view, each with whether it can be set; ``only`` are the
    names after UPDATE OF, of which one can be set; without them all are set.
    """
    name = f"main.{quote(table)}"
    if event == "DELETE":
        return f"DELETE FROM {name}"
    if event == "INSERT":
        return f"INSERT INTO {name} DEFAULT VALUES"
    folded = {fold(column) for column in only}
    settable = [column for column, can_be_set in columns if can_be_set]
    chosen = [column for column in settable if not folded or fold(column) in folded]
    # UPDATE OF may name the rowid, too.
    changes = ", ".join(f"{quote(column)} = NULL" for column in chosen or only)
    return f"UPDATE {name} SET {changes}"
