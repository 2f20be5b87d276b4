"""Losses of power: what SQLite writes and syncs, recorded under it and replayed in part."""

from __future__ import annotations

from pytest_pmd_migrations.faults.kinds.power.kind import Power

__all__ = ["Power"]
