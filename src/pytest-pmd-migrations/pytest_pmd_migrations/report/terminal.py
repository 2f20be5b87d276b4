"""Write the section "migration matrix" at the end of pytest's output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from pytest_pmd_migrations.checks.model import Note
from pytest_pmd_migrations.messages.wording import counted, wrap_text
from pytest_pmd_migrations.report.application_notes import application_notes
from pytest_pmd_migrations.report.fold import Folded
from pytest_pmd_migrations.report.grid_layout import grid_blocks
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
from pytest_pmd_migrations.report.planned_grids import planned_grids

__all__ = ["COLOURS", "Piece", "closing_piece", "matrix_section", "told_notes"]

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


_USUAL = 80


class Piece(NamedTuple):
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
    columns: int = _USUAL,
) -> Iterator[tuple[Piece, ...]]:
    """Yield the lines of the section: one when all is good, the grid on failure or ``verbose``.

    Below 80 ``columns`` the grids are laid out for as many.
    ``folded`` says by the name of each application which of its cells repeat what another tells.
    """
    bad = any(outcome.status in BAD or outcome.blocked_by for outcome in outcomes)
    for plan in plans:
        own = plan.in_order(outcomes)
        if bad or verbose:
            if len(plans) > 1:
                yield (Piece(plan.application.name),)
            for grid in planned_grids(plan, own, folded[plan.application.name]):
                for block in grid_blocks(grid, folded=not verbose, columns=columns):
                    for texts in block.padded():
                        yield tuple(_pieces(texts))
                    yield ()
        for line in note_lines(told_notes(plan, own, verbose=verbose)):
            yield (Piece(line),)
    for plan in plans:
        for outcome in folded[plan.application.name].untold:
            yield from _untold(outcome)
    closing = closing_piece(plans, outcomes, folded, seconds=seconds, workers=workers)
    for line in wrap_text(closing.text) if columns < _USUAL else (closing.text,):
        yield (closing._replace(text=line),)


def _untold(outcome: Outcome) -> Iterator[tuple[Piece, ...]]:
    """Yield the story of a cause that no cell tells: its own cell passed or was skipped."""
    for finding in outcome.findings:
        yield (Piece(f"{finding.headline}, which no cell that was run tells", FAIL),)
        for line in finding.lines:
            yield (Piece(line),)
        yield ()


def _pieces(padded: Iterable[str]) -> Iterator[Piece]:
    texts = list(padded)
    while texts and not texts[-1].strip():
        texts.pop()
    for text in texts:
        yield Piece(text, text if text in COLOURS else "")


def told_notes(plan: Plan, outcomes: Sequence[Outcome], *, verbose: bool) -> Iterator[Note]:
    """Yield the notes of one application that a run tells; with ``verbose``, remarks as well."""
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


def closing_piece(
    plans: Sequence[Plan],
    outcomes: Sequence[Outcome],
    folded: Mapping[str, Folded],
    *,
    seconds: float,
    workers: int,
) -> Piece:
    """Return the line that counts what became of the cells."""
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
