"""Write the section "migration matrix" at the end of pytest's output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.checks.model import Note, Row
from pytest_pmd_migrations.report.application_notes import application_notes
from pytest_pmd_migrations.report.fold import Folded
from pytest_pmd_migrations.report.grid import Grid, GridLine, grid_lines
from pytest_pmd_migrations.report.notes import note_lines
from pytest_pmd_migrations.report.outcome import (
    BAD,
    BLOCKED,
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
from pytest_pmd_migrations.wording import counted, folded_names

__all__ = ["COLOURS", "Piece", "matrix_section"]

COLOURS: Mapping[str, Mapping[str, bool]] = {
    OK: {"green": True},
    FAIL: {"red": True, "bold": True},
    DIED: {"red": True, "bold": True},
    BLOCKED: {"yellow": True},
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
    folded: Mapping[str, Folded],
    *,
    seconds: float,
    workers: int,
    verbose: bool,
) -> Iterator[tuple[Piece, ...]]:
    """Yield the lines of the section: one when all is good, the grid on failure or ``verbose``.

    ``folded`` says by the name of each application which of its cells repeat what another tells.
    """
    bad = any(outcome.status in BAD or outcome.blocked_by for outcome in outcomes)
    for plan in plans:
        own = plan.in_order(outcomes)
        if bad or verbose:
            yield from _grids(plan, own, folded[plan.application.name], len(plans), verbose=verbose)
        for line in note_lines(_notes(plan, own, verbose=verbose)):
            yield (Piece(line),)
    for plan in plans:
        for outcome in folded[plan.application.name].untold:
            yield from _untold(outcome)
    yield (_closing(plans, outcomes, folded, seconds=seconds, workers=workers),)


def _grids(
    plan: Plan, outcomes: list[Outcome], folded: Folded, plans: int, *, verbose: bool
) -> Iterator[tuple[Piece, ...]]:
    if plans > 1:
        yield (Piece(plan.application.name),)
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
        statuses = {
            (cell.row.title, cell.check): found[cell].status if cell in found else NOT_RUN
            for cell in cells
        }
        own = [found[cell] for cell in cells if cell in found]
        alone = {
            outcome.cell.row.title
            for outcome in own
            if outcome.status in BAD and outcome.cell not in folded.repeats
        }
        grid = Grid(
            name,
            tuple(row.title for row in rows),
            checks,
            statuses,
            _remarks(own, folded),
            frozenset(alone),
        )
        lines, title_width, widths = grid_lines(grid, folded=not verbose)
        for line in lines:
            yield tuple(_pieces(line, title_width, widths))
        yield ()


def _remarks(outcomes: Iterable[Outcome], folded: Folded) -> Mapping[str, str]:
    """Return for each row which others tell what it found, and which block it."""
    parts: dict[str, dict[str, None]] = {}
    for outcome in outcomes:
        own = outcome.cell.row
        cells = folded.repeats.get(outcome.cell, ())
        tellers = dict.fromkeys(
            cell.row.title if type(cell.row) is type(own) else cell.row.culprit
            for cell in cells
            if cell.row != own
        )
        if tellers:
            parts.setdefault(own.title, {})[f"as {folded_names([*tellers])}"] = None
        if outcome.blocked_by is not None and outcome.blocked_by != own:
            parts.setdefault(own.title, {})[f"by {outcome.blocked_by.culprit}"] = None
    return {title: ", ".join(texts) for title, texts in parts.items()}


def _untold(outcome: Outcome) -> Iterator[tuple[Piece, ...]]:
    """Yield the story of a cause that no cell tells: its own cell passed or was skipped."""
    for finding in outcome.findings:
        yield (Piece(f"{finding.headline}, which no cell that was run tells", FAIL),)
        for line in finding.lines:
            yield (Piece(line),)
        yield ()


def _pieces(line: GridLine, title_width: int, widths: Sequence[int]) -> Iterator[Piece]:
    texts = list(line.padded(title_width, widths))
    while texts and not texts[-1].strip():
        texts.pop()
    for text in texts:
        yield Piece(text, text if text in COLOURS else "")


def _notes(plan: Plan, outcomes: Sequence[Outcome], *, verbose: bool) -> Iterator[Note]:
    yield from _one_a_command(note for outcome in outcomes for note in outcome.notes)
    if verbose:
        for outcome in outcomes:
            yield from outcome.remarks
    yield from application_notes(plan, outcomes)


def _one_a_command(notes: Iterable[Note]) -> Iterator[Note]:
    """Yield the notes, of those about a version that the same command sees to only one.

    It is the first; of notes that list what a step lost, which each lineage may word otherwise, the
    one that says most.
    """
    given = list(notes)
    told: dict[tuple[int, str], Note] = {}
    for note in given:
        first = told.setdefault(_subject(note), note)
        if _kind(note) == _kind(first) and len(note.text) > len(first.text):
            told[_subject(note)] = note
    for note in given:
        if not note.command or note.text == told[_subject(note)].text:
            yield note


def _subject(note: Note) -> tuple[int, str]:
    about = note.about
    return -1 if isinstance(about, str) else about.version, note.command


def _kind(note: Note) -> str:
    return note.text.partition(":")[0]


def _closing(
    plans: Sequence[Plan],
    outcomes: Sequence[Outcome],
    folded: Mapping[str, Folded],
    *,
    seconds: float,
    workers: int,
) -> Piece:
    took = f" in {seconds:.2f}s" + (f" ({workers} workers)" if workers > 1 else "")
    total = sum(len(plan.cells) for plan in plans)
    chosen = f" of {total}" if len(outcomes) < total else ""
    repeated = sum(len(one.repeats) for one in folded.values())
    bad = sum(outcome.status in BAD for outcome in outcomes) - repeated
    blocked = sum(outcome.status == BLOCKED for outcome in outcomes)
    untold = any(one.untold for one in folded.values())
    passed = sum(outcome.status in (OK, NOTE) for outcome in outcomes)
    skipped = sum(outcome.status == SKIP for outcome in outcomes)
    unasked = sum(outcome.status == NONE for outcome in outcomes)
    if bad or blocked:
        them = "it" if bad == 1 else "them"
        counts = [
            f"{bad} failed" if bad else "",
            f"{repeated} more like {them}" if repeated else "",
            f"{blocked} blocked" + (f" by {them}" if bad and not untold else "") if blocked else "",
            f"{passed} ok" if passed else "",
            f"{skipped} skipped" if skipped else "",
            f"{unasked} none" if unasked else "",
        ]
        return Piece(f"{', '.join(filter(None, counts))}{chosen}{took}", FAIL)
    snapshots = counted(sum(plan.snapshots for plan in plans), "snapshot")
    migrations = counted(sum(len(plan.application.versions) for plan in plans), "migration")
    if not outcomes:
        return Piece(f"{snapshots}, {migrations}: no cell of {total} was run", NOTE)
    counted_ok = f"{passed} ok" + (f", {skipped} skipped" if skipped else "")
    counted_ok += f", {unasked} none" if unasked else ""
    return Piece(f"{snapshots}, {migrations}: {counted_ok}{chosen}{took}", OK)
