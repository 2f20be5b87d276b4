"""Fill the grids of one application: a word for each planned cell, and what stands behind a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_pmd_migrations.checks.model import Row, SnapshotRow
from pytest_pmd_migrations.messages.wording import folded_names
from pytest_pmd_migrations.report.fold import Folded
from pytest_pmd_migrations.report.grid_layout import Grid
from pytest_pmd_migrations.report.outcome import BAD, NOT_RUN, Outcome
from pytest_pmd_migrations.report.plan import Plan

__all__ = ["planned_grids"]


def planned_grids(plan: Plan, outcomes: Iterable[Outcome], folded: Folded) -> Iterator[Grid]:
    """Yield the grid of the snapshots and that of the migrations, each where it has cells.

    ``folded`` says which cells repeat what another tells.
    """
    found = {outcome.cell: outcome for outcome in outcomes}
    grids: list[tuple[str, tuple[Row, ...], tuple[str, ...]]] = [
        ("snapshots", plan.snapshot_rows, plan.snapshot_checks),
        ("migrations", plan.migration_rows, plan.migration_checks),
    ]
    for name, rows, checks in grids:
        kind = {type(row) for row in rows}
        cells = [cell for cell in plan.cells if type(cell.row) in kind]
        if not cells:
            continue
        words = {
            (cell.row.title, cell.check): found[cell].status if cell in found else NOT_RUN
            for cell in cells
        }
        own = [found[cell] for cell in cells if cell in found]
        alone = {
            outcome.cell.row.title
            for outcome in own
            if outcome.status in BAD and outcome.cell not in folded.repeats
        }
        titles = tuple(row.title for row in rows)
        yield Grid(name, titles, checks, words, _remarks(own, folded), frozenset(alone))


def _remarks(outcomes: Iterable[Outcome], folded: Folded) -> Mapping[str, str]:
    """Return for each row which others tell what it found, and which block it."""
    named: dict[Row, dict[str, set[Row]]] = {}
    for outcome in outcomes:
        own = outcome.cell.row
        cells = folded.repeats.get(outcome.cell, ())
        blocker = outcome.blocked_by
        for word, rows in (("as", [cell.row for cell in cells]), ("by", [blocker or own])):
            others = {row for row in rows if row != own}
            if others:
                named.setdefault(own, {}).setdefault(word, set()).update(others)
    return {
        own.title: ", ".join(_remark(own, word, rows) for word, rows in words.items())
        for own, words in named.items()
    }


def _remark(own: Row, word: str, rows: Iterable[Row]) -> str:
    """Name rows by their numbers alone: their labels stand on their own lines."""
    in_order = sorted(rows, key=lambda row: (row.version, str(row)))
    alike = word == "as" and isinstance(own, SnapshotRow)
    names = [
        f"snapshot {row}" if isinstance(row, SnapshotRow) and not alike else str(row)
        for row in in_order
    ]
    return f"{word} {folded_names(names)}"
