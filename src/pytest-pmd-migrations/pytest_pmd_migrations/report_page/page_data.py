"""Choose what the page's scripts need of a report, small enough for a file sent by mail."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from pytest_pmd_migrations.report_page.layout import lay_out_tables
from pytest_pmd_migrations.report_page.names import Targets

__all__ = ["COUNTS", "json_block", "page_data"]

_ESCAPED = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"})
_TABLES = ("table", "virtual")

COUNTS = ("before", "after", "kept", "changed", "deleted", "moved", "added")
"""The counts of rows of a table in a step, in the order in which the page's script reads them."""


def page_data(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return versions, schemas, rows and places of tables of every run.

    What the page tells as HTML (cells, findings, notes) is left out. Each schema is told by what it
    has not of the one before (``gone``) and has anew (``new``); what a step did to a table is a
    line of numbers, the starts of which all are true together.
    """
    return {
        "runs": [
            {
                "name": run["name"],
                "applications": [
                    _application(application, Targets(number, place))
                    for place, application in enumerate(run["applications"])
                ],
            }
            for number, run in enumerate(report["runs"])
        ]
    }


def json_block(data: Mapping[str, Any]) -> str:
    """Return JSON that may stand in a script element: nothing in it ends the element."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.translate(_ESCAPED)


def _application(application: Mapping[str, Any], targets: Targets) -> dict[str, Any]:
    versions = []
    before: list[int] = []
    starts, texts = _Pool(), _Pool()
    placed = lay_out_tables(_references(application["objects"]))
    for version in application["versions"]:
        schema = version["schema"]
        versions.append(
            {
                "version": version["version"],
                "title": version["title"],
                "description": version["description"],
                "schema": None if schema is None else _difference(before, schema),
                "steps": _folded_steps(version["steps"], starts, texts),
            }
        )
        before = before if schema is None else schema
    return {
        "name": application["name"],
        "section": targets.section,
        "blamed": [one["version"] for one in application["findings"] if one["version"] is not None],
        "titles": {
            row["id"]: row["title"] for row in application["rows"] if row["of"] == "snapshot"
        },
        "objects": application["objects"],
        "versions": versions,
        "starts": starts.values,
        "texts": texts.values,
        "places": placed.tables,
        "passes": [[*pair, *places] for pair, places in placed.passes.items()],
    }


def _difference(before: Iterable[int], after: Iterable[int]) -> dict[str, list[int]]:
    there, now = {*before}, {*after}
    return {"gone": sorted(there - now), "new": sorted(now - there)}


class _Pool:
    """Values, each once: what is told of thousands of steps is mostly the same."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._numbers: dict[Any, int] = {}

    def number(self, key: Hashable, value: object) -> int:
        """Return the place of a value; ``key`` is the same for equal values."""
        found = self._numbers.setdefault(key, len(self.values))
        if found == len(self.values):
            self.values.append(value)
        return found


def _folded_steps(
    steps: Iterable[Mapping[str, Any]], starts: _Pool, texts: _Pool
) -> list[list[Any]]:
    """Return what a step did to each table: numbers, with the starts of which all are true last.

    Each line has the places of its name before and after, of its declarations and of its evidence
    in ``texts``, then the counts in the order of ``COUNTS``, then the places of the starts.
    """
    found: dict[tuple[Any, ...], list[int]] = {}
    for step in steps:
        places = [starts.number(start, start) for start in (step["start"], *step["also"])]
        for table in step["tables"]:
            after, declared, evidence = (
                table[key] for key in ("after_name", "declared", "evidence")
            )
            declarations = tuple((one["kind"], one["name"], one["reason"]) for one in declared)
            line = (
                texts.number(table["name"], table["name"]),
                None if after is None else texts.number(after, after),
                texts.number(declarations, declared),
                texts.number((None, *evidence), evidence),
                *(table[count] for count in COUNTS),
            )
            found.setdefault(line, []).extend(places)
    return [[*line, *places] for line, places in found.items()]


def _references(objects: Iterable[Mapping[str, Any]]) -> dict[str, set[str]]:
    """Return what each table refers to, at any version: it keeps its place through them all."""
    found: dict[str, set[str]] = {}
    spelling: dict[str, str] = {}
    for one in objects:
        if one["type"] in _TABLES:
            name = spelling.setdefault(one["name"].casefold(), one["name"])
            parents = found.setdefault(name, set())
            parents.update(key["table"].casefold() for key in one["foreign_keys"])
    return {
        name: {spelling[parent] for parent in parents if parent in spelling}
        for name, parents in found.items()
    }
