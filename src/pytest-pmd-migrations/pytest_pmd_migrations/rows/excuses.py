"""Leave out the findings that a migration excuses: what a released step did, it will always do."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_pmd_migrations.rows.rows_report import RowFinding
from pytest_pmd_migrations.sources.declared.declarations import (
    EXCUSES,
    DeclarationKey,
    Declarations,
)

__all__ = ["leave_out_excused"]


def leave_out_excused(
    findings: Iterable[RowFinding], declarations: Declarations
) -> tuple[tuple[RowFinding, ...], frozenset[DeclarationKey]]:
    """Return the findings that no excuse allows, and the keys of the excuses that allow others."""
    left: list[RowFinding] = []
    used: set[DeclarationKey] = set()
    for finding in findings:
        wanted = finding.allowed_by
        key = None
        if wanted is not None and wanted.kind in EXCUSES:
            key = declarations.excuse(wanted.kind, wanted.name)
        if key is None:
            left.append(finding)
        else:
            used.add(key)
    return tuple(left), frozenset(used)
