"""Write the section "migration matrix" at the end of pytest's output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.checks.data import DATA
from pytest_pmd_migrations.checks.model import Note, UsedDeclaration
from pytest_pmd_migrations.report.grid import Grid, GridLine, grid_lines
from pytest_pmd_migrations.report.notes import note_lines
from pytest_pmd_migrations.report.outcome import (
    BAD,
    DIED,
    FAIL,
    NONE,
    NOT_RUN,
    NOTE,
    OK,
    SKIP,
    Outcome,
)
from pytest_pmd_migrations.report.plan import Plan
from pytest_pmd_migrations.wording import counted

__all__ = ["COLOURS", "Piece", "matrix_section"]

COLOURS: Mapping[str, Mapping[str, bool]] = {
    OK: {"green": True},
    FAIL: {"red": True, "bold": True},
    DIED: {"red": True, "bold": True},
    SKIP: {"yellow": True},
    NOTE: {"yellow": True},
    NONE: {"light": True},
    NOT_RUN: {"light": True},
}
"""How each word is coloured where the terminal has colours; the words alone say it all."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text and the word whose colour it takes, if any."""

    text: str
    word: str = ""


def matrix_section(
    plans: Sequence[Plan],
    outcomes: Sequence[Outcome],
    *,
    seconds: float,
    workers: int,
    verbose: bool,
) -> Iterator[tuple[Piece, ...]]:
    """Yield the lines of the section: one when all is good, the grid on failure or ``verbose``."""
    bad = [outcome for outcome in outcomes if outcome.status in BAD]
    for plan in plans:
        own = _in_order(plan, outcomes)
        if bad or verbose:
            yield from _grid(plan, own, titled=len(plans) > 1)
        for line in note_lines(_notes(plan, own, verbose=verbose)):
            yield (Piece(line),)
    yield (_closing(plans, outcomes, bad, seconds=seconds, workers=workers),)


def _in_order(plan: Plan, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return a plan's own outcomes in the grid's order, whichever worker sent them first."""
    found = {outcome.cell: outcome for outcome in outcomes}
    return [found[cell] for cell in plan.cells if cell in found]


def _grid(plan: Plan, outcomes: list[Outcome], *, titled: bool) -> Iterator[tuple[Piece, ...]]:
    application = plan.application
    statuses = {outcome.cell: outcome.status for outcome in outcomes}
    words = {(cell.row.title, cell.check): statuses.get(cell, NOT_RUN) for cell in plan.cells}
    checks = (*plan.snapshot_checks, *plan.migration_checks)
    lines, title_width, widths = grid_lines(
        Grid(plan.rows, checks, words, len(application.versions))
    )
    if titled:
        yield (Piece(application.name),)
    for line in lines:
        yield tuple(_pieces(line, title_width, widths))
    yield ()
    if plan.snapshot_checks:
        yield (
            Piece(
                f"{', '.join(plan.snapshot_checks)}: stored at that version, upgraded to"
                f" {application.title(application.latest)}"
            ),
        )
    if plan.migration_checks:
        yield (
            Piece(
                f"{', '.join(plan.migration_checks)}: that migration, wherever an upgrade runs it"
            ),
        )


def _pieces(line: GridLine, title_width: int, widths: Sequence[int]) -> Iterator[Piece]:
    texts = list(line.padded(title_width, widths))
    while texts and not texts[-1].strip():
        texts.pop()
    for text in texts:
        yield Piece(text, text if text in COLOURS else "")


def _notes(plan: Plan, outcomes: Sequence[Outcome], *, verbose: bool) -> Iterator[Note]:
    for outcome in outcomes:
        yield from outcome.notes
        if verbose:
            yield from outcome.remarks
    yield from plan.notes
    for version, key in sorted(_unneeded(plan, outcomes)):
        about = f"{plan.application.title(version)} {key}"
        yield Note(about, "declared, but no stored row needs it")


def _unneeded(plan: Plan, outcomes: Sequence[Outcome]) -> frozenset[UsedDeclaration]:
    """Return the declarations that no row needed.

    Empty unless every ``data`` cell ran and nothing failed.
    """
    seen = {outcome.cell for outcome in outcomes if outcome.cell.check == DATA.name}
    expected = {cell for cell in plan.cells if cell.check == DATA.name}
    if not seen or seen != expected or any(outcome.status in BAD for outcome in outcomes):
        return frozenset()
    return plan.declared.difference(*(outcome.used for outcome in outcomes))


def _closing(
    plans: Sequence[Plan],
    outcomes: Sequence[Outcome],
    bad: Sequence[Outcome],
    *,
    seconds: float,
    workers: int,
) -> Piece:
    took = f" in {seconds:.2f}s" + (f" ({workers} workers)" if workers > 1 else "")
    if bad:
        return Piece(f"{len(bad)} of {len(outcomes)} failed{took}", FAIL)
    snapshots = counted(sum(plan.snapshots for plan in plans), "snapshot")
    migrations = counted(sum(len(plan.application.versions) for plan in plans), "migration")
    total = sum(len(plan.cells) for plan in plans)
    if not outcomes:
        return Piece(f"{snapshots}, {migrations}: no cell of {total} was run", NOTE)
    passed = sum(outcome.status in (OK, NOTE) for outcome in outcomes)
    skipped = len(outcomes) - passed
    counts = f"{passed} ok" + (f", {skipped} skipped" if skipped else "")
    chosen = f" of {total}" if len(outcomes) < total else ""
    return Piece(f"{snapshots}, {migrations}: {counts}{chosen}{took}", OK)
