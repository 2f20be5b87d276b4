"""The databases that the repositories' tests run on; conftest.py says why these."""

from __future__ import annotations

from pathlib import Path

import pytest

SNAPSHOTS = Path(__file__).parents[3] / "fixtures" / "snapshots"
STORED = sorted(file.stem for file in SNAPSHOTS.glob("*.db"))
assert STORED, f"no stored database in {SNAPSHOTS}: tests that run on each would run on none"
FRESH = "fresh"
ORIGINS = (FRESH, "0000+grown", "0008")

on_fresh = pytest.mark.parametrize("origin", [FRESH])
"""For a test whose answer no stored row can change: what is refused, or a default."""
