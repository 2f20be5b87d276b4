"""Fill the grids of one application: a word for each planned cell, and what stands behind a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pytest_pmd_migrations.checks.model import Row, SnapshotRow
from pytest_pmd_migrations.report.fold import Folded
from pytest_pmd_migrations.report.grid import Grid
from pytest_pmd_migrations.report.outcome import BAD, NOT_RUN, Outcome
from pytest_pmd_migrations.report.plan import Plan
from pytest_pmd_migrations.wording import folded_names

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
    named: dict[str, dict[str, set[str]]] = {}
    for outcome in outcomes:
        own = outcome.cell.row
        cells = folded.repeats.get(outcome.cell, ())
        tellers = {_short(cell.row, own) for cell in cells if cell.row != own}
        blockers = {_short(row, own) for row in [outcome.blocked_by] if row not in (None, own)}
        for word, names in (("as", tellers), ("by", blockers)):
            if names:
                named.setdefault(own.title, {}).setdefault(word, set()).update(names)
    return {
        title: ", ".join(f"{word} {folded_names(sorted(names))}" for word, names in words.items())
        for title, words in named.items()
    }


def _short(row: Row, own: Row) -> str:
    """Name a row in a remark on another one; its label stands on the row itself."""
    of_other_kind = isinstance(row, SnapshotRow) and not isinstance(own, SnapshotRow)
    return f"snapshot {row}" if of_other_kind else str(row)
