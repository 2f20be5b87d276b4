"""AUTOINCREMENT promises that no id is given out twice: its marks are never set back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_pmd_migrations.rows.model import RowFinding, cut
from pytest_pmd_migrations.rows.sides import Side
from pytest_pmd_migrations.schema.reading.tokens import fold

__all__ = ["marks_set_back"]


def marks_set_back(old: Side, new: Side, renamed: Mapping[str, str]) -> Iterator[RowFinding]:
    """Yield the tables that would give out an id a second time; ``renamed`` has new names."""
    marks = new.marks()
    for name, mark in old.marks().items():
        target = new.tables.get(renamed.get(name, name))
        if name not in old.tables or target is None or not target.counting:
            continue
        now = marks.get(fold(target.name), 0)
        if now < mark:
            table = old.tables[name].name
            own = target.name.replace("'", "''")
            evidence = (
                f"AUTOINCREMENT mark {mark} before the step, {now} after it; set it:",
                cut(f"  UPDATE sqlite_sequence SET seq = {mark} WHERE name = '{own}'"),
            )
            yield RowFinding(table, None, f"{table} would give out ids again", evidence)
