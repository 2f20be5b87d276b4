"""What a source can do besides upgrading, and what cannot be asked of it."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_pmd_migrations.errors import SourceError
from pytest_pmd_migrations.sources.ask import described
from pytest_pmd_migrations.sources.protocol import Source

__all__ = ["can_be_killed", "can_downgrade", "can_rerun", "goes_to_latest_only", "unasked_of"]

_ELSEWHERE = "its migrations run in another process, where faults do not reach them"


def can_be_killed(source: Source) -> bool:
    """Return whether the source can kill the process that its migrations run in."""
    return hasattr(source, "upgrade_until")


def can_downgrade(source: Source) -> bool:
    """Return whether the source can take a migration back."""
    return hasattr(source, "downgrade") or hasattr(source, "downgrade_file")


def can_rerun(source: Source) -> bool:
    """Return whether the source can run a migration's change a second time."""
    return any(hasattr(source, name) for name in ("rerun", "rerun_file", "forget"))


def unasked_of(source: Source) -> Mapping[str, str]:
    """Return why some checks are not asked of a source, by their names.

    Raises SourceError unless these are reasons by names.
    """
    found = getattr(source, "unasked", {})
    own = {} if callable(found) else found
    if not isinstance(own, Mapping) or not all(
        isinstance(name, str) and isinstance(why, str) and why for name, why in own.items()
    ):
        raise SourceError(
            f"{described(source)}: unasked is {found!r}; expected reasons by the names of checks"
        )
    if getattr(source, "in_process", True) is False and not can_be_killed(source):
        return {"atomic": _ELSEWHERE, **own}
    return own


def goes_to_latest_only(source: Source) -> bool:
    """Return whether the source's one version is the latest: earlier ones were not removed.

    What was latest at an earlier release is stored under its number, and is never built again.
    """
    return getattr(source, "only_latest", False) is True
