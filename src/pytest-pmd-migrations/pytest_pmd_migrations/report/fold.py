"""Fold what cells found: each cause once, with the rows it is seen from and the cells it blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from pytest_pmd_migrations.checks.model import EVERY_CHECK, Finding, MigrationRow, Row, SnapshotRow
from pytest_pmd_migrations.grid.cells import CellKey
from pytest_pmd_migrations.messages.wording import counted, folded_names, wrap_text
from pytest_pmd_migrations.report.outcome import FAIL, Outcome
from pytest_pmd_migrations.report.plan import Plan

__all__ = ["Folded", "ToldFinding", "fold", "whole_message"]

_Thing = tuple[str, ...]
_Place = tuple[CellKey, int]
"""The finding of a cell: the cell, and the finding's index."""


class ToldFinding(NamedTuple):
    """One thing that is wrong, with all cells that found it.

    ``told_by`` is the cell that tells it, None where no cell that was run does; ``cells`` are those
    that share it, the telling one first; ``blocks`` those that could not be judged for it.
    ``lines`` are what its message says below the headline, ``closing`` that message's last lines.
    """

    finding: Finding
    told_by: CellKey | None
    cells: tuple[CellKey, ...] = ()
    blocks: tuple[CellKey, ...] = ()
    lines: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()

    @property
    def known_from(self) -> CellKey:
        """The cell that tells it, or the first that it blocks."""
        return self.told_by or self.blocks[0]


class Folded(NamedTuple):
    """Tells which failing cell prints what.

    ``messages`` has the message of each cell that prints one; ``repeats`` names for each cell that
    prints none the cells that tell the same; ``told`` are the things that are wrong, each once,
    causes first; ``untold`` are the first of the blocked cells whose cause no cell tells.
    """

    messages: Mapping[CellKey, str] = MappingProxyType({})
    repeats: Mapping[CellKey, tuple[CellKey, ...]] = MappingProxyType({})
    told: tuple[ToldFinding, ...] = ()
    untold: tuple[Outcome, ...] = ()


def whole_message(outcome: Outcome) -> str:
    """Return the message of a failing cell as long as nothing is known of the others."""
    lines: list[str] = []
    for finding in outcome.findings:
        lines.extend(_finding_lines(finding, [outcome.cell.row]))
    return "\n".join((*lines, *outcome.closing))


def fold(plan: Plan, outcomes: Sequence[Outcome]) -> Folded:
    """Fold one application's outcomes, which are in the grid's order."""
    failed = [outcome for outcome in outcomes if outcome.status == FAIL and outcome.findings]
    tellings = _Tellings(failed)
    messages: dict[CellKey, str] = {}
    repeats: dict[CellKey, tuple[CellKey, ...]] = {}
    told: list[ToldFinding] = []
    for outcome in failed:
        others = tellings.told_by(outcome)
        if others:
            repeats[outcome.cell] = others
            continue
        lines: list[str] = []
        for index, finding in enumerate(outcome.findings):
            here = outcome.cell, index
            if here in tellings.same:
                continue
            blocks = _blocks(plan, outcome, finding.tells, outcomes)
            cells = tellings.seen[here]
            rows = [*dict.fromkeys(cell.row for cell in cells)]
            own_lines = [*_finding_lines(finding, rows, blocks)]
            blocked = _blocked_by(finding.tells, outcomes)
            below = tuple(own_lines[1:])
            told.append(
                ToldFinding(finding, outcome.cell, tuple(cells), blocked, below, outcome.closing)
            )
            lines.extend(own_lines)
        lines.extend(_told_elsewhere(plan, outcome, tellings))
        messages[outcome.cell] = "\n".join((*lines, *outcome.closing))
    untold = _untold(outcomes)
    for silent in untold:
        blocked = _blocked_by(silent.blocked_by, outcomes)
        told.extend(
            ToldFinding(one, None, blocks=blocked, lines=one.lines) for one in silent.findings
        )
    causes_first = sorted(told, key=lambda one: not one.blocks)
    return Folded(messages, repeats, tuple(causes_first), untold)


def _blocked_by(cause: Row | None, outcomes: Sequence[Outcome]) -> tuple[CellKey, ...]:
    """Return the cells that a cause blocks."""
    return tuple(one.cell for one in outcomes if cause is not None and one.blocked_by == cause)


class _Tellings:
    """Tells which finding is told where, and in which cells each one was seen.

    The first finding that has a thing tells it; one whose things have all been told is the ``same``
    as those that told them.
    """

    def __init__(self, failed: Sequence[Outcome]) -> None:
        self.same: dict[_Place, tuple[_Place, ...]] = {}
        self.seen: dict[_Place, list[CellKey]] = {}
        told: dict[tuple[str, _Thing], _Place] = {}
        for outcome in failed:
            for index, finding in enumerate(outcome.findings):
                here = outcome.cell, index
                things = [_scoped(outcome, thing) for thing in sorted(finding.things)]
                others = tuple(dict.fromkeys(told[thing] for thing in things if thing in told))
                for other in others:
                    if outcome.cell not in self.seen[other]:
                        self.seen[other].append(outcome.cell)
                if things and all(thing in told for thing in things):
                    self.same[here] = others
                    continue
                self.seen[here] = [outcome.cell]
                for thing in things:
                    told.setdefault(thing, here)

    def told_by(self, outcome: Outcome) -> tuple[CellKey, ...]:
        """Return the cells that tell all that this one has to tell; none where it tells some."""
        others = [self.same.get((outcome.cell, n)) for n in range(len(outcome.findings))]
        if None in others:
            return ()
        return tuple(dict.fromkeys(cell for same in others for cell, _ in same or ()))


def _told_elsewhere(plan: Plan, outcome: Outcome, tellings: _Tellings) -> Iterator[str]:
    """Yield the headlines that other cells tell, below the ids of those cells."""
    by_cells: dict[tuple[CellKey, ...], list[str]] = {}
    for index, finding in enumerate(outcome.findings):
        places = tellings.same.get((outcome.cell, index), ())
        if places:
            by_cells.setdefault(tuple(cell for cell, _ in places), []).append(finding.headline)
    for cells, headlines in by_cells.items():
        ids = ", ".join(cell.id(plan.application.latest) for cell in cells)
        yield from wrap_text(f"told by {ids}:", hanging="  ")
        for one in headlines:
            yield from wrap_text(one, indent="  ", hanging="  ")
        yield ""


def _scoped(outcome: Outcome, thing: _Thing) -> tuple[str, _Thing]:
    return ("" if thing[0] == EVERY_CHECK else outcome.cell.check), thing


def _finding_lines(
    finding: Finding, rows: Sequence[Row], blocks: Sequence[str] = ()
) -> Iterator[str]:
    yield from (finding.headline, "")
    # A snapshot and the migration to its version have one title.
    names = folded_names([*dict.fromkeys(row.title for row in rows)])
    if len(rows) > 1:
        word = "seen from" if isinstance(rows[0], SnapshotRow) else "the same at"
        text = f"{word} {names} (numbers of {rows[0].title})"
        yield from wrap_text(text, indent="  ", hanging="  ")
    elif finding.of_step:
        yield f"  seen from {names}"
    if (finding.of_step or len(rows) > 1) and finding.lines[:1] != ("",):
        yield ""
    yield from (*finding.lines, *blocks, "", *finding.details)


def _blocks(
    plan: Plan, outcome: Outcome, cause: Row | None, outcomes: Sequence[Outcome]
) -> Sequence[str]:
    """Return the line that counts the cells blocked by the cause which this outcome tells."""
    blocked = _blocked_by(cause, outcomes)
    if not blocked:
        return ()
    checks: dict[Row, list[str]] = {}
    for cell in blocked:
        checks.setdefault(cell.row, []).append(cell.check)
    own = checks.pop(outcome.cell.row, [])
    asked = {one.cell.check for one in outcomes if isinstance(one.cell.row, SnapshotRow)}
    alike: dict[tuple[type[Row], tuple[str, ...]], list[str]] = {}
    for row, names in checks.items():
        alike.setdefault((type(row), tuple(names)), []).append(row.title)
    there = [row for row in plan.snapshot_rows if row != outcome.cell.row]
    lineages: list[str] = []
    migrations: list[str] = []
    for (kind, lacking), titles in alike.items():
        if kind is MigrationRow:
            migrations.append(f"{', '.join(lacking)} of {folded_names(titles)}")
            continue
        which = "" if {*lacking} == asked else f"{', '.join(lacking)} of "
        if len(titles) == len(there) > 1:
            word = "every" if len(there) == len(plan.snapshot_rows) else "every other"
            lineages.append(f"{which}{word} lineage ({len(titles)})")
        else:
            lineages.append(f"{which}the lineages of {folded_names(titles)}")
    parts = [*lineages, *([f"its own {', '.join(own)}"] if own else []), *migrations]
    text = f"blocks {counted(len(blocked), 'cell')}: {'; '.join(parts)}"
    return ("", *wrap_text(text, indent="  ", hanging="  "))


def _untold(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the first of the cells that each cause blocks which no cell tells.

    The culprit's cell passed where the step failed for another: what it does is not the same each
    time. Or it was skipped, expected to fail, or its worker died.
    """
    told = frozenset[Row]().union(*(outcome.causes_told for outcome in outcomes))
    untold: dict[Row, Outcome] = {}
    for outcome in outcomes:
        if outcome.blocked_by is not None and outcome.blocked_by not in told:
            untold.setdefault(outcome.blocked_by, outcome)
    return tuple(untold.values())
