"""Say whether a runner only goes to the latest version, wherever a database stands."""

from __future__ import annotations

from pytest_pmd_migrations.sources.protocol import Source

__all__ = ["goes_to_latest_only"]


def goes_to_latest_only(source: Source) -> bool:
    """Return whether the source's one version is the latest: earlier ones were not removed.

    What was latest at an earlier release is stored under its number, and is never built again.
    """
    return getattr(source, "only_latest", False) is True
