"""Say that a check sees the same from here on in two lineages that have become the same."""

from __future__ import annotations

__all__ = ["shares_always"]


def shares_always(_seen: object, _other: object) -> bool:
    """Say that an observer remembers nothing of a lineage but what the database is now."""
    return True
