"""Gather the facts that the processes of a run have learnt about its applications."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_pmd_migrations.forecast.report_values import StepForecastReport
from pytest_pmd_migrations.run_report.json_form import from_values
from pytest_pmd_migrations.run_report.values import (
    DeclaredReport,
    FaultsReport,
    ObjectReport,
    StepReport,
    TableReport,
)
from pytest_pmd_migrations.sources.declared.declarations import Declarations

__all__ = ["GatheredFacts"]


_Rows = tuple[tuple[TableReport, ...], tuple[tuple[str, str], ...]]
"""The tables of a step, and the kinds and names of the declarations that their rows needed."""


@dataclass
class GatheredFacts:
    """Everything learnt of one application: schemas, rows, seconds, faults, forecasts, guards.

    ``objects`` is the pool that the numbers of ``schemas`` lead into; ``rows`` are by the start of
    the lineage and the version, with the declarations that they needed.
    """

    objects: dict[ObjectReport, int] = field(default_factory=dict)
    schemas: dict[int, tuple[int, ...] | None] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    faults: dict[int, FaultsReport] = field(default_factory=dict)
    forecasts: dict[int, StepForecastReport] = field(default_factory=dict)
    lost: dict[int, dict[str, None]] = field(default_factory=dict)
    rows: dict[tuple[str, int], _Rows] = field(default_factory=dict)
    _numbers: dict[tuple[str, int], int] = field(default_factory=dict)

    def add(self, facts: Mapping[str, Any], process: str) -> None:
        """Take over what a process has learnt; another one may have said the same."""
        for number, values in facts.get("objects", ()):
            one = from_values(ObjectReport, values, "object")
            self._numbers[process, number] = self.objects.setdefault(one, len(self.objects))
        for version, schema in facts.get("schemas", ()):
            if schema is not None:
                self.schemas[version] = tuple(self._numbers[process, one] for one in schema)
        self.seconds.update((version, taken) for version, taken in facts.get("seconds", ()))
        for version, words in facts.get("lost", ()):
            self.lost.setdefault(version, {}).update(dict.fromkeys(words))
        for starts, version, tables, used in facts.get("rows", ()):
            found = tuple(from_values(TableReport, one, "table") for one in tables)
            needed = tuple((kind, name) for kind, name in used)
            self.rows.update({(start, version): (found, needed) for start in starts})
        for version, points, broken in facts.get("faults", ()):
            self.faults[version] = FaultsReport(points, broken)
        if "forecast" in facts:
            step: StepForecastReport = from_values(
                StepForecastReport, facts["forecast"], "forecast"
            )
            self.forecasts[step.version] = step

    def steps(
        self, version: int, starts: tuple[str, ...], declarations: Declarations
    ) -> tuple[StepReport, ...]:
        """Return what became of rows in the step to a version, on the lineages of ``starts``."""
        alike: dict[_Rows, list[str]] = {}
        for start in starts:
            if (start, version) in self.rows:
                alike.setdefault(self.rows[start, version], []).append(start)
        return tuple(
            StepReport(
                first,
                tuple(replace(one, declared=_declared(one, used, declarations)) for one in tables),
                tuple(others),
            )
            for (tables, used), (first, *others) in alike.items()
        )


def _declared(
    table: TableReport, used: tuple[tuple[str, str], ...], declarations: Declarations
) -> tuple[DeclaredReport, ...]:
    """Return the declarations that a table's rows needed, each with its reason."""
    names = {name.lower() for name in (table.name, table.after_name) if name is not None}
    reasons = {
        **{("DELETES", name): one.reason for name, one in declarations.deletes.items()},
        **{("CHANGES", name): one.reason for name, one in declarations.changes.items()},
        **{
            ("MOVES", name): f"to {', '.join(declarations.targets(name))}"
            for name in declarations.moves
        },
        **{(key.kind, key.name): reason for key, reason in declarations.excuses.items()},
    }
    return tuple(
        DeclaredReport(kind, name, reasons.get((kind, name), ""))
        for kind, name in used
        if name.lower() in names or name.lower().rpartition(".")[0] in names
    )
