"""A step that can be taken again: on other values of one table, or of many tables at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.rows.matching.sides import Row, Side, open_sides
from pytest_pmd_migrations.rows.moved.experiment import (
    MOST_ROWS,
    Experiment,
    Rerun,
    allow_as_before,
    experiments,
    take_with,
)
from pytest_pmd_migrations.rows.moved.other_values import replace_all
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.reading.step_statements import only_renamed, read_statements

__all__ = ["RepeatableStep"]

_Wanted = Sequence[tuple[RowTable, Sequence[str]]]
"""Tables with the columns that are to have other values."""


@dataclass(frozen=True)
class RepeatableStep:
    """A step with the databases before and after it, and a way to take it again.

    ``old`` and ``new`` show both databases; ``rerun`` takes the step on a connection to a changed
    copy of ``before``. Tables that ``ignore`` (globs) names are left out. ``statements`` are those
    that it ran, as far as they are known; the tables of ``unchanged`` it left alone. What it holds
    open ends with ``close``.
    """

    before: Image
    old: Side
    new: Side
    rerun: Rerun
    ignore: Sequence[str]
    statements: Sequence[str] = ()
    unchanged: frozenset[str] = frozenset()
    _planned: list[_Wanted] = field(default_factory=list)
    _shared: dict[str, tuple[frozenset[str], Experiment]] = field(default_factory=dict)
    _opened: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def renamed(self) -> Mapping[str, str]:
        """The new name of each table of which the statements say that it was renamed, and no more.

        Names are folded.
        """
        return only_renamed(self.statements)

    @cached_property
    def survivors(self) -> Mapping[str, str]:
        """The table that each table became, by what the statements say; names are folded."""
        read = read_statements(self.statements)
        return read.survivors(frozenset(self.old.tables), frozenset(self.new.tables))

    def close(self) -> None:
        """Close the databases of experiments that many tables share."""
        self._opened.close()

    def plan(self, wanted: _Wanted) -> None:
        """Say which columns of which tables are to be tried out: one run may tell of all.

        Without it each table takes a run of its own, of a step that works on all of them.
        """
        few = [(t, c) for t, c in wanted if c and self.old.count(fold(t.name)) <= MOST_ROWS]
        self._shared.clear()
        self._planned[:] = [few] if len(few) > 1 else []

    def try_out(self, table: RowTable, columns: Sequence[str]) -> Iterator[Experiment]:
        """Yield what the step makes of other values in these columns.

        An experiment that other tables share comes first. What it does not show, one of this table
        alone may: a step may choose its rows by the values of another table.
        """
        if not columns:
            return
        shared = self._share(table, columns)
        if shared is not None:
            yield shared
        yield from experiments(
            self.before,
            table,
            columns,
            self.rerun,
            rows=self._conditioned(table),
            total=self.old.count(fold(table.name)),
            ignore=self.ignore,
        )

    def _share(self, table: RowTable, columns: Sequence[str]) -> Experiment | None:
        """Return the experiment with these columns and others, where the step accepts one."""
        name = fold(table.name)
        while name not in self._shared:
            group = next((g for g in self._planned if any(t is table for t, _ in g)), None)
            if group is None:
                return None
            self._planned.remove(group)
            if not self._take(group) and len(group) > 3:
                # One table whose values it refuses does not keep it from taking the others.
                middle = len(group) // 2
                self._planned.extend((group[:middle], group[middle:]))
        replaced, experiment = self._shared[name]
        return experiment if replaced.issuperset(columns) else None

    def _take(self, group: _Wanted) -> bool:
        numbers = count()

        def put_others(conn: sqlite3.Connection, table: RowTable, columns: Sequence[str]) -> bool:
            return replace_all(conn, table, columns, numbers)

        taken = take_with(self.before, group, self.rerun, put_others)
        if taken is None:
            return False
        old, new = self._opened.enter_context(open_sides(*taken, ignore=self.ignore))
        experiment = Experiment(old, new, unlike=True)
        for table, columns in group:
            allow_as_before(old, table, columns, self._conditioned(table))
            self._shared[fold(table.name)] = frozenset(columns), experiment
        return True

    def _conditioned(self, table: RowTable) -> Sequence[Row]:
        """Return the table's rows where a declaration allows some of them something."""
        has_conditions = any(self.old.declared.conditions(table))
        return self.old.rows(fold(table.name)) if has_conditions else ()
