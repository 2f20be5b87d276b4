"""A report of 200 versions of 500 tables, each version stored, each step taken from all of them."""

from __future__ import annotations

from typing import Any

from tests.unit.plugin.report_page.drawn_reports import (
    application_of,
    column,
    finding,
    moved_rows,
    report_of,
    rows_of,
    stored,
    table,
    version,
)


def large_report(versions: int = 200, tables: int = 500) -> dict[str, Any]:
    """Each step adds a column to two tables and touches rows of three, seen from every start."""
    latest = [_table(number, 0) for number in range(tables)]
    objects = [*latest]
    schema = list(range(tables))
    told = []
    for number in range(1, versions + 1):
        for changed in (number * 7 % tables, number * 13 % tables):
            columns = len(objects[schema[changed]]["columns"]) - 5
            schema[changed] = len(objects)
            objects.append(_table(changed, columns + 1))
        starts = ["fresh", *(f"{start:04}" for start in range(1, number))]
        steps = [
            {"start": start, "also": [], "tables": _touched(number, place, tables)}
            for place, start in enumerate(starts)
        ]
        told.append(version(number, schema=sorted(schema), steps=steps))
    half = versions // 2
    lost = finding(
        f"{half:04}_step.py: table_7 lost 1 of 40 rows",
        ["    gone: id 3", "    where that is meant, declare it:", "      DELETES = {}"],
        stored(*range(1, half), check="data", latest=versions),
        version=half,
        file=f"src/db/{half:04}_step.py",
        line=3,
    )
    return report_of(application_of(rows_of(range(1, versions + 1)), [lost], objects, told))


def _table(number: int, added: int) -> dict[str, Any]:
    parents = [number // 3] if number % 5 else []
    return table(
        f"table_{number}",
        column("id", "INTEGER", key=1),
        column("parent_id", "INTEGER"),
        column("name", not_null=True),
        column("size", "INTEGER"),
        column("note"),
        *(column(f"added_{place}") for place in range(added)),
        refers=[("parent_id", f"table_{parent}") for parent in parents],
    )


def _touched(number: int, place: int, tables: int) -> list[dict[str, Any]]:
    return [
        moved_rows(
            f"table_{(number * 7 + other) % tables}",
            before=40 + place,
            after=39 + place,
            kept=30 + place,
            changed=9,
            deleted=1,
            declared=[{"kind": "DELETES", "name": "table", "reason": "orphans"}],
            evidence=["gone: id 3, name 'a name', size 10", "id 4: 'a', now 'A'"],
        )
        for other in range(3)
    ]
