"""What a comparison of rows found."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_pmd_migrations.sources.declarations import DeclarationKey

__all__ = ["EVIDENCE", "RowFinding", "RowsReport", "cut"]

EVIDENCE = 70
"""Columns that a line of evidence may take."""


@dataclass(frozen=True)
class RowFinding:
    """Rows or values that are gone, changed or unsound.

    ``column`` is None where whole rows are concerned; ``message`` is one short sentence,
    ``evidence`` lines of at most 70 columns: samples, and the declaration that would excuse it.
    """

    table: str
    column: str | None
    message: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True)
class RowsReport:
    """What became of the rows in one step.

    ``used`` are the declarations that some row needed.
    """

    findings: tuple[RowFinding, ...] = ()
    notes: tuple[str, ...] = ()
    used: frozenset[DeclarationKey] = frozenset()


def cut(line: str) -> str:
    """Return one line of evidence; one that is too long ends in dots."""
    whole = " ".join(line.split("\n"))
    return whole if len(whole) <= EVIDENCE else f"{whole[: EVIDENCE - 3]}..."
