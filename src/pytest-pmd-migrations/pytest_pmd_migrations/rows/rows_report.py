"""Define the report of a comparison of rows: findings, notes, the declarations it used."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_pmd_migrations.sources.declarations import DeclarationKey

__all__ = ["RowFinding", "RowsReport"]


@dataclass(frozen=True)
class RowFinding:
    """Rows or values that are gone, changed or unsound.

    ``column`` is None where whole rows are concerned; ``message`` is one short sentence,
    ``evidence`` lines of at most 70 columns: samples, and the declaration that would allow it.
    ``kind`` says what happened without numbers: two findings with the same kind, table and column
    of one step are the same, whichever rows each was seen in.
    """

    table: str
    column: str | None
    message: str
    evidence: tuple[str, ...] = ()
    kind: str = field(kw_only=True)


@dataclass(frozen=True)
class RowsReport:
    """Tells what became of the rows in one step.

    ``notes`` are no faults (new rows, tables that cannot be read); ``used`` are the declarations
    that some row needed.
    """

    findings: tuple[RowFinding, ...] = ()
    notes: tuple[str, ...] = ()
    used: frozenset[DeclarationKey] = frozenset()
