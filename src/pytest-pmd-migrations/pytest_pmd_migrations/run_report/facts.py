"""Gather what a process learns of an application besides its verdicts, as values for a report.

Cells are judged in any process of a run, and each walks lineages of its own. What it learns goes
out with the next cell's report, once; the controller gathers it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from typing import Any

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.schema import SCHEMA
from pytest_pmd_migrations.errors import MigrationTestError
from pytest_pmd_migrations.grid.walk import Walk
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.messages.printable import printable_line
from pytest_pmd_migrations.rows.row_counts import RowCounts
from pytest_pmd_migrations.run_report.json_form import to_values
from pytest_pmd_migrations.run_report.schema_objects import ObjectsReader
from pytest_pmd_migrations.run_report.values import ObjectReport, TableReport
from pytest_pmd_migrations.snapshots.names import FRESH, Start
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey

__all__ = ["LearntFacts"]

_StepRows = tuple[int, tuple[RowCounts, ...], frozenset[DeclarationKey]]
"""A step's version, what became of its tables' rows, and the declarations that they needed."""

Facts = dict[str, Any]
"""What is new, as values that survive JSON."""


class LearntFacts:
    """Tells what was learnt of one history since it was asked last.

    ``rows`` of steps come from what the check ``data`` saw, ``lost`` guards from ``schema``.
    """

    def __init__(self, history: History, *, with_values: bool) -> None:
        self._history = history
        self._with_values = with_values
        self._reader = ObjectsReader(history.rules.ignore_patterns)
        self._numbers: dict[ObjectReport, int] = {}
        self._schemas: dict[int, tuple[int, ...] | None] = {}
        self._told: dict[Start, Walk] = {}

    def since_last(self, walks: Walks | None) -> Facts:
        """Return what is new; nothing where nothing is."""
        facts: Facts = {}
        known = len(self._numbers)
        schemas = dict(self._new_schemas(self._history.fresh.built))
        if schemas:
            new = [*self._numbers][known:]
            facts["objects"] = [[known + n, to_values(one)] for n, one in enumerate(new)]
            facts["schemas"] = [[version, schema] for version, schema in schemas.items()]
        taken = walks.taken if walks is not None else {}
        new_walks = [walk for start, walk in taken.items() if self._told.get(start) is not walk]
        for walk in new_walks:
            self._told[walk.start] = walk
            if walk.start == FRESH:
                facts["seconds"] = [[v, round(took, 6)] for v, took in walk.seconds.items()]
            facts.setdefault("lost", []).extend(self._lost(walk))
        if new_walks:
            facts["rows"] = list(self._rows(new_walks))
        return facts

    def build_fresh(self) -> None:
        """Build the fresh databases that nobody needed, as far as that can be done."""
        try:
            self._history.fresh.image(self._history.application.latest)
        except MigrationTestError:
            # The cells tell it.
            return

    def _new_schemas(self, built: Collection[int]) -> Iterator[tuple[int, list[int] | None]]:
        for version in sorted(set(built) - set(self._schemas) - {0}):
            self._schemas[version] = self._schema(version)
            schema = self._schemas[version]
            yield version, None if schema is None else list(schema)

    def _schema(self, version: int) -> tuple[int, ...] | None:
        """Return the numbers of a fresh schema's objects, None where SQLite cannot read it."""
        fresh = self._history.fresh
        before = max((one for one in self._schemas if one < version), default=None)
        if before is not None and fresh.text(before) == fresh.text(version):
            return self._schemas[before]
        try:
            with closing(fresh.image(version).connect()) as conn:
                objects = self._reader.read(conn)
        except (sqlite3.Error, MigrationTestError):
            # The cells tell it.
            return None
        return tuple(self._numbers.setdefault(one, len(self._numbers)) for one in objects)

    def _rows(self, walks: Sequence[Walk]) -> Iterator[list[Any]]:
        """Yield what became of rows in each step, once for the lineages on which it is the same."""
        starts: dict[_StepRows, list[str]] = {}
        for walk in walks:
            seen = walk.record(DATA).seen
            for version in walk.reached:
                report = seen[version].report if version in seen else None
                if report is not None and report.tables:
                    rows = version, report.tables, report.used
                    starts.setdefault(rows, []).append(str(walk.start))
        for (version, tables, used), alike in starts.items():
            told = [to_values(self._table(counts)) for counts in tables]
            yield [alike, version, told, sorted([key.kind, key.name] for key in used)]

    def _table(self, counts: RowCounts) -> TableReport:
        name = counts.after_name
        return TableReport(
            printable_line(counts.name),
            None if name is None else printable_line(name),
            counts.before,
            counts.after,
            counts.kept,
            counts.changed,
            counts.deleted,
            counts.moved,
            counts.added,
            evidence=tuple(map(printable_line, counts.samples)) if self._with_values else (),
        )

    def _lost(self, walk: Walk) -> Iterator[list[Any]]:
        application = self._history.application
        for version, seen in walk.record(SCHEMA).seen.items():
            for one in seen.lost:
                declared = application.declarations(version)
                if not any(declared.excuse("GUARDS", name) for name in (one.table, one.old_name)):
                    words = [printable_line(f"{guard} (of {one.table})") for guard in one.guards]
                    yield [version, words]
