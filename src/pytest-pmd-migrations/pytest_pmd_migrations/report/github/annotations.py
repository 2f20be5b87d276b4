"""Point to causes beside the code: a workflow command each, on the migration's line."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_pmd_migrations.checks.model import Finding
from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.report.fold import Folded
from pytest_pmd_migrations.report.outcome import BAD, Outcome
from pytest_pmd_migrations.report.plan import Plan

__all__ = ["workflow_commands"]

_IN_MESSAGES = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTIES = _IN_MESSAGES | str.maketrans({":": "%3A", ",": "%2C"})


@dataclass(frozen=True)
class _Annotation:
    """What is told beside the code: the cell it is known from, a version to blame, a sentence."""

    cell: str
    version: int
    headline: str


def workflow_commands(
    plans: Sequence[Plan],
    outcomes: Sequence[Outcome],
    folded: Mapping[str, Folded],
    *,
    repository: Path,
) -> Iterator[str]:
    """Yield ``::error file=...,line=...,title=...::headline`` for each cause, in the grids' order.

    Files are named from the root folder of ``repository``; one outside of it, or that nobody can
    name, is left out.
    """
    for plan in plans:
        for told in _annotations(plan, plan.in_order(outcomes), folded[plan.application.name]):
            properties = [*_properties(plan, told.version, repository), ("title", told.cell)]
            shown = ",".join(
                f"{name}={text.translate(_IN_PROPERTIES)}" for name, text in properties
            )
            yield f"::error {shown}::{told.headline.translate(_IN_MESSAGES)}"


def _annotations(plan: Plan, outcomes: Sequence[Outcome], folded: Folded) -> Iterator[_Annotation]:
    latest = plan.application.latest
    for told in folded.told:
        cell = told.known_from
        yield _of_finding(told.finding, cell.id(latest), cell.row.version)
    for outcome in outcomes:
        if outcome.status in BAD and not outcome.findings:
            cell_id = outcome.cell.id(latest)
            yield _Annotation(cell_id, outcome.cell.row.version, f"{outcome.status}: {cell_id}")


def _of_finding(finding: Finding, cell: str, version: int) -> _Annotation:
    blamed = version if finding.version is None else finding.version
    return _Annotation(cell, blamed, finding.headline)


def _properties(plan: Plan, version: int, repository: Path) -> Iterator[tuple[str, str]]:
    """Yield the file and the line of a version's migration, of the last one before it there is."""
    versions = plan.application.versions
    known = [one for one in versions if one <= version] or [*versions[:1]]
    try:
        location = plan.application.location(known[-1])
    except SourceError:
        return
    path = Path(os.path.abspath(location.path))  # noqa: PTH100 - a link keeps the name it has here
    if path.is_relative_to(repository) and path.is_file():
        yield "file", path.relative_to(repository).as_posix()
        yield "line", str(location.line)
