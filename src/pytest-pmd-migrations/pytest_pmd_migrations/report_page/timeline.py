"""Tell the versions of an application in their order: what each step is, took, touched and lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_pmd_migrations.messages.wording import counted
from pytest_pmd_migrations.report_page.names import Targets

__all__ = ["TimelineVersion", "timeline"]

_TOUCHING = ("changed", "deleted", "moved", "added")


@dataclass(frozen=True)
class TimelineVersion:
    """One version: ``causes`` are the headlines of what is wrong with it, and their targets."""

    version: int
    target: str
    title: str
    description: str
    where: str
    date: str
    released: bool
    seconds: float | None
    schema: str
    rows: str
    faults: str
    lost: tuple[str, ...]
    causes: tuple[tuple[str, str], ...]


def timeline(application: Mapping[str, Any], targets: Targets) -> tuple[TimelineVersion, ...]:
    """Return a line for each version, the oldest first."""
    causes: dict[int, list[tuple[str, str]]] = {}
    for number, finding in enumerate(application["findings"]):
        if finding["version"] is not None:
            told = finding["headline"], targets.finding(number)
            causes.setdefault(finding["version"], []).append(told)
    return tuple(_versions(application, targets, causes))


def _versions(
    application: Mapping[str, Any],
    targets: Targets,
    causes: Mapping[int, list[tuple[str, str]]],
) -> Iterator[TimelineVersion]:
    before: list[int] | None = []
    for one in application["versions"]:
        file = one["file"] or ""
        yield TimelineVersion(
            version=one["version"],
            target=targets.version(one["version"]),
            title=one["title"],
            description=one["description"],
            where=f"{file}:{one['line']}" if file and one["line"] else file,
            date=one["date"] or "",
            released=one["released"],
            seconds=one["seconds"],
            schema=_schema_changes(application["objects"], before, one["schema"]),
            rows=_rows_touched(one["steps"]),
            faults=_faults(one["faults"]),
            lost=tuple(one["lost"]),
            causes=tuple(causes.get(one["version"], ())),
        )
        before = one["schema"]


def _schema_changes(
    objects: list[Mapping[str, Any]], before: list[int] | None, after: list[int] | None
) -> str:
    """Return such as ``1 added, 2 changed``: objects, compared by their kind and name."""
    if before is None or after is None:
        return "unknown" if after is None else ""
    there, now = {*before}, {*after}
    gone, new = (
        {(objects[number]["type"], objects[number]["name"]) for number in numbers}
        for numbers in (there - now, now - there)
    )
    counts = {"added": new - gone, "removed": gone - new, "changed": new & gone}
    return ", ".join(f"{len(names)} {word}" for word, names in counts.items() if names)


def _rows_touched(steps: list[Mapping[str, Any]]) -> str:
    """Return how many rows the step touched of the database where it touched most."""
    touched = [
        (sum(table[word] for word in _TOUCHING for table in step["tables"]), len(step["tables"]))
        for step in steps
    ]
    most, tables = max(touched, default=(0, 0))
    return f"{counted(most, 'row')} in {counted(tables, 'table')}" if most else ""


def _faults(faults: Mapping[str, int] | None) -> str:
    if faults is None:
        return ""
    points, broken = faults["points"], faults["broken"]
    return f"{broken} of {points} broken" if broken else f"{points} survived"
