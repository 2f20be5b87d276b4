"""Find the new columns that have the values of columns that went, and prove it by experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping, pair_rows
from pytest_pmd_migrations.rows.matching.sides import Side
from pytest_pmd_migrations.rows.matching.unequal_rows import differing_rows
from pytest_pmd_migrations.rows.moved.candidate_columns import (
    CandidateColumn,
    RowPair,
    UnprovenMove,
    candidates_beside,
    candidates_in_parents,
)
from pytest_pmd_migrations.rows.moved.experiment import Experiment
from pytest_pmd_migrations.rows.moved.held_values import HeldValues
from pytest_pmd_migrations.rows.moved.repeatable_step import RepeatableStep
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["FoundColumns", "find_columns", "find_in_parents", "find_most_values"]

_Pairs: TypeAlias = Callable[[Side, Side], Sequence[RowPair]]


@dataclass
class FoundColumns:
    """Where the values of columns that went are now, by the old column in lower case.

    ``proven`` are the new columns that have them, which are ``taken``; ``unproven`` those that only
    look so.
    """

    proven: dict[str, CandidateColumn] = field(default_factory=dict)
    unproven: dict[str, UnprovenMove] = field(default_factory=dict)
    taken: set[CandidateColumn] = field(default_factory=set)

    def prove(self, column: str, candidate: CandidateColumn) -> None:
        """Note the candidate that has a column's values."""
        self.proven[column] = candidate
        self.taken.add(candidate)
        self.unproven.pop(column, None)


def find_columns(
    step: RepeatableStep, table: RowTable, target: str, columns: ColumnMapping, gone: Sequence[str]
) -> FoundColumns:
    """Return where columns are that the rows of ``table``, now in ``target``, have no more.

    ``gone`` are those with values.
    """
    pairs = _pairs_in(table, target, columns)
    if not gone:
        return FoundColumns()
    candidates = tuple(candidates_beside(step.old, step.new, table, target))
    if len(gone) == len(candidates) == 1 and not candidates[0].there:
        # Nothing else can have the values: where it has them, no row is read.
        mapped = {**columns, fold(gone[0]): candidates[0].column}
        if not differing_rows(step.old, step.new, table, target, mapped)[0]:
            return _prove(step, table, {gone[0]: candidates}, pairs)
    return _prove(step, table, _likely(step, gone, candidates, pairs), pairs)


def find_most_values(
    step: RepeatableStep, table: RowTable, target: str, columns: ColumnMapping, column: str
) -> tuple[CandidateColumn, frozenset[int]] | None:
    """Return where most values of a column are, and the ids of the rows whose value is there.

    Only what holds most of other values, too, which are unlike any other, has them by this step.
    """
    pairs, name = _pairs_in(table, target, columns), fold(column)
    candidates = tuple(candidates_beside(step.old, step.new, table, target))

    def rows_with(candidate: CandidateColumn, old: Side, new: Side) -> frozenset[int]:
        paired = [pair for pair in pairs(old, new) if pair[0].values[name] is not None]
        held = HeldValues(paired, (candidate,), new)
        without = {id(row) for row in held.rows_without(candidate, name)} if held.there else None
        ids = frozenset(id(row) for row, _ in paired)
        most = without is not None and len(without) * 2 < len(ids)
        return ids - without if most and without is not None else frozenset()

    for candidate in candidates:
        found = rows_with(candidate, step.old, step.new)
        for experiment in step.try_out(table, [column]) if found else ():
            if experiment.unlike and rows_with(candidate, experiment.old, experiment.new):
                return candidate, found
    return None


def _pairs_in(table: RowTable, target: str, columns: ColumnMapping) -> _Pairs:
    """Return what pairs the rows of ``table`` with those of ``target`` that they became."""

    def pairs(old: Side, new: Side) -> Sequence[RowPair]:
        if target not in new.tables:
            return ()
        rows, others = old.rows(fold(table.name)), new.rows(target)
        paired = pair_rows(table, rows, new.tables[target], others, columns)
        return [(row, match) for row, match in paired if match and not row.deleted]

    return pairs


def find_in_parents(
    step: RepeatableStep, table: RowTable, columns: Sequence[str], renamed: Mapping[str, str]
) -> FoundColumns:
    """Return where columns of a table that went are: in the rows that its rows named."""

    def pairs(old: Side, _: Side) -> Sequence[RowPair]:
        return [(row, row) for row in old.rows(fold(table.name)) if not row.deleted]

    found = FoundColumns()
    full = [column for column in columns if step.old.has_value(fold(table.name), column)]
    candidates = tuple(candidates_in_parents(step.old, step.new, table, renamed))
    for here in dict.fromkeys(candidate.here for candidate in candidates):
        along = [candidate for candidate in candidates if candidate.here == here]
        left = [c for c in full if fold(c) not in here and fold(c) not in found.proven]
        part = _prove(step, table, _likely(step, left, along, pairs), pairs)
        found.proven.update(part.proven)
        found.unproven.update(part.unproven)
    return found


def _prove(
    step: RepeatableStep,
    table: RowTable,
    likely: Mapping[str, Sequence[CandidateColumn]],
    pairs: _Pairs,
) -> FoundColumns:
    """Return the candidates that have the columns' values, and have other values after a rerun.

    All are tried out together, then those not found one by one: a step may choose by the values
    of one, or refuse others there.
    """
    found = FoundColumns()
    candidates = tuple(dict.fromkeys(chain.from_iterable(likely.values())))
    together = [list(likely)] if len(likely) > 1 else []
    for tested in (*together, *([column] for column in likely)):
        open_columns = [column for column in tested if fold(column) not in found.proven]
        if not open_columns:
            continue
        for experiment in step.try_out(table, tested):
            new = experiment.new
            held = HeldValues(pairs(experiment.old, new), candidates, new)
            # A candidate that has these values even without the step proves nothing.
            without = (
                None
                if experiment.unlike
                else HeldValues(pairs(experiment.old, step.new), candidates, step.new)
            )
            for column in open_columns:
                equal = likely[column]
                if without is not None:
                    same = set(without.candidates_with(fold(column)))
                    equal = [candidate for candidate in equal if candidate not in same]
                _note_move(found, column, equal, held, experiment)
            open_columns = [column for column in open_columns if fold(column) not in found.proven]
            if not open_columns:
                break
    for column, equal in likely.items():
        if fold(column) not in {*found.proven, *found.unproven}:
            found.unproven[fold(column)] = UnprovenMove(str(equal[0]), tried=False)
    return found


def _likely(
    step: RepeatableStep,
    columns: Sequence[str],
    candidates: Sequence[CandidateColumn],
    pairs: _Pairs,
) -> dict[str, Sequence[CandidateColumn]]:
    """Return for each column the candidates of equal values, where there are any."""
    found: dict[str, Sequence[CandidateColumn]] = {}
    if columns and candidates:
        held = HeldValues(pairs(step.old, step.new), candidates, step.new)
        for column in columns:
            equal = held.candidates_with(fold(column))
            if equal:
                # A column of the same name first: several may hold the same values.
                found[column] = sorted(equal, key=lambda one: one.column != fold(column))
    return found


def _note_move(
    found: FoundColumns,
    column: str,
    candidates: Sequence[CandidateColumn],
    held: HeldValues,
    experiment: Experiment,
) -> None:
    """Note the candidate that has a column's other values after an experiment, or that none has."""
    name = fold(column)
    with_values = set(held.candidates_with(name))
    for candidate in candidates:
        # Rows along a key may hold the values of several columns, where each is unlike the rest.
        shared = candidate in found.taken and not (candidate.there and experiment.unlike)
        if not shared and candidate in with_values:
            found.prove(name, candidate)
            return
    if candidates:
        found.unproven[name] = UnprovenMove(str(candidates[0]), tried=True)
