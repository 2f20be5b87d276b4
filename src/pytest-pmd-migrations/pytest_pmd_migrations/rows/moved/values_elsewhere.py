"""Find the columns that have the values of columns that went, whatever rows these are in now.

A table may become keys and values, several tables one, or one table several. No key leads from an
old row to such rows, so that a person declares it; an experiment shows which columns to name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from pytest_pmd_migrations.connections.quoting import quote
from pytest_pmd_migrations.rows.matching.exact_rows import Value
from pytest_pmd_migrations.rows.matching.sides import Row, Side
from pytest_pmd_migrations.rows.moved.declared_moves import Moves, missing_values
from pytest_pmd_migrations.rows.moved.experiment import Experiment
from pytest_pmd_migrations.rows.moved.repeatable_step import RepeatableStep
from pytest_pmd_migrations.rows.tables import RowTable
from pytest_pmd_migrations.schema.letter_case import fold
from pytest_pmd_migrations.schema.values import TableColumn

__all__ = ["find_values_elsewhere"]


class _Search(NamedTuple):
    """What is looked for: columns of ``table`` in a step that gave tables the names ``renamed``.

    ``known`` is where other columns went.
    """

    step: RepeatableStep
    table: RowTable
    renamed: Mapping[str, str]
    known: Moves


def find_values_elsewhere(
    step: RepeatableStep,
    table: RowTable,
    columns: Sequence[str],
    renamed: Mapping[str, str],
    known: Moves,
) -> Moves:
    """Return where the values of these columns are; ``known`` is where those of others are.

    Only columns to which the step takes values that are like no others count: of these no more may
    be in none of them than of the values of before. All columns are tried out together, then those
    not found one by one: a step may choose its rows by the values of one.
    """
    if not columns:
        return {}
    search = _Search(step, table, renamed, known)
    likely = _likely(search, columns, tuple(_grown_columns(step, renamed)))
    # Where the key went says which row has the other values.
    keys = {fold(name) for name in table.key}
    ordered = sorted(likely, key=lambda column: fold(column) not in keys)
    own = fold(table.name)
    found: dict[TableColumn, tuple[TableColumn, ...]] = {}
    together = [ordered] if len(ordered) > 1 else []
    for tested in (*together, *([column] for column in ordered)):
        left = [column for column in tested if (own, fold(column)) not in found]
        if not left:
            continue
        for experiment in step.try_out(table, tested):
            # Values that were there before are everywhere.
            if experiment.unlike:
                _note_followed(search, experiment, {c: likely[c] for c in left}, found)
            if all((own, fold(column)) in found for column in left):
                break
    return found


def _grown_columns(step: RepeatableStep, renamed: Mapping[str, str]) -> Iterator[TableColumn]:
    """Yield the columns that may have got values: the new ones, and all of a table that grew."""
    old, new = step.old, step.new
    was = {into: name for name, into in renamed.items()}
    for name, table in new.tables.items():
        if name in step.unchanged:
            continue
        before = old.tables.get(was.get(name, name))
        grew = before is None or new.count(name) > old.count(fold(before.name))
        known = () if before is None or grew else before.names
        for column in table.columns:
            if fold(column) not in known:
                yield name, fold(column)


def _likely(
    search: _Search, columns: Sequence[str], candidates: Sequence[TableColumn]
) -> dict[str, Sequence[TableColumn]]:
    """Return for each column the candidates that have any of its values, the likeliest first.

    That is one in a table that has values of many columns, and one of the same name.
    """
    some = {column: _with_any_value(search, column, candidates) for column in columns}
    tables = Counter(name for found in some.values() for name in dict(found))
    full_text = {name for name, table in search.step.new.tables.items() if table.full_text}
    return {
        column: sorted(
            found, key=lambda one: (one[0] in full_text, -tables[one[0]], one[1] != fold(column))
        )
        for column, found in some.items()
        if found
    }


def _with_any_value(
    search: _Search, column: str, candidates: Sequence[TableColumn]
) -> Sequence[TableColumn]:
    old, new = search.step.old, search.step.new
    values = f"SELECT CAST({quote(column)} AS TEXT) FROM {old.schema}.{quote(search.table.name)}"
    found = []
    for name, candidate in candidates:
        there = f"{new.schema}.{quote(new.tables[name].name)}"
        sql = f"SELECT 1 FROM {there} WHERE CAST({quote(candidate)} AS TEXT) IN ({values})"
        if old.conn.execute(f"SELECT EXISTS ({sql})").fetchone()[0]:
            found.append((name, candidate))
    return found


def _note_followed(
    search: _Search,
    experiment: Experiment,
    likely: Mapping[str, Sequence[TableColumn]],
    found: dict[TableColumn, tuple[TableColumn, ...]],
) -> None:
    """Note for each column the fewest candidates that have its other values together."""
    step, table = search.step, search.table
    own = fold(table.name)
    for column, candidates in likely.items():
        name = fold(column)
        asked = _rows_with(experiment.old, own, name)
        into = _holding(experiment.new, Counter(row.values[name] for row in asked), candidates)
        if not into:
            continue
        moves = {**search.known, **found}
        before, others = (
            len(missing_values(table, rows, name, into, sides, search.renamed, moves))
            for rows, sides in (
                (_rows_with(step.old, own, name), (step.old, step.new)),
                (asked, (experiment.old, experiment.new)),
            )
        )
        # A row that is found no more was found by coincidence.
        if others <= before and others < len(asked):
            found[own, name] = into


def _rows_with(side: Side, table: str, column: str) -> Sequence[Row]:
    """Return the rows whose value of a column must be somewhere."""
    rows = (row for row in side.rows(table) if row.values[column] is not None)
    return [
        r for r in rows if not r.deleted and column not in r.changed and column not in r.emptied
    ]


def _holding(
    side: Side, wanted: Counter[Value], candidates: Sequence[TableColumn]
) -> tuple[TableColumn, ...]:
    """Return the fewest candidates that have as many of these values as all together."""
    spelled = {_spelled(value): value for value in wanted}
    held: dict[TableColumn, Counter[Value]] = {}
    for name, column in candidates:
        if column in (side.tables[name].names if name in side.tables else ()):
            values = (row.values[column] for row in side.rows(name))
            known = (spelled.get(_spelled(value)) for value in values if value is not None)
            held[name, column] = Counter(value for value in known if value is not None)
    total = sum(held.values(), Counter[Value]())
    wanted &= total
    # Those with the fewest of the values go first, of equal ones the last.
    kept = [one for one in held if held[one]]
    for candidate in sorted(kept, key=lambda one: (len(held[one]), -candidates.index(one))):
        rest = total - held[candidate]
        if wanted <= rest:
            total = rest
            kept.remove(candidate)
    return tuple(kept)


def _spelled(value: Value) -> Value:
    """Return a number as a column of texts keeps it, every other value as it is."""
    if isinstance(value, int):
        return "text", str(value).encode()
    if isinstance(value, tuple) and value[0] == "real":
        return "text", repr(value[1]).encode()
    return value
