"""Find tables whose AUTOINCREMENT was set back: they would give out an id a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_pmd_migrations.rows.evidence import cut_line
from pytest_pmd_migrations.rows.matching.sides import Side
from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.rows.suggested_declaration import excuse
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["lowered_high_water_marks"]


def lowered_high_water_marks(
    old: Side, new: Side, renamed: Mapping[str, str]
) -> Iterator[RowFinding]:
    """Yield the tables that would give out an id a second time; ``renamed`` has new names."""
    after = new.high_water_marks()
    for name, before in old.high_water_marks().items():
        target = new.tables.get(renamed.get(name, name))
        if name not in old.tables or target is None or not target.counting:
            continue
        now = after.get(fold(target.name), 0)
        if now < before:
            table = old.tables[name].name
            own = target.name.replace("'", "''")
            evidence = (
                f"AUTOINCREMENT mark {before} before the step, {now} after it; set it:",
                cut_line(f"  UPDATE sqlite_sequence SET seq = {before} WHERE name = '{own}'"),
            )
            message = f"{table} would give out ids again"
            allowed_by = excuse("SEQUENCES", table, found=message)
            yield RowFinding(table, None, message, evidence, allowed_by, kind="ids again")
