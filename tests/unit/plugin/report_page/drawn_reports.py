"""Reports to draw: a small one in which much is wrong, and one as large as any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

HOSTILE = "</script><img src=x onerror=alert(1)><!-- \u2028 & 'quoted'"

CHECKS = {"snapshot": ("schema", "data", "statements"), "migration": ("again", "atomic", "frozen")}


def column(
    name: str, kind: str = "TEXT", *, not_null: bool = False, key: int = 0
) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "not_null": not_null,
        "key": key,
        "default": None,
        "generated": False,
    }


def table(
    name: str, *columns: dict[str, Any], refers: Iterable[tuple[str, str]] = ()
) -> dict[str, Any]:
    """A table as an object of the pool; ``refers`` are (column, table), each to that table's id."""
    keys = [
        {
            "columns": [own],
            "table": other,
            "references": ["id"],
            "on_delete": "CASCADE",
            "on_update": "",
        }
        for own, other in refers
    ]
    parts = [
        f"{one['name']} {one['type']}"
        + (" PRIMARY KEY" if one["key"] else "")
        + (" NOT NULL" if one["not_null"] else "")
        for one in columns
    ]
    parts += [
        f"FOREIGN KEY ({own}) REFERENCES {other}(id) ON DELETE CASCADE" for own, other in refers
    ]
    return {
        "type": "table",
        "name": name,
        "table": name,
        "sql": f"CREATE TABLE {name} ({', '.join(parts)})",
        "columns": [*columns],
        "foreign_keys": keys,
    }


def index(name: str, on: str, sql: str) -> dict[str, Any]:
    return {
        "type": "index",
        "name": name,
        "table": on,
        "sql": sql,
        "columns": [],
        "foreign_keys": [],
    }


def moved_rows(name: str, **counts: Any) -> dict[str, Any]:
    """What a step did to a table: all rows kept, but for what ``counts`` say."""
    return {
        "name": name,
        "after_name": name,
        "before": 4,
        "after": 4,
        "kept": 4,
        "changed": 0,
        "deleted": 0,
        "moved": 0,
        "added": 0,
        "declared": [],
        "evidence": [],
        **counts,
    }


def version(number: int, **said: Any) -> dict[str, Any]:
    return {
        "version": number,
        "label": "",
        "title": f"{number:04}",
        "description": f"step {number}",
        "file": f"src/db/{number:04}_step.py",
        "line": 14,
        "date": f"2026-02-{number % 28 + 1:02}",
        "released": True,
        "seconds": 0.003,
        "faults": {"points": 180, "broken": 0},
        "lost": [],
        "schema": [],
        "steps": [],
        **said,
    }


def rows_of(versions: Iterable[int], variants: Iterable[str] = ()) -> list[dict[str, Any]]:
    numbers = [*versions]
    stored = [*variants, *(f"{number:04}" for number in numbers)]
    return [
        *(
            {"of": "snapshot", "id": name, "title": name, "version": int(name[:4])}
            for name in stored
        ),
        *({"of": "migration", "id": f"{n:04}", "title": f"{n:04}", "version": n} for n in numbers),
    ]


def finding(
    headline: str, lines: Iterable[str], cells: Iterable[str], **said: Any
) -> dict[str, Any]:
    shared = [*cells]
    return {
        "headline": headline,
        "lines": [*lines],
        "details": [],
        "version": None,
        "file": None,
        "line": None,
        "told_by": shared[0],
        "cells": shared,
        "blocks": [],
        "closing": [f'again: pytest --migration-matrix "{shared[0]}"'],
        **said,
    }


def cells_of(
    rows: list[dict[str, Any]], findings: list[dict[str, Any]], latest: int
) -> list[dict[str, Any]]:
    """Every cell of the rows; those that findings name fail, those that they block are blocked."""
    found = []
    for row in rows:
        for check in CHECKS[row["of"]]:
            way = f"{row['id']}..{latest:04}" if row["of"] == "snapshot" else row["id"]
            name = f"migrations::{way}[{check}]"
            shares = [n for n, one in enumerate(findings) if name in one["cells"]]
            blocker = next((one for one in findings if name in one["blocks"]), None)
            found.append(
                {
                    "id": name,
                    "of": row["of"],
                    "row": row["id"],
                    "check": check,
                    "status": "FAIL" if shares else "blocked" if blocker else "ok",
                    "seconds": None if blocker else 0.0042,
                    "findings": shares,
                    "blocked_by": {"of": "migration", "row": f"{blocker['version']:04}"}
                    if blocker
                    else None,
                    "notes": [],
                    "remarks": [],
                }
            )
    return found


def report_of(*applications: dict[str, Any], runs: Iterable[str] = ("3.11.7",)) -> dict[str, Any]:
    """A report whose runs, one a Python, all found the same."""
    cells = [cell for one in applications for cell in one["cells"]]
    counts = dict.fromkeys(("ok", "FAIL", "note", "blocked", "skip", "none", "died", "-"), 0)
    for cell in cells:
        counts[cell["status"]] += 1
    causes = sum(len(one["findings"]) for one in applications)
    noun = "cause" if causes == 1 else "causes"
    failed = f"{counts['FAIL']} of {len(cells)} cells failed for {causes} {noun}"
    return {
        "format": "pytest-pmd-migrations report",
        "format_version": 1,
        "runs": [
            {
                "name": f"Python {python}, SQLite 3.40.1",
                "python": python,
                "sqlite": "3.40.1",
                "pytest": "9.2.0",
                "plugin": "0.1.0",
                "platform": "linux",
                "started": "2026-11-29T16:40:00Z",
                "seconds": 0.91,
                "workers": 2,
                "complete": True,
                "missing": [],
                "values": "cut",
                "verdict": failed if counts["FAIL"] else f"{len(cells)} cells: all ok",
                "counts": counts,
                "applications": [*applications],
            }
            for python in runs
        ],
    }


def application_of(
    rows: list[dict[str, Any]],
    findings: list[dict[str, Any]],
    objects: list[dict[str, Any]],
    versions: list[dict[str, Any]],
    **said: Any,
) -> dict[str, Any]:
    latest = versions[-1]["version"]
    return {
        "name": "migrations",
        "source": "shop.migrations",
        "runner": "pmd 0.1.0",
        "snapshots": "fixtures/snapshots",
        "latest": latest,
        "checks": [{"name": check, "of": of} for of, checks in CHECKS.items() for check in checks],
        "rows": rows,
        "cells": cells_of(rows, findings, latest),
        "findings": findings,
        "notes": [],
        "objects": objects,
        "versions": versions,
        "forecast": None,
        **said,
    }


def stored(*versions: int, check: str, latest: int) -> list[str]:
    return [f"migrations::{number:04}..{latest:04}[{check}]" for number in versions]
