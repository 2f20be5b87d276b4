"""Run the matrix in this process, and gather what can be declared of all that it finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import (
    EVERY_CHECK,
    AnyCheck,
    Cause,
    Finding,
    MigrationRow,
    Note,
    SnapshotRow,
)
from pytest_pmd_migrations.cli.declare.proposals import Proposal, Proposals, StoredProposal
from pytest_pmd_migrations.errors import (
    HOW_TO_PREPARE,
    StepFailedError,
    TemporaryFolderError,
)
from pytest_pmd_migrations.grid.cells import Cell, list_cells
from pytest_pmd_migrations.grid.judge_cell import judge_cell
from pytest_pmd_migrations.grid.walks import Walks
from pytest_pmd_migrations.messages.where_raised import raised_where
from pytest_pmd_migrations.rows.suggested_declaration import LostRows, SuggestedDeclaration
from pytest_pmd_migrations.snapshots.names import FRESH, Start, format_version

__all__ = ["Undeclarable", "gather"]

_AS_FOUND = "declared as found"
_WHY = {
    "schema": "upgraded and fresh become one schema by a new migration",
    "data": "a new migration must mend it",
    "statements": "the application's own SQL is mended in the application",
    "again": "the runner is mended, and no migration",
    "atomic": "the runner is mended, and no migration",
    "frozen": "a released migration is put back as it was",
}
_OTHER = "this check reads no declaration"
_STEP = "a step that nobody can take is mended in its file"
_FILE = "a stored file is mended, or built anew"
_MISSING = {(EVERY_CHECK, "function"), (EVERY_CHECK, "collation")}
"""How the things begin that a database lacks, whatever check meets it."""
_NO_ROOM = (EVERY_CHECK, TemporaryFolderError.__name__)


@dataclass(frozen=True)
class Undeclarable:
    """Something that the matrix finds and that no declaration allows: what, why, and where."""

    headline: str
    why: str
    cell: str


@dataclass
class Gathered:
    """What one run of the matrix found."""

    proposals: Proposals = field(default_factory=Proposals)
    others: list[Undeclarable] = field(default_factory=list)


def gather(history: History, checks: Sequence[AnyCheck]) -> Gathered:
    """Judge every cell of the history under ``checks``, and gather what they find.

    Raises TemporaryFolderError where there was no room to judge them.
    """
    walks = Walks(history, checks)
    gathered = Gathered()
    told: set[object] = set()
    for cell in list_cells(history, checks):
        for one in _of_cell(walks, cell, told):
            if isinstance(one, Undeclarable):
                gathered.others.append(one)
            elif isinstance(one, StoredProposal):
                found = Proposals(of_snapshots={one.snapshot: one})
                gathered.proposals = gathered.proposals.including(found)
            else:
                first = gathered.proposals.of_steps.get(one.key, one)
                # Another snapshot's rows may be of a kind that has a table of its own.
                into = tuple(dict.fromkeys((*first.into, *one.into)))
                rows = {**first.rows, **one.rows}
                found = Proposals({one.key: replace(first, rows=rows, into=into)})
                gathered.proposals = gathered.proposals.including(found)
    return gathered


def _of_cell(
    walks: Walks, cell: Cell, told: set[object]
) -> Iterator[Proposal | StoredProposal | Undeclarable]:
    try:
        verdict = judge_cell(walks, cell)
    except Exception as error:
        # A check of the project's own is at fault.
        yield Undeclarable(f"the check {cell.check.name} raised {raised_where(error)}", "", cell.id)
        return
    if verdict.cause is not None:
        _refuse_full_disk(verdict.cause.finding)
        yield from _of_cause(walks, cell, verdict.cause, told)
    for finding in verdict.findings:
        _refuse_full_disk(finding)
        yield from _of_finding(cell, finding, told)
    for note in verdict.notes:
        yield from _of_note(cell, note)


def _refuse_full_disk(finding: Finding) -> None:
    """Raise TemporaryFolderError where that kept a cell from being judged: nothing is known."""
    for thing in finding.things:
        if thing[:2] == _NO_ROOM:
            raise TemporaryFolderError(thing[2])


def _of_cause(
    walks: Walks, cell: Cell, cause: Cause, told: set[object]
) -> Iterator[StoredProposal | Undeclarable]:
    """Yield that a stored database is unsupported, where a step fails for it and not for fresh."""
    row = cell.row
    if isinstance(row, SnapshotRow) and isinstance(cause.row, MigrationRow):
        failure = walks.lineage(row.snapshot).failure
        if isinstance(failure, StepFailedError) and failure.version in walks.lineage(FRESH).reached:
            name = cell.history.application.step_name(failure.version)
            value = f"{name} fails on it; {_AS_FOUND}"
            yield StoredProposal(row.snapshot, "unsupported", value)
            return
    if cause.row not in told:
        told.add(cause.row)
        why = _STEP if isinstance(cause.row, MigrationRow) else _FILE
        yield from _undeclarable(cell, cause.finding, why, told)


def _of_finding(
    cell: Cell, finding: Finding, told: set[object]
) -> Iterator[Proposal | Undeclarable]:
    if finding.declarable and finding.version is not None:
        yield from (_proposal(cell, finding.version, one) for one in finding.declarable)
        return
    thing = cell.check, finding.things or finding.headline
    if thing not in told:
        told.add(thing)
        yield from _undeclarable(cell, finding, _WHY.get(cell.check.name, _OTHER), told)


def _undeclarable(
    cell: Cell, finding: Finding, why: str, told: set[object]
) -> Iterator[Undeclarable]:
    """Yield it, unless it is a function or collation that another cell lacks too."""
    missing = {thing for thing in finding.things if thing[:2] in _MISSING}
    if missing and missing <= told:
        return
    told.update(missing)
    yield Undeclarable(finding.headline, HOW_TO_PREPARE if missing else why, cell.id)


def _of_note(cell: Cell, note: Note) -> Iterator[Proposal | StoredProposal]:
    if isinstance(note.about, SnapshotRow) and note.damaged_until is not None:
        until = f"until {format_version(note.damaged_until)}"
        yield StoredProposal(note.about.snapshot, "damaged", until)
    if isinstance(note.about, MigrationRow):
        yield from (_proposal(cell, note.about.version, one) for one in note.declarable)


def _proposal(cell: Cell, version: int, suggested: SuggestedDeclaration) -> Proposal:
    seen = ""
    rows: dict[Start, LostRows] = {}
    if isinstance(cell.row, SnapshotRow):
        seen = f", seen from {cell.row}"
        if suggested.rows is not None:
            rows = {cell.row.snapshot: suggested.rows}
    reason = f"{suggested.found}{seen}; {_AS_FOUND}"
    target = suggested.value[0] if suggested.kind in ("DELETES", "CHANGES") else ""
    into = suggested.value if suggested.kind == "MOVES" else ()
    return Proposal(version, suggested.kind, suggested.name, target, reason, rows, into)
