"""The section "migration matrix" at the end of pytest's output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.report.grid import Grid, GridLine, grid_lines
from pytest_pmd_migrations.report.outcome import (
    DIED,
    FAIL,
    NONE,
    NOT_RUN,
    NOTE,
    OK,
    SKIP,
    Outcome,
)
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.wording import counted, wrap_text

__all__ = ["COLOURS", "Piece", "Plan", "matrix_section"]

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


@dataclass(frozen=True)
class Plan:
    """What one source's part of the matrix consists of, run or not.

    ``cells`` maps (row, check) to True; ``declared`` names every declaration, by version and key.
    """

    source: str
    rows: tuple[str, ...]
    cells: frozenset[tuple[str, str]]
    snapshot_checks: tuple[str, ...]
    migration_checks: tuple[str, ...]
    snapshots: int
    migrations: int
    latest: int
    declared: frozenset[str] = frozenset()


def matrix_section(
    plans: Sequence[Plan],
    outcomes: Iterable[Outcome],
    *,
    seconds: float,
    workers: int,
    verbose: bool,
) -> Iterator[tuple[Piece, ...]]:
    """Yield the lines of the section: one when all is good, the grid on failure or ``verbose``."""
    found = list(outcomes)
    bad = [outcome for outcome in found if outcome.status in (FAIL, DIED)]
    for plan in plans:
        own = [outcome for outcome in found if outcome.source == plan.source]
        if bad or verbose:
            yield from _grid(plan, own, titled=len(plans) > 1)
        yield from _lines(_notes(plan, own, verbose=verbose))
    yield (_closing(plans, found, bad, seconds=seconds, workers=workers),)


def _grid(plan: Plan, outcomes: list[Outcome], *, titled: bool) -> Iterator[tuple[Piece, ...]]:
    words = dict.fromkeys(plan.cells, NOT_RUN)
    words.update({(outcome.row, outcome.check): outcome.status for outcome in outcomes})
    checks = (*plan.snapshot_checks, *plan.migration_checks)
    lines, label, widths = grid_lines(Grid(plan.rows, checks, words, plan.migrations))
    if titled:
        yield (Piece(plan.source),)
    for line in lines:
        yield tuple(_pieces(line, label, widths))
    yield ()
    if plan.snapshot_checks:
        yield (
            Piece(
                f"{', '.join(plan.snapshot_checks)}: stored at that version, upgraded to"
                f" {format_version(plan.latest)}"
            ),
        )
    if plan.migration_checks:
        yield (
            Piece(
                f"{', '.join(plan.migration_checks)}: that migration, wherever an upgrade runs it"
            ),
        )


def _pieces(line: GridLine, label: int, widths: Sequence[int]) -> Iterator[Piece]:
    texts = list(line.padded(label, widths))
    while texts and not texts[-1].strip():
        texts.pop()
    for text in texts:
        yield Piece(text, text if text in COLOURS else "")


def _notes(plan: Plan, outcomes: list[Outcome], *, verbose: bool) -> Iterator[str]:
    said: dict[str, None] = {}
    for outcome in outcomes:
        for note in (*outcome.notes, *(outcome.remarks if verbose else ())):
            said.setdefault(f"note {note}")
    for key in sorted(_unneeded(plan, outcomes)):
        said.setdefault(f"note {key}: declared, but no stored row needs it")
    yield from said


def _unneeded(plan: Plan, outcomes: list[Outcome]) -> frozenset[str]:
    """Return the declarations that no row needed; none when not every lineage was seen."""
    seen = {outcome.row for outcome in outcomes if outcome.check == "data"}
    expected = {row for row, check in plan.cells if check == "data"}
    if seen != expected or any(outcome.status in (FAIL, DIED) for outcome in outcomes):
        return frozenset()
    return plan.declared - {key for outcome in outcomes for key in outcome.used}


def _lines(texts: Iterable[str]) -> Iterator[tuple[Piece, ...]]:
    for text in texts:
        for line in wrap_text(text):
            yield (Piece(line),)


def _closing(
    plans: Sequence[Plan],
    outcomes: list[Outcome],
    bad: list[Outcome],
    *,
    seconds: float,
    workers: int,
) -> Piece:
    took = f" in {seconds:.2f}s" + (f" ({workers} workers)" if workers > 1 else "")
    if bad:
        return Piece(f"{len(bad)} of {len(outcomes)} failed{took}", FAIL)
    snapshots = counted(sum(plan.snapshots for plan in plans), "snapshot")
    migrations = counted(sum(plan.migrations for plan in plans), "migration")
    total = sum(len(plan.cells) for plan in plans)
    if not outcomes:
        return Piece(f"{snapshots}, {migrations}: no cell of {total} was run", NOTE)
    passed = sum(outcome.status in (OK, NOTE) for outcome in outcomes)
    skipped = len(outcomes) - passed
    counts = f"{passed} ok" + (f", {skipped} skipped" if skipped else "")
    chosen = f" of {total}" if len(outcomes) < total else ""
    return Piece(f"{snapshots}, {migrations}: {counts}{chosen}{took}", OK)
