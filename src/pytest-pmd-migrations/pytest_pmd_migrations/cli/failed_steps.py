"""Tell which steps cannot be taken, from which databases, and for whose rows that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytest_pmd_migrations.application.generated_rows import (
    breaks_references,
    fails_without_rows,
    generated_tables,
    unsupported_lines,
)
from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.application.recorded_text import edited_after_release
from pytest_pmd_migrations.application.rows_at_fault import find_rows_at_fault
from pytest_pmd_migrations.application.stale_snapshots import first_changed, is_stale
from pytest_pmd_migrations.cli.survey import Survey
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.messages.wording import folded_names, shown_path
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start

__all__ = ["FailedStep", "failed_steps", "shown_failure"]

_TABLES_SHOWN = 5
_MEND = "Let the step take such rows, or let the schema refuse them (NOT NULL, UNIQUE, CHECK)."
_DECLARE = "Where no database can have them, write so into the file that migration_rows names:"


@dataclass(frozen=True)
class FailedStep:
    """The step to ``version``, which cannot be taken from ``starts``; ``text`` tells it."""

    version: int
    starts: tuple[Start, ...]
    text: str

    @property
    def of_variants(self) -> bool:
        """Whether it can be taken from all but variants."""
        return all(start.variant for start in self.starts)


def failed_steps(
    survey: Survey, built: Mapping[SnapshotName, Image] | None = None
) -> Iterator[FailedStep]:
    """Yield each step that some lineage of the survey could not take, once.

    ``built`` are the snapshots of these lineages that are not stored yet.
    """
    failures: dict[int, dict[Start, StepFailedError]] = {}
    stopped = any(lineage.failure is not None for lineage in survey.lineages.values())
    # Where a snapshot is stale, the version that changed is told instead.
    changed = first_changed(survey.history) if stopped else None
    for start, lineage in survey.lineages.items():
        reached = lineage.failure is not None and lineage.failure.version in survey.fresh_schemas
        stale = reached and is_stale(survey.history, start, changed)
        if lineage.failure is not None and not stale:
            failures.setdefault(lineage.failure.version, {})[start] = lineage.failure
    images = {name: one.image for name, one in survey.snapshots.items()} | dict(built or {})
    for version, by_start in sorted(failures.items()):
        first = next(iter(by_start.values()))
        what = shown_failure(survey.history, first, folded_names([str(one) for one in by_start]))
        edited = ""
        if edited_after_release(survey.history, version):
            step = survey.history.application.step_name(version)
            edited = f"{step} was edited after release: undo the edit"
        generated = _told_generated(survey.history, by_start, images)
        told = "\n".join(filter(None, (what, edited, *generated)))
        yield FailedStep(version, tuple(by_start), told)


def shown_failure(
    history: History, failure: StepFailedError, starts: str, *, outcome: str = ""
) -> str:
    """Return where the step that failed is written, what it was upgraded from, and why it did.

    ``outcome`` says what became of the command.
    """
    where = history.application.location(failure.version)
    written = f"{shown_path(where.path)}:{failure.line or where.line}"
    first = f"{written} fails, upgraded from {starts}{outcome}: {failure.headline or failure}"
    return "\n".join((first, *(line for line in failure.lines if line.strip() != written)))


def _told_generated(
    history: History,
    failures: Mapping[Start, StepFailedError],
    images: Mapping[SnapshotName, Image],
) -> tuple[str, ...]:
    """Return the lines about the rows that a step failed on, and that no migration inserted.

    Empty where it fails from a database without rows too, or leaves such a one at fault, or where
    none but variants fail.
    """
    starts = [one for one in failures if isinstance(one, SnapshotName) and not one.variant]
    if not starts or FRESH in failures:
        return ()
    first = starts[0]
    failure, image = failures[first], images[first]
    if breaks_references(history, failure.version):
        return ()
    tables = generated_tables(history, first.version, image)
    if not tables or fails_without_rows(history, failure.version, first):
        return ()
    found = find_rows_at_fault(history, first, image, failure)
    named = _listed(found.tables if found is not None else tables)
    origin = f"The rows of {named} in {first}.db were generated from its schema. {_MEND}"
    return (origin, _DECLARE, *unsupported_lines(history, starts))


def _listed(tables: Sequence[str]) -> str:
    """Return the names of tables in a row, of many the first."""
    if len(tables) <= _TABLES_SHOWN + 1:
        return ", ".join(tables)
    return f"{', '.join(tables[:_TABLES_SHOWN])} and {len(tables) - _TABLES_SHOWN} other tables"
