"""Find the lineages that reach a migration."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.checks.model import LineageRecord, Seen

__all__ = ["reaching"]


def reaching(
    lineages: Sequence[LineageRecord[Seen]], version: int
) -> tuple[LineageRecord[Seen], ...]:
    """Return the lineages that arrived at ``version`` by a step."""
    return tuple([record for record in lineages if record.reaches(version)])
