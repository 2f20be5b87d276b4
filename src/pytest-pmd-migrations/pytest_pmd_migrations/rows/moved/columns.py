"""Find the new columns that have the values of columns that went, and prove it by experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from pytest_pmd_migrations.rows.matching.row_matching import ColumnMapping, pair_rows
from pytest_pmd_migrations.rows.matching.sides import Side
from pytest_pmd_migrations.rows.matching.unequal_rows import differing_rows
from pytest_pmd_migrations.rows.moved.candidate_columns import (
    CandidateColumn,
    RowPair,
    UnprovenMove,
    candidates_beside,
    candidates_in_parents,
    values_are_in,
)
from pytest_pmd_migrations.rows.moved.experiment import Experiment, RepeatableStep
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold

__all__ = ["FoundColumns", "find_columns", "find_in_parents"]


@dataclass
class FoundColumns:
    """Where the values of columns that went are now, by the old column in lower case.

    ``proven`` are the new columns that have them; ``unproven`` those that only look so.
    """

    proven: dict[str, CandidateColumn] = field(default_factory=dict)
    unproven: dict[str, UnprovenMove] = field(default_factory=dict)


def find_columns(
    step: RepeatableStep, table: RowTable, target: str, columns: ColumnMapping, gone: Sequence[str]
) -> FoundColumns:
    """Return where columns are that the rows of ``table``, now in ``target``, have no more."""

    def pairs(old: Side, new: Side) -> Sequence[RowPair]:
        if target not in new.tables:
            return ()
        rows, others = old.rows(fold(table.name)), new.rows(target)
        paired = pair_rows(table, rows, new.tables[target], others, columns)
        return [(row, match) for row, match in paired if match and not row.deleted]

    @cache
    def now() -> Sequence[RowPair]:
        return pairs(step.old, step.new)

    def is_equal(name: str, candidate: CandidateColumn) -> bool:
        if candidate.table == target and not candidate.there:
            mapped = {**columns, name: candidate.column}
            if not differing_rows(step.old, step.new, table, target, mapped)[0]:
                return True
        return values_are_in(now(), name, candidate, step.new)

    if not gone:
        return FoundColumns()
    candidates = tuple(candidates_beside(step.old, step.new, table, target))
    return _prove(step, table, gone, candidates, pairs, is_equal)


def find_in_parents(
    step: RepeatableStep, table: RowTable, columns: Sequence[str], renamed: Mapping[str, str]
) -> FoundColumns:
    """Return where columns of a table that went are: in the rows that its rows named."""

    def pairs(old: Side, _: Side) -> Sequence[RowPair]:
        return [(row, row) for row in old.rows(fold(table.name)) if not row.deleted]

    def is_equal(name: str, candidate: CandidateColumn) -> bool:
        return values_are_in(pairs(step.old, step.new), name, candidate, step.new)

    found = FoundColumns()
    candidates = tuple(candidates_in_parents(step.old, step.new, table, renamed))
    for here in dict.fromkeys(candidate.here for candidate in candidates):
        along = [candidate for candidate in candidates if candidate.here == here]
        left = [c for c in columns if fold(c) not in here and fold(c) not in found.proven]
        part = _prove(step, table, left, along, pairs, is_equal)
        found.proven.update(part.proven)
        found.unproven.update(part.unproven)
    return found


def _prove(
    step: RepeatableStep,
    table: RowTable,
    columns: Sequence[str],
    candidates: Sequence[CandidateColumn],
    pairs: Callable[[Side, Side], Sequence[RowPair]],
    is_equal: Callable[[str, CandidateColumn], bool],
) -> FoundColumns:
    """Return the candidates that have the columns' values, and have other values after a rerun.

    All are tried out together, then those not found one by one: a step may choose by the values
    of one, or refuse others there.
    """
    found = FoundColumns()
    full = [column for column in columns if step.old.has_value(fold(table.name), column)]
    likely = _equal_candidates(full, candidates, is_equal)
    together = [list(likely)] if len(likely) > 1 else []
    for tested in (*together, *([column] for column in likely)):
        open_columns = [column for column in tested if fold(column) not in found.proven]
        if not open_columns:
            continue
        for experiment in step.try_out(table, tested):
            there = pairs(experiment.old, experiment.new)
            for column in open_columns:
                equal = likely[column]
                if not experiment.unlike:
                    # A candidate that has these values even without the step proves nothing.
                    without = pairs(experiment.old, step.new)
                    name = fold(column)
                    equal = [c for c in equal if not values_are_in(without, name, c, step.new)]
                _note_move(found, column, equal, there, experiment)
            open_columns = [column for column in open_columns if fold(column) not in found.proven]
            if not open_columns:
                break
    for column, equal in likely.items():
        if fold(column) not in {*found.proven, *found.unproven}:
            found.unproven[fold(column)] = UnprovenMove(str(equal[0]), tried=False)
    return found


def _equal_candidates(
    columns: Sequence[str],
    candidates: Sequence[CandidateColumn],
    is_equal: Callable[[str, CandidateColumn], bool],
) -> dict[str, list[CandidateColumn]]:
    """Return for each column the candidates of equal values, where there are any."""
    found: dict[str, list[CandidateColumn]] = {}
    for column in columns:
        name = fold(column)
        equal = [candidate for candidate in candidates if is_equal(name, candidate)]
        if equal:
            # A column of the same name first: several may hold the same values.
            found[column] = sorted(equal, key=lambda candidate: candidate.column != name)
    return found


def _note_move(
    found: FoundColumns,
    column: str,
    candidates: Sequence[CandidateColumn],
    there: Sequence[RowPair],
    experiment: Experiment,
) -> None:
    """Note the candidate that has a column's other values after an experiment, or that none has."""
    name = fold(column)
    for candidate in candidates:
        # Rows along a key may hold the values of several columns, where each is unlike the rest.
        shared = candidate in found.proven.values() and not (candidate.there and experiment.unlike)
        if not shared and there and values_are_in(there, name, candidate, experiment.new):
            found.proven[name] = candidate
            found.unproven.pop(name, None)
            return
    if candidates:
        found.unproven[name] = UnprovenMove(str(candidates[0]), tried=True)
