"""AUTOINCREMENT promises that no id is given out twice: its marks are never set back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_pmd_migrations.rows.model import RowFinding
from pytest_pmd_migrations.rows.pair import Side

__all__ = ["marks_set_back"]


def marks_set_back(old: Side, new: Side, renamed: Mapping[str, str]) -> Iterator[RowFinding]:
    """Yield the tables that would give out an id a second time; ``renamed`` has new names."""
    for name, mark in old.marks.items():
        target = renamed.get(name, name)
        if name not in old.tables or target not in new.counting:
            continue
        now = new.marks.get(target, 0)
        if now < mark:
            table = old.tables[name].name
            evidence = (
                f"AUTOINCREMENT mark {mark} before the step, {now} after it",
                "copy it: UPDATE sqlite_sequence SET seq = ... WHERE name = ...",
            )
            yield RowFinding(table, None, f"{table} would give out ids again", evidence)
