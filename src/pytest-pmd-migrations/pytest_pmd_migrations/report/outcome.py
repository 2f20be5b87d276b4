"""The outcome of one cell: plain values that travel from a worker to the controller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pytest_pmd_migrations.checks.model import Note, Verdict
from pytest_pmd_migrations.grid.cells import Cell, parse_cell_id

__all__ = ["BAD", "DIED", "FAIL", "NONE", "NOTE", "NOT_RUN", "OK", "SKIP", "Outcome"]

OK = "ok"
FAIL = "FAIL"
NOTE = "note"
SKIP = "skip"
NONE = "none"
DIED = "died"
NOT_RUN = "-"

BAD = frozenset({FAIL, DIED})


@dataclass(frozen=True)
class Outcome:
    """What became of one cell.

    ``status`` is one of the words above; ``used`` are the declarations that a row needed.
    """

    source: str
    row: str
    check: str
    status: str
    notes: tuple[Note, ...] = ()
    remarks: tuple[Note, ...] = ()
    used: tuple[str, ...] = ()

    @classmethod
    def of_verdict(cls, cell: Cell, verdict: Verdict) -> Outcome:
        """Return the outcome of a cell that was judged."""
        status = FAIL if verdict.findings else NOTE if verdict.notes else OK
        return cls(
            cell.source,
            cell.row,
            cell.check,
            status,
            verdict.notes,
            verdict.remarks,
            tuple(sorted(verdict.used)),
        )

    @classmethod
    def of_silence(cls, nodeid: str, *, skipped: bool, died: bool) -> Outcome | None:
        """Return the outcome of a cell that sent none, by its id alone; None where it is no cell's.

        It was skipped, failed before it was judged, or its worker was killed.
        """
        parts = parse_cell_id(nodeid)
        if parts is None:
            return None
        return cls(*parts, SKIP if skipped else DIED if died else FAIL)

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as values that survive JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Outcome:
        """Return the outcome that :meth:`to_json` wrote, on whichever process."""
        return cls(
            **{
                **values,
                "notes": _notes(values["notes"]),
                "remarks": _notes(values["remarks"]),
                "used": tuple(values["used"]),
            }
        )


def _notes(found: Iterable[Mapping[str, str]]) -> tuple[Note, ...]:
    return tuple(Note(**values) for values in found)
