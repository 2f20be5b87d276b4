"""Tell what is to be known of an application as a whole, beside what its cells found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_pmd_migrations.checks.model import Note, UsedDeclaration
from pytest_pmd_migrations.report.outcome import BAD, Outcome
from pytest_pmd_migrations.report.plan import Plan
from pytest_pmd_migrations.sources.declared.declarations import EXCUSES

__all__ = ["application_notes"]


def application_notes(plan: Plan, outcomes: Sequence[Outcome]) -> Iterator[Note]:
    """Yield what is hidden, which declarations cannot be read, and those that nothing needs."""
    yield from plan.notes_beside(outcomes)
    for version, key in sorted(_unneeded(plan, outcomes)):
        about = f"{plan.application.title(version)} {key}"
        needs = "nothing needs it" if key.kind in EXCUSES else "no stored row needs it"
        yield Note(about, f"declared, but {needs}").showing_no_rows()


def _unneeded(plan: Plan, outcomes: Sequence[Outcome]) -> frozenset[UsedDeclaration]:
    """Return the declarations that no cell used.

    A declaration is left out unless every cell of the checks that read it ran; none is told where
    anything failed.
    """
    if any(outcome.status in BAD or outcome.blocked_by for outcome in outcomes):
        return frozenset()
    seen = {outcome.cell for outcome in outcomes}
    not_run = {cell.check for cell in plan.cells if cell not in seen}
    ran = {cell.check for cell in plan.cells} - not_run
    asked = {kind for kind, checks in plan.read_by.items() if checks <= ran}
    unused = plan.declared.difference(*(outcome.used for outcome in outcomes))
    return frozenset((version, key) for version, key in unused if key.kind in asked)
