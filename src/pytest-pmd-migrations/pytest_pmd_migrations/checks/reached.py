"""What the checks of a migration's row share: its step in every lineage that reaches it."""

from __future__ import annotations

from pytest_pmd_migrations.application.history import History
from pytest_pmd_migrations.checks.model import Finding, LineageRecord, Observations, Verdict
from pytest_pmd_migrations.snapshots.names import format_version
from pytest_pmd_migrations.wording import headline, wrap_text

__all__ = ["reaching", "unreached"]


def reaching(observations: Observations, version: int) -> tuple[LineageRecord, ...]:
    """Return the lineages that arrived at ``version`` by a step."""
    return tuple(record for record in observations if version in record.reached)


def unreached(history: History, version: int, observations: Observations) -> Verdict | None:
    """Return the failing verdict on a migration that no lineage got through, else None."""
    if reaching(observations, version):
        return None
    stopped: dict[str, list[str]] = {}
    for record in observations:
        if record.failure is not None:
            stopped.setdefault(str(record.failure), []).append(record.label)
    reasons = [
        line
        for failure, labels in stopped.items()
        for line in wrap_text(f"{', '.join(labels)}: {failure}", indent="  ")
    ]
    return Verdict(
        (
            Finding(
                headline(f"{history.application.file_name(version)}: no lineage reaches it"),
                (f"Nothing could be asked of {format_version(version)}:", *reasons),
                version,
            ),
        )
    )
