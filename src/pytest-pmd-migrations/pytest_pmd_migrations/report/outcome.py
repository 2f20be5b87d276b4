"""Carry the outcome of one cell, as plain values, from a worker to the controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pytest_pmd_migrations.checks.model import (
    Finding,
    MigrationRow,
    Note,
    Row,
    SnapshotRow,
    UsedDeclaration,
    Verdict,
)
from pytest_pmd_migrations.grid.cells import CellKey, parse_cell_id
from pytest_pmd_migrations.snapshots.names import SnapshotName
from pytest_pmd_migrations.sources.declared.declarations import DeclarationKey

__all__ = ["BAD", "BLOCKED", "DIED", "FAIL", "NONE", "NOTE", "NOT_RUN", "OK", "SKIP", "Outcome"]

OK = "ok"
FAIL = "FAIL"
NOTE = "note"
BLOCKED = "blocked"
SKIP = "skip"
NONE = "none"
DIED = "died"
NOT_RUN = "-"

BAD = frozenset({FAIL, DIED})


class Outcome(NamedTuple):
    """Tells what became of one cell.

    ``status`` is one of the words above; ``used`` are the declarations that a row needed.
    ``findings`` are what the cell found, ``closing`` the last lines of its message. A blocked cell
    has the row of its cause in ``blocked_by``, and its story as its finding, which is printed where
    no cell tells it.
    """

    cell: CellKey
    status: str
    notes: tuple[Note, ...] = ()
    remarks: tuple[Note, ...] = ()
    used: frozenset[UsedDeclaration] = frozenset()
    findings: tuple[Finding, ...] = ()
    closing: tuple[str, ...] = ()
    blocked_by: Row | None = None

    @classmethod
    def of_verdict(cls, cell: CellKey, verdict: Verdict, *, closing: Sequence[str] = ()) -> Outcome:
        """Return the outcome of a cell that was judged."""
        cause = verdict.cause
        if cause is not None:
            return cls(cell, BLOCKED, findings=(cause.finding,), blocked_by=cause.row)
        if verdict.unasked:
            return cls(cell, NONE, remarks=(verdict.unasked,))
        status = FAIL if verdict.findings else NOTE if verdict.notes else OK
        return cls(
            cell,
            status,
            verdict.notes,
            verdict.remarks,
            verdict.used,
            verdict.findings,
            tuple(closing),
        )

    @property
    def causes_told(self) -> frozenset[Row]:
        """The rows of the causes whose story this cell tells."""
        if self.status != FAIL:
            return frozenset()
        return frozenset(one.tells for one in self.findings if one.tells is not None)

    def as_reported(self, *, failed: bool) -> Outcome:
        """Return what became of the cell by pytest's own report, which a mark may have changed.

        What an expected failure found is told by nobody, as pytest tells it by nobody.
        """
        if self.status == FAIL and not failed:
            return self._replace(status=SKIP, findings=())
        return self._replace(status=FAIL) if failed and self.status != FAIL else self

    @classmethod
    def of_silence(cls, nodeid: str, *, skipped: bool, died: bool) -> Outcome | None:
        """Return the outcome of a cell that reported none, read from its id; None if not a cell's.

        It was skipped, failed before it was judged, or its worker was killed.
        """
        cell = parse_cell_id(nodeid)
        if cell is None:
            return None
        return cls(cell, SKIP if skipped else DIED if died else FAIL)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as values that survive JSON."""
        return {
            "cell": [self.cell.source, _row_to_json(self.cell.row), self.cell.check],
            "status": self.status,
            "notes": [_note_to_json(note) for note in self.notes],
            "remarks": [_note_to_json(note) for note in self.remarks],
            "used": [[version, key.kind, key.name] for version, key in sorted(self.used)],
            "findings": [_finding_to_json(finding) for finding in self.findings],
            "closing": list(self.closing),
            "blocked_by": self.blocked_by and _row_to_json(self.blocked_by),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Outcome:
        """Return the outcome that :meth:`to_json` wrote, on whichever process."""
        source, row, check = values["cell"]
        return cls(
            CellKey(source, _row_from_json(row), check),
            values["status"],
            _notes_from_json(values["notes"]),
            _notes_from_json(values["remarks"]),
            frozenset(
                (version, DeclarationKey(kind, name)) for version, kind, name in values["used"]
            ),
            tuple(_finding_from_json(finding) for finding in values["findings"]),
            tuple(values["closing"]),
            values["blocked_by"] and _row_from_json(values["blocked_by"]),
        )


def _row_to_json(row: Row) -> dict[str, Any]:
    if isinstance(row, SnapshotRow):
        return {"snapshot": str(row), "label": row.label}
    return {"migration": row.version, "label": row.label}


def _row_from_json(values: Mapping[str, Any]) -> Row:
    if "snapshot" in values:
        return SnapshotRow(SnapshotName.parse(values["snapshot"]), values["label"])
    return MigrationRow(values["migration"], values["label"])


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    return {
        "headline": finding.headline,
        "lines": list(finding.lines),
        "version": finding.version,
        "details": list(finding.details),
        "things": sorted(list(thing) for thing in finding.things),
        "of_step": finding.of_step,
        "tells": finding.tells and _row_to_json(finding.tells),
        "without_rows": list(finding.without_rows),
    }


def _finding_from_json(values: Mapping[str, Any]) -> Finding:
    return Finding(
        values["headline"],
        tuple(values["lines"]),
        values["version"],
        tuple(values["details"]),
        frozenset(tuple(thing) for thing in values["things"]),
        values["of_step"],
        values["tells"] and _row_from_json(values["tells"]),
        without_rows=tuple(values["without_rows"]),
    )


def _note_to_json(note: Note) -> list[Any]:
    about = note.about if isinstance(note.about, str) else _row_to_json(note.about)
    return [about, note.text, note.command, note.shows_rows]


def _notes_from_json(notes: Iterable[Sequence[Any]]) -> tuple[Note, ...]:
    return tuple(
        Note(
            about if isinstance(about, str) else _row_from_json(about),
            text,
            command,
            shows_rows=shows_rows,
        )
        for about, text, command, shows_rows in notes
    )
