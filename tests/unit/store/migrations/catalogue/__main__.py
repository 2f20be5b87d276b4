"""Print the tables of decisions as they stand in docs/MIGRATIONS.md."""

from __future__ import annotations

from tests.unit.store.migrations.catalogue import TABLES

print(TABLES)  # noqa: T201 - it is what this command is for
