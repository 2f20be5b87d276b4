"""Fold what cells found: each cause once, with the rows it is seen from and the cells it blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytest_pmd_migrations.checks.model import Finding, MigrationRow, Row, SnapshotRow
from pytest_pmd_migrations.grid.cells import CellKey
from pytest_pmd_migrations.report.outcome import DIED, FAIL, Outcome
from pytest_pmd_migrations.report.plan import Plan
from pytest_pmd_migrations.wording import counted, folded_names, wrap_text

__all__ = ["Folded", "fold", "whole_message"]

_Thing = tuple[str, ...]
_Told = tuple[CellKey, int]
"""The finding of a cell: the cell, and the finding's index."""


@dataclass(frozen=True)
class Folded:
    """Tells which failing cell prints what.

    ``messages`` has the message of each cell that prints one; ``repeats`` names for each cell that
    prints none the cell that tells the same; ``untold`` are the blocked cells whose cause no cell
    tells.
    """

    messages: Mapping[CellKey, str] = field(default_factory=dict)
    repeats: Mapping[CellKey, CellKey] = field(default_factory=dict)
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
    repeats: dict[CellKey, CellKey] = {}
    for outcome in failed:
        other = tellings.told_by(outcome)
        if other is not None:
            repeats[outcome.cell] = other
            continue
        lines: list[str] = []
        for index, finding in enumerate(outcome.findings):
            here = outcome.cell, index
            if here in tellings.same:
                told_by = tellings.same[here][0].id(plan.application.latest)
                lines.extend((finding.headline, "", f"  told by {told_by}", ""))
                continue
            blocks = () if index or outcome.tells is None else _blocks(plan, outcome, outcomes)
            lines.extend(_finding_lines(finding, tellings.seen[here], blocks))
        messages[outcome.cell] = "\n".join((*lines, *outcome.closing))
    return Folded(messages, repeats, _untold(outcomes))


class _Tellings:
    """Tells which finding is told where, and from which rows each one was seen.

    The first finding that has a thing tells it; one whose things have all been told is the ``same``
    as the one that told its first.
    """

    def __init__(self, failed: Sequence[Outcome]) -> None:
        self.same: dict[_Told, _Told] = {}
        self.seen: dict[_Told, list[Row]] = {}
        told: dict[tuple[str, _Thing], _Told] = {}
        for outcome in failed:
            for index, finding in enumerate(outcome.findings):
                here = outcome.cell, index
                things = [(outcome.cell.check, thing) for thing in sorted(finding.things)]
                if things and all(thing in told for thing in things):
                    self.same[here] = told[things[0]]
                    self.seen[self.same[here]].append(outcome.cell.row)
                    continue
                self.seen[here] = [outcome.cell.row]
                for thing in things:
                    told.setdefault(thing, here)

    def told_by(self, outcome: Outcome) -> CellKey | None:
        """Return the cell that tells all that this one has to tell, None where it tells some."""
        others = [self.same.get((outcome.cell, n)) for n in range(len(outcome.findings))]
        first = others[0]
        return first[0] if first is not None and None not in others else None


def _finding_lines(
    finding: Finding, rows: Sequence[Row], blocks: Sequence[str] = ()
) -> Iterator[str]:
    yield from (finding.headline, "")
    names = folded_names([row.title for row in rows])
    if len(rows) > 1:
        word = "seen from" if isinstance(rows[0], SnapshotRow) else "the same at"
        text = f"{word} {names} (numbers of {rows[0].title})"
        yield from wrap_text(text, indent="  ", hanging="  ")
    elif finding.of_step:
        yield f"  seen from {names}"
    if (finding.of_step or len(rows) > 1) and finding.lines[:1] != ("",):
        yield ""
    yield from (*finding.lines, *blocks, "", *finding.details)


def _blocks(plan: Plan, outcome: Outcome, outcomes: Sequence[Outcome]) -> Sequence[str]:
    """Return the line that counts the cells blocked by the cause which this outcome tells."""
    blocked = [one.cell for one in outcomes if one.blocked_by == outcome.tells]
    if not blocked:
        return ()
    parts: list[str] = []
    others = [cell for cell in blocked if cell.row != outcome.cell.row]
    lineages = _titles([cell for cell in others if isinstance(cell.row, SnapshotRow)])
    there = [row for row in plan.snapshot_rows if row != outcome.cell.row]
    if len(lineages) == len(there) > 1:
        word = "every" if len(there) == len(plan.snapshot_rows) else "every other"
        parts.append(f"{word} lineage ({len(lineages)})")
    elif lineages:
        parts.append(f"the lineages of {folded_names(lineages)}")
    own = [cell.check for cell in blocked if cell.row == outcome.cell.row]
    if own:
        parts.append(f"its own {', '.join(own)}")
    migrations = [cell for cell in others if isinstance(cell.row, MigrationRow)]
    if migrations:
        checks = dict.fromkeys(cell.check for cell in migrations)
        parts.append(f"{', '.join(checks)} of {folded_names(_titles(migrations))}")
    text = f"blocks {counted(len(blocked), 'cell')}: {', '.join(parts)}"
    return ("", *wrap_text(text, indent="  ", hanging="  "))


def _titles(cells: Sequence[CellKey]) -> list[str]:
    return list(dict.fromkeys(cell.row.title for cell in cells))


def _untold(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Return the first of the cells that each cause blocks which no cell tells.

    The culprit's cell passed where the step failed for another: what it does is not the same each
    time. Or it was skipped.
    """
    told = {outcome.tells for outcome in outcomes if outcome.status == FAIL}
    died = {outcome.cell.row for outcome in outcomes if outcome.status == DIED}
    untold: dict[Row, Outcome] = {}
    for outcome in outcomes:
        row = outcome.blocked_by
        if row is not None and row not in told and row not in died:
            untold.setdefault(row, outcome)
    return tuple(untold.values())
