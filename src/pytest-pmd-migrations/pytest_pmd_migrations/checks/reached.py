"""Find the lineages that reach a migration, and judge one that none gets through."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Finding, LineageRecord, Seen, Verdict
from pytest_pmd_migrations.errors import MigrationTestError, StepFailedError
from pytest_pmd_migrations.wording import headline, wrap_text

__all__ = ["reaching", "unreached"]


def reaching(
    lineages: Sequence[LineageRecord[Seen]], version: int
) -> tuple[LineageRecord[Seen], ...]:
    """Return the lineages that arrived at ``version`` by a step."""
    return tuple(record for record in lineages if version in record.reached)


def unreached(
    history: History, version: int, lineages: Sequence[LineageRecord[Seen]]
) -> Verdict | None:
    """Return the failing verdict on a migration that no lineage got through, else None."""
    if reaching(lineages, version):
        return None
    stopped: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for record in lineages:
        if record.failure is not None:
            title = history.application.start_title(record.start)
            stopped.setdefault(_told(record.failure), []).append(title)
    reasons = [
        line
        for (failure, below), starts in stopped.items()
        for line in (*wrap_text(f"{', '.join(starts)}: {failure}", indent="  "), *below)
    ]
    unreached = history.application.title(version)
    return Verdict(
        (
            Finding(
                headline(f"{history.application.file_name(version)}: no lineage reaches it"),
                (f"Nothing could be asked of {unreached}:", *reasons),
                version,
            ),
        )
    )


def _told(failure: MigrationTestError) -> tuple[str, tuple[str, ...]]:
    """Return what a failure says, and the lines that show where it was raised."""
    if isinstance(failure, StepFailedError):
        return failure.headline or str(failure), failure.lines
    return str(failure), ()
