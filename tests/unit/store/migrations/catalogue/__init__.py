"""Decisions of the runner on steps and connections of every kind.

`python -m tests.unit.store.migrations.catalogue` prints the tables of docs/MIGRATIONS.md.
"""

from __future__ import annotations

from tests.unit.store.migrations.catalogue import (
    connections,
    leftovers,
    outside,
    python_code,
    schemas,
    settings,
    transactions,
)
from tests.unit.store.migrations.catalogue.decision import Decision

__all__ = ["DECISIONS", "TABLES", "Decision"]

GROUPS = {
    "A step and its transaction": transactions.DECISIONS,
    "A step and its settings": settings.DECISIONS,
    "A step and its connection": leftovers.DECISIONS,
    "A step and its tables": schemas.DECISIONS,
    "A step and Python": python_code.DECISIONS,
    "A step that ends its process, or rewrites the file": outside.DECISIONS,
    "A connection that is handed over with": connections.DECISIONS,
}
DECISIONS = [decision for group in GROUPS.values() for decision in group]


def _table(title, decisions):
    head = f"| id | {title.lower()} | what happens | what to do instead, or note |"
    return "\n".join([head, "| --- | --- | --- | --- |", *(decision.row for decision in decisions)])


TABLES = "\n\n".join(_table(title, decisions) for title, decisions in GROUPS.items())
