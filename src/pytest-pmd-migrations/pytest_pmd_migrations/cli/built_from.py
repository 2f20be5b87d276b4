"""Choose what a snapshot is built from: the newest older one, as far as its steps can be taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_pmd_migrations.application.rows_at_fault import find_rows_at_fault
from pytest_pmd_migrations.cli.survey import Survey
from pytest_pmd_migrations.errors import StepFailedError
from pytest_pmd_migrations.image import Image
from pytest_pmd_migrations.snapshots.names import FRESH, SnapshotName, Start

__all__ = ["Base", "base_past", "newest_before"]


@dataclass(frozen=True)
class Base:
    """What a snapshot is built from: a stored or just built snapshot, or nothing at all.

    ``without`` are the tables whose rows were left out, since a step cannot take them.
    """

    start: Start
    image: Image
    without: tuple[str, ...] = ()

    @property
    def version(self) -> int:
        """The version that it is at."""
        return self.start.version

    @property
    def told_without(self) -> str:
        """What is said behind its name: of which tables it is without the rows."""
        return f" without the rows of {', '.join(self.without)}" if self.without else ""


def newest_before(survey: Survey, name: SnapshotName, built: Mapping[SnapshotName, Image]) -> Base:
    """Return the newest older snapshot that is no variant, stored or just built; else fresh."""
    images = {other: stored.image for other, stored in survey.snapshots.items()} | dict(built)
    older = [
        other
        for other in images
        if not other.variant
        and other.version < name.version
        and not survey.history.why_unsupported(other)
    ]
    if not older:
        return _fresh(survey)
    return Base(max(older), images[max(older)])


def base_past(survey: Survey, base: Base, failure: StepFailedError) -> Base:
    """Return what to build from where a step failed from ``base``: the same without those rows.

    It is nothing at all where the step fails without the rows of any tables too.
    """
    found = find_rows_at_fault(survey.history, base.start, base.image, failure)
    if found is None:
        return _fresh(survey)
    without = dict.fromkeys((*base.without, *found.tables))
    return Base(base.start, found.without, tuple(sorted(without)))


def _fresh(survey: Survey) -> Base:
    return Base(FRESH, survey.history.application.empty)
